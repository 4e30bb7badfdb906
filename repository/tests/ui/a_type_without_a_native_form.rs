#[macro_use]
mod notes;

use catamaran::Record;
use uuid::Uuid;

entity!(sqlite {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub title: String,
    pub done: bool,
    pub stars: u32,
});

entity!(postgres {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub title: String,
    pub done: bool,
    pub stars: u32,
});

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = sqlite, postgres = postgres)]
struct Note {
    #[record(id)]
    id: Uuid,
    title: String,
    done: bool,
    stars: u32,
}

fn main() {}
