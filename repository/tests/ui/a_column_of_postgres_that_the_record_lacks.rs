#[macro_use]
mod notes;

use catamaran::Record;
use uuid::Uuid;

entity!(postgres {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub title: String,
    pub done: bool,
    pub stars: i32,
});

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = postgres)]
struct Note {
    #[record(id)]
    id: Uuid,
    title: String,
    done: bool,
}

fn main() {}
