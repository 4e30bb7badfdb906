// Only a text has characters.
#[macro_use]
mod notes;

use catamaran::Record;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct Note {
    #[record(id)]
    id: Uuid,
    #[record(max_chars = 80)]
    title: String,
    #[record(max_chars = 3)]
    done: bool,
}

fn main() {}
