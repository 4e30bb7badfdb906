//! The parts of a table that follow from its record and from the convention of names, computed by the compiler.

mod names;

pub use names::{bytes, length, text};
use names::{name, place_of_check, place_of_foreign_key, place_of_index, place_of_unique_key};

use super::derive::are_equal;
use super::domain::{
    Check, ForeignKey, Index, ManagedColumns, PrimaryKey, Table, TableTypes, UniqueKey,
};
use super::record::{ColumnSpec, Managed};

/// Completes a [`Table`](crate::domain::Table): columns and managed columns come from the record, and names from the
/// convention. Only what differs is written.
///
/// With a record as the first argument these come from it: `columns`, `primary_key`, `owner`, `managed`, `generated_key`.
/// With `types = ..`, a constant [`TableTypes`](crate::domain::TableTypes), the columns come from it. Without either, the
/// table states them.
///
/// A part without a name gets the name of the convention:
///
/// | part | name |
/// | --- | --- |
/// | primary key | `pk_<table>` |
/// | unique key, unique index | `uq_<table>__<columns>` |
/// | index | `ix_<table>__<columns>` |
/// | foreign key | `fk_<table>__<columns>` |
/// | check | `ck_<table>__<columns>` |
///
/// The columns are separated by `_`. A part with a name keeps it. A key, an index, a check or a default that names a column
/// that the table does not have fails to compile.
///
/// ```
/// use catamaran::domain::{Check, Index, PrimaryKey, Table};
/// use catamaran::table;
///
/// const NOTES: Table = table!(Table {
///     name: "notes",
///     columns: &["id", "user_id", "body"],
///     primary_key: PrimaryKey::over(&["id"]),
///     owner: Some("user_id"),
///     indexes: &[
///         Index::over(&["user_id", "id"]),
///         Index::over(&["lower(body)"]).named("ix_notes__body"),
///     ],
///     checks: &[Check::over(&["body"]).holds("length(body) BETWEEN 1 AND 100")],
///     ..Table::BLANK
/// });
///
/// assert_eq!(NOTES.primary_key.name, "pk_notes");
/// assert_eq!(NOTES.indexes[0].name, "ix_notes__user_id_id");
/// assert_eq!(NOTES.checks[0].name, "ck_notes__body");
/// ```
///
/// ```compile_fail
/// # use catamaran::domain::{Index, PrimaryKey, Table};
/// # use catamaran::table;
/// const NOTES: Table = table!(Table {
///     name: "notes",
///     columns: &["id", "body"],
///     primary_key: PrimaryKey::over(&["id"]),
///     indexes: &[Index::over(&["title"])], // no such column
///     ..Table::BLANK
/// });
/// # fn main() { let _ = NOTES; }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __table {
    (@named $table:expr) => {{
        const __TABLE: $crate::domain::Table = $table;
        const __LENGTH: usize = $crate::__private::table::length(&__TABLE);
        const __BYTES: [u8; __LENGTH] = $crate::__private::table::bytes(&__TABLE);
        const __NAMES: &str = $crate::__private::table::text(&__BYTES);
        const __UNIQUE_KEYS: [$crate::domain::UniqueKey; __TABLE.unique_keys.len()] =
            $crate::__private::table::unique_keys(&__TABLE, __NAMES);
        const __INDEXES: [$crate::domain::Index; __TABLE.indexes.len()] =
            $crate::__private::table::indexes(&__TABLE, __NAMES);
        const __FOREIGN_KEYS: [$crate::domain::ForeignKey; __TABLE.foreign_keys.len()] =
            $crate::__private::table::foreign_keys(&__TABLE, __NAMES);
        const __CHECKS: [$crate::domain::Check; __TABLE.checks.len()] =
            $crate::__private::table::checks(&__TABLE, __NAMES);
        $crate::__private::table::assert_columns(&__TABLE);
        $crate::domain::Table {
            primary_key: $crate::__private::table::primary_key(&__TABLE, __NAMES),
            unique_keys: &__UNIQUE_KEYS,
            indexes: &__INDEXES,
            foreign_keys: &__FOREIGN_KEYS,
            checks: &__CHECKS,
            ..__TABLE
        }
    }};
    (types = $types:expr, $table:expr $(,)?) => {{
        const __TYPES: $crate::domain::TableTypes = $types;
        const __COLUMNS: [&str; __TYPES.columns.len()] =
            $crate::__private::table::columns_of_types(&__TYPES);
        $crate::__table!(@named $crate::__private::table::of_types(
            $table, &__COLUMNS, &__TYPES
        ))
    }};
    ($record:ty, $table:expr $(,)?) => {{
        const __SPECS: &[$crate::record::ColumnSpec] = <$record as $crate::Record>::COLUMNS;
        const __MANAGED: $crate::record::Managed = <$record as $crate::Record>::MANAGED;
        const __COLUMNS: [&str; __SPECS.len()] = $crate::__private::table::columns(__SPECS);
        const __KEY: [&str; __MANAGED.key.len()] =
            $crate::__private::table::key(__SPECS, __MANAGED);
        $crate::__table!(@named $crate::__private::table::of_record(
            $table, &__COLUMNS, &__KEY, __SPECS, __MANAGED
        ))
    }};
    ($table:expr $(,)?) => {
        $crate::__table!(@named $table)
    };
}

/// The names of a record's columns.
pub const fn columns<const N: usize>(specs: &[ColumnSpec]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut index = 0;
    while index < N {
        names[index] = specs[index].field;
        index += 1;
    }
    names
}

/// The names of the columns of a table without a record.
pub const fn columns_of_types<const N: usize>(types: &TableTypes) -> [&'static str; N] {
    let mut names = [""; N];
    let mut index = 0;
    while index < N {
        names[index] = types.columns[index].name;
        index += 1;
    }
    names
}

/// The names of the columns of a record's primary key.
pub const fn key<const N: usize>(specs: &[ColumnSpec], managed: Managed) -> [&'static str; N] {
    let mut names = [""; N];
    let mut index = 0;
    while index < N {
        names[index] = specs[managed.key[index]].field;
        index += 1;
    }
    names
}

/// The table with what its record says. A primary key with a name keeps it.
pub const fn of_record(
    table: Table,
    columns: &'static [&'static str],
    key: &'static [&'static str],
    specs: &[ColumnSpec],
    managed: Managed,
) -> Table {
    assert!(
        table.columns.is_empty() && table.primary_key.columns.is_empty() && table.owner.is_none(),
        "columns, primary key and owner come from the record: remove them from the table"
    );
    assert!(
        !table.generated_key && are_none(table.managed),
        "managed columns and `generated_key` come from the record: remove them from the table"
    );
    Table {
        columns,
        primary_key: PrimaryKey {
            name: table.primary_key.name,
            columns: key,
        },
        owner: field(specs, managed.owner),
        managed: ManagedColumns {
            created: field(specs, managed.created),
            updated: field(specs, managed.updated),
            version: field(specs, managed.version),
            deleted: field(specs, managed.deleted),
        },
        generated_key: managed.generated,
        ..table
    }
}

const fn are_none(managed: ManagedColumns) -> bool {
    managed.created.is_none()
        && managed.updated.is_none()
        && managed.version.is_none()
        && managed.deleted.is_none()
}

/// The table with the columns of its types.
pub const fn of_types(table: Table, columns: &'static [&'static str], types: &TableTypes) -> Table {
    assert!(
        table.columns.is_empty(),
        "the columns come from the types: remove them from the table"
    );
    assert!(
        are_equal(table.name, types.table),
        "the types are those of another table"
    );
    Table { columns, ..table }
}

const fn field(specs: &[ColumnSpec], index: Option<usize>) -> Option<&'static str> {
    match index {
        Some(index) => Some(specs[index].field),
        None => None,
    }
}

/// The primary key with its name.
pub const fn primary_key(table: &Table, names: &'static str) -> PrimaryKey {
    PrimaryKey {
        name: name(table, names, 0),
        columns: table.primary_key.columns,
    }
}

/// The unique keys with their names.
pub const fn unique_keys<const N: usize>(table: &Table, names: &'static str) -> [UniqueKey; N] {
    let mut all = [UniqueKey::over(&[]); N];
    let mut index = 0;
    while index < N {
        let name = name(table, names, place_of_unique_key(index));
        all[index] = UniqueKey {
            name,
            ..table.unique_keys[index]
        };
        index += 1;
    }
    all
}

/// The indexes with their names.
pub const fn indexes<const N: usize>(table: &Table, names: &'static str) -> [Index; N] {
    let mut all = [Index::over(&[]); N];
    let mut index = 0;
    while index < N {
        let name = name(table, names, place_of_index(table, index));
        all[index] = table.indexes[index].named(name);
        index += 1;
    }
    all
}

/// The foreign keys with their names.
pub const fn foreign_keys<const N: usize>(table: &Table, names: &'static str) -> [ForeignKey; N] {
    let mut all = [ForeignKey::over(&[], "", &[]); N];
    let mut index = 0;
    while index < N {
        let name = name(table, names, place_of_foreign_key(table, index));
        all[index] = ForeignKey {
            name,
            ..table.foreign_keys[index]
        };
        index += 1;
    }
    all
}

/// The checks with their names.
pub const fn checks<const N: usize>(table: &Table, names: &'static str) -> [Check; N] {
    let mut all = [Check::over(&[]); N];
    let mut index = 0;
    while index < N {
        let name = name(table, names, place_of_check(table, index));
        all[index] = Check {
            name,
            ..table.checks[index]
        };
        index += 1;
    }
    all
}

/// Fails to compile if a part names a column that the table does not have.
pub const fn assert_columns(table: &Table) {
    assert!(
        has_all(table, table.primary_key.columns),
        "the primary key names a column that the table does not have"
    );
    let mut index = 0;
    while index < table.unique_keys.len() {
        assert!(
            has_all(table, table.unique_keys[index].columns),
            "a unique key names a column that the table does not have"
        );
        index += 1;
    }
    index = 0;
    while index < table.indexes.len() {
        // The columns of one with a name may be expressions. The doctor checks these.
        assert!(
            !table.indexes[index].name.is_empty() || has_all(table, table.indexes[index].columns),
            "an index names a column that the table does not have; one over an expression needs a name: `.named(..)`"
        );
        index += 1;
    }
    index = 0;
    while index < table.foreign_keys.len() {
        assert!(
            has_all(table, table.foreign_keys[index].columns),
            "a foreign key names a column that the table does not have"
        );
        index += 1;
    }
    index = 0;
    while index < table.checks.len() {
        assert!(
            has_all(table, table.checks[index].columns),
            "a check names a column that the table does not have"
        );
        index += 1;
    }
    index = 0;
    while index < table.defaults.len() {
        assert!(
            has_all(table, &[table.defaults[index].column]),
            "a default names a column that the table does not have"
        );
        index += 1;
    }
}

const fn has_all(table: &Table, columns: &[&str]) -> bool {
    let mut index = 0;
    while index < columns.len() {
        if !super::derive::contains(table.columns, names::plain(columns[index])) {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests;
