#[macro_use]
mod notes;

use catamaran::Record;
use uuid::Uuid;

entity!(sqlite {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub title: String,
    pub done: i64,
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
