#[macro_use]
mod notes;

use catamaran::Record;
use catamaran::domain::{PrimaryKey, Table};
use uuid::Uuid;

entity!(sqlite {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub title: String,
    pub done: bool,
});

entity!(postgres {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub title: String,
    pub done: bool,
});

// The order of the key is another one.
const REVERSED: Table = Table {
    primary_key: PrimaryKey {
        name: "pk_notes",
        columns: &["title", "id"],
    },
    ..notes::NOTES
};

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = REVERSED, sqlite = sqlite, postgres = postgres)]
struct AnotherOrder {
    #[record(id)]
    id: Uuid,
    #[record(id)]
    title: String,
    done: bool,
}

// The domain's key is one column of the record's.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = sqlite, postgres = postgres)]
struct TooMany {
    #[record(id)]
    id: Uuid,
    #[record(id)]
    title: String,
    done: bool,
}

fn main() {}
