#[macro_use]
mod notes;

use catamaran::Record;
use catamaran::domain::{Index, PrimaryKey, Table, UniqueKey};

const BLANK: Table = Table {
    name: "notes",
    columns: &["id", "data"],
    primary_key: PrimaryKey {
        name: "pk_notes",
        columns: &["id"],
    },
    ..Table::BLANK
};

const UNIQUE: Table = Table {
    unique_keys: &[UniqueKey {
        name: "uq_notes__id_data",
        columns: &["id", "data"],
    }],
    ..BLANK
};

const INDEXED: Table = Table {
    indexes: &[Index {
        name: "ix_notes__data",
        columns: &["data DESC"],
        unique: false,
        predicate: None,
    }],
    ..BLANK
};

mod entities {
    entity!(sqlite {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub data: serde_json::Value,
    });

    entity!(postgres {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub data: serde_json::Value,
    });
}

// `jsonb` equals another value with its keys in another order, and a text does not.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = UNIQUE, sqlite = entities::sqlite, postgres = entities::postgres)]
struct Unique {
    #[record(id)]
    id: i64,
    data: serde_json::Value,
}

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = INDEXED, sqlite = entities::sqlite, postgres = entities::postgres)]
struct Indexed {
    #[record(id)]
    id: i64,
    data: serde_json::Value,
}

fn main() {}
