#[macro_use]
mod notes;

use catamaran::Record;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = sqlite, postgres = postgres)]
struct WithOwner {
    #[record(owner, id)]
    owner: Uuid,
    #[record(id, generated)]
    id: i64,
}

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = sqlite, postgres = postgres)]
struct Several {
    #[record(id, generated)]
    id: i64,
    #[record(id)]
    part: i32,
}

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = sqlite, postgres = postgres)]
struct NoId {
    #[record(id)]
    id: i64,
    #[record(generated)]
    number: i64,
}

fn main() {}
