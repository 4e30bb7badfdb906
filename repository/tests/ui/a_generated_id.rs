#[macro_use]
mod notes;

use catamaran::Record;
use catamaran::domain::{PrimaryKey, Table};
use uuid::Uuid;

entity!(sqlite {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub owner: TextId,
});

entity!(postgres {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub owner: Uuid,
});

const EVENTS: Table = Table {
    name: "events",
    columns: &["id", "owner"],
    primary_key: PrimaryKey {
        name: "pk_events",
        columns: &["id"],
    },
    owner: Some("owner"),
    ..Table::BLANK
};

const GENERATED: Table = Table {
    generated_key: true,
    ..EVENTS
};

// Only the record says that the database generates the id.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = EVENTS, sqlite = sqlite, postgres = postgres)]
struct RecordAlone {
    #[record(id, generated)]
    id: i64,
    #[record(owner)]
    owner: Uuid,
}

// Only the domain says it.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = GENERATED, sqlite = sqlite, postgres = postgres)]
struct DomainAlone {
    #[record(id)]
    id: i64,
    #[record(owner)]
    owner: Uuid,
}

mod texts {
    entity!(sqlite {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
    });
    pub use sqlite as postgres;
}

// No database generates a text.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = TEXTS, sqlite = texts::sqlite, postgres = texts::postgres)]
struct OfText {
    #[record(id, generated)]
    id: String,
}

const TEXTS: Table = Table {
    columns: &["id"],
    owner: None,
    ..GENERATED
};

// The draft of a generated id does not have it.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = GENERATED, sqlite = sqlite, postgres = postgres)]
struct Event {
    #[record(id, generated)]
    id: i64,
    #[record(owner)]
    owner: Uuid,
}

fn given() -> EventDraft {
    EventDraft::new().id(7)
}

fn main() {}
