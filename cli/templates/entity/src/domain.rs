//! [`DOMAIN`]: the names of the tables, columns and constraints.

use catamaran::domain::{
    ColumnDefault, DefaultValue, Domain, Index, Table, TableSource, UniqueKey,
};
use catamaran::table;

use crate::Note;

/// Every table, each after those that it references. [`table!`] adds what follows from the record, and the names.
pub const DOMAIN: Domain = Domain {
    tables: &[NOTES],
    sources: &[TableSource::record::<Note>()],
    ..Domain::BLANK
};

/// The table of [`Note`](crate::Note); each row has an owner.
pub const NOTES: Table = table!(
    Note,
    Table {
        name: "notes",
        defaults: &[ColumnDefault::new("stars", DefaultValue::Integer(0))],
        unique_keys: &[UniqueKey::over(&["user_id", "id"])],
        indexes: &[Index::over(&["user_id", "title"])
            .unique()
            .only("deleted_at IS NULL")],
        ..Table::BLANK
    }
);
