#[macro_use]
mod notes;

use catamaran::Record;
use uuid::Uuid;

entity!(sqlite {
    pub id: TextId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub title: String,
    pub done: bool,
});

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = sqlite, postgres = notes::postgres)]
struct Note {
    #[record(id)]
    id: Uuid,
    title: String,
    done: bool,
}

fn main() {}
