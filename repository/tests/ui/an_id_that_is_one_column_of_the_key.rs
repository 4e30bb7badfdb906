#[macro_use]
mod notes;

use catamaran::Record;
use catamaran::domain::{PrimaryKey, Table};
use uuid::Uuid;

// SQLite's key is the pair; the record has its first column.
entity!(sqlite_pair {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub title: String,
    pub done: bool,
});

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = sqlite_pair, postgres = notes::postgres)]
struct OnSqlite {
    #[record(id)]
    id: Uuid,
    title: String,
    done: bool,
}

// Postgres's key is the pair; the record has its second column.
entity!(postgres_pair {
    #[sea_orm(primary_key, auto_increment = false)]
    pub title: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub done: bool,
});

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = postgres_pair)]
struct OnPostgres {
    #[record(id)]
    id: Uuid,
    title: String,
    done: bool,
}

// The domain's key is the pair.
const PAIRS: Table = Table {
    primary_key: PrimaryKey {
        name: "pk_notes",
        columns: &["id", "title"],
    },
    ..notes::NOTES
};

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = PAIRS, sqlite = notes::sqlite, postgres = notes::postgres)]
struct InTheDomain {
    #[record(id)]
    id: Uuid,
    title: String,
    done: bool,
}

fn main() {}
