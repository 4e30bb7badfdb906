mod notes;

use catamaran::Record;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct Note {
    #[record(id)]
    id: Uuid,
    title: Option<String>,
    done: bool,
}

fn main() {}
