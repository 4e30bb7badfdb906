// What `#[derive(Record)]` and `#[record(..)]` refuse before any type is looked at.
#[macro_use]
mod notes;

use catamaran::Record;
use chrono::{DateTime, Utc};
use uuid::Uuid;

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct TwoVersions {
    #[record(id)]
    id: Uuid,
    #[record(version)]
    version: i64,
    #[record(version)]
    revision: i64,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct NoId {
    title: String,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct DefaultOfAManagedField {
    #[record(id)]
    id: Uuid,
    #[record(updated, default = Utc::now())]
    updated_at: DateTime<Utc>,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct TwoRoles {
    #[record(id, version)]
    id: Uuid,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct OwnerAlone {
    #[record(owner, id)]
    id: Uuid,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct UnknownAttribute {
    #[record(id)]
    id: Uuid,
    #[record(unique)]
    title: String,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, mysql = notes::sqlite)]
struct UnknownEngine {
    #[record(id)]
    id: Uuid,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite)]
struct NoTwin {
    #[record(id)]
    id: Uuid,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct Generic<T> {
    #[record(id)]
    id: T,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
enum Choice {
    One,
}

#[derive(Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct Tuple(Uuid);

fn main() {}
