use std::panic::{UnwindSafe, catch_unwind};

use super::{assert_columns, of_record, of_types};
use crate::__table as table;
use crate::domain::{
    Action, Check, ColumnDefault, DefaultValue, ForeignKey, Index, ManagedColumns, PrimaryKey,
    Table, TableTypes, TypedColumn, UniqueKey,
};
use crate::record::Managed;

const ENTRIES: Table = table!(Table {
    name: "entries",
    columns: &["user_id", "id", "parent_id", "day", "note"],
    primary_key: PrimaryKey::over(&["user_id", "id"]),
    owner: Some("user_id"),
    defaults: &[ColumnDefault::new("note", DefaultValue::Text(""))],
    unique_keys: &[
        UniqueKey::over(&["id"]),
        UniqueKey {
            name: "another",
            columns: &["user_id", "day"],
        },
        UniqueKey::over(&["user_id", "note"]),
    ],
    indexes: &[
        Index::over(&["user_id", "day DESC"]),
        Index::over(&["lower(note)"]).named("ix_note"),
        Index::over(&["day"]).unique().only("note <> ''"),
    ],
    foreign_keys: &[
        ForeignKey::over(&["user_id", "parent_id"], "entries", &["user_id", "id"])
            .on_delete(Action::Cascade),
    ],
    checks: &[
        Check::over(&["day", "note"]).holds("day <> note"),
        Check::on_sqlite("ck_of_day").of(&["day"]),
    ],
    ..Table::BLANK
});

#[test]
fn a_part_without_a_name_is_named_by_the_convention_and_another_keeps_its_name() {
    assert_eq!(ENTRIES.primary_key.name, "pk_entries");
    let unique: Vec<&str> = ENTRIES.unique_keys.iter().map(|key| key.name).collect();
    assert_eq!(
        unique,
        ["uq_entries__id", "another", "uq_entries__user_id_note"]
    );
    let indexes: Vec<&str> = ENTRIES.indexes.iter().map(|index| index.name).collect();
    assert_eq!(
        indexes,
        ["ix_entries__user_id_day", "ix_note", "uq_entries__day"]
    );
    let references: Vec<&str> = ENTRIES.foreign_keys.iter().map(|key| key.name).collect();
    assert_eq!(references, ["fk_entries__user_id_parent_id"]);
    let checks: Vec<&str> = ENTRIES.checks.iter().map(|check| check.name).collect();
    assert_eq!(checks, ["ck_entries__day_note", "ck_of_day"]);
}

#[test]
fn what_the_table_states_stays() {
    assert_eq!(ENTRIES.owner, Some("user_id"));
    assert_eq!(ENTRIES.primary_key.columns, ["user_id", "id"]);
    assert_eq!(ENTRIES.indexes[0].columns, ["user_id", "day DESC"]);
    assert_eq!(ENTRIES.indexes[2].predicate, Some("note <> ''"));
    assert_eq!(ENTRIES.foreign_keys[0].on_delete, Action::Cascade);
}

#[test]
fn the_check_of_a_type_is_about_the_column_in_its_name() {
    for (constraint, columns) in [
        ("ck_entries__day", &["day"][..]),
        ("ck_entries__day_note", &["day", "note"]),
        ("ck_of_day", &["day"]),
        ("ck_entries__nothing", &[]),
        ("ck_other__day", &[]),
    ] {
        assert_eq!(ENTRIES.checked_columns(constraint), columns, "{constraint}");
    }
}

const SOLUTIONS: Table = table!(Table {
    name: "solutions",
    columns: &["id", "lösung", "größe"],
    primary_key: PrimaryKey::over(&["id"]),
    unique_keys: &[UniqueKey::over(&["lösung"])],
    indexes: &[Index::over(&["größe DESC", "lösung"])],
    ..Table::BLANK
});

#[test]
fn a_column_may_have_any_letters() {
    assert_eq!(SOLUTIONS.unique_keys[0].name, "uq_solutions__lösung");
    assert_eq!(SOLUTIONS.indexes[0].name, "ix_solutions__größe_lösung");
}

/// Asserts that a constant with this value does not compile: what the compiler computes there panics with these words.
#[track_caller]
fn assert_refused(words: &str, compute: impl FnOnce() + UnwindSafe) {
    let refused = catch_unwind(compute).expect_err(words);
    let found = refused.downcast_ref::<&str>().expect("words");
    assert!(found.contains(words), "{found}");
}

const NOTES: Table = Table {
    name: "notes",
    columns: &["id", "title"],
    primary_key: PrimaryKey::over(&["id"]),
    ..Table::BLANK
};

/// A table with a part that names a column that it lacks, and what the compiler says.
const LACKING: &[(&str, Table)] = &[
    (
        "the primary key names",
        Table {
            primary_key: PrimaryKey::over(&["number"]),
            ..NOTES
        },
    ),
    (
        "a unique key names",
        Table {
            unique_keys: &[
                UniqueKey::over(&["title"]),
                UniqueKey::over(&["id", "name"]),
            ],
            ..NOTES
        },
    ),
    (
        "an index names",
        Table {
            indexes: &[Index::over(&["title DESC", "name"])],
            ..NOTES
        },
    ),
    (
        "a foreign key names",
        Table {
            foreign_keys: &[ForeignKey::over(&["parent_id"], "notes", &["id"])],
            ..NOTES
        },
    ),
    (
        "a check names",
        Table {
            checks: &[Check::over(&["name"]).holds("name <> ''")],
            ..NOTES
        },
    ),
    (
        "a default names",
        Table {
            defaults: &[ColumnDefault::new("name", DefaultValue::Text(""))],
            ..NOTES
        },
    ),
];

#[test]
fn a_column_that_the_table_lacks_is_refused_in_each_part() {
    for (words, table) in LACKING {
        assert_refused(words, || assert_columns(table));
    }
    assert_columns(&NOTES);
    assert_columns(&ENTRIES);
}

const RECORD: Managed = Managed {
    id: &[],
    key: &[],
    generated: false,
    owner: None,
    version: None,
    created: None,
    updated: None,
    deleted: None,
};

#[test]
fn a_table_that_repeats_its_record_is_refused() {
    for (words, table) in [
        (
            "columns, primary key and owner come from the record",
            Table {
                columns: &["id"],
                ..Table::BLANK
            },
        ),
        (
            "columns, primary key and owner come from the record",
            Table {
                primary_key: PrimaryKey::over(&["id"]),
                ..Table::BLANK
            },
        ),
        (
            "columns, primary key and owner come from the record",
            Table {
                owner: Some("user_id"),
                ..Table::BLANK
            },
        ),
        (
            "managed columns and `generated_key` come from the record",
            Table {
                managed: ManagedColumns {
                    deleted: Some("deleted_at"),
                    ..ManagedColumns::NONE
                },
                ..Table::BLANK
            },
        ),
        (
            "managed columns and `generated_key` come from the record",
            Table {
                generated_key: true,
                ..Table::BLANK
            },
        ),
    ] {
        assert_refused(words, move || {
            of_record(table, &[], &[], &[], RECORD);
        });
    }
}

#[test]
fn a_table_that_repeats_its_types_or_is_another_one_is_refused() {
    const TYPES: TableTypes = TableTypes {
        table: "notes",
        columns: &[TypedColumn::new("id", "uuid")],
    };
    const TYPED: Table = table!(
        types = TYPES,
        Table {
            name: "notes",
            primary_key: PrimaryKey::over(&["id"]),
            ..Table::BLANK
        }
    );
    assert_eq!(TYPED.columns, ["id"]);
    assert_eq!(TYPED.primary_key.name, "pk_notes");
    for (words, table) in [
        ("the columns come from the types", NOTES),
        (
            "the types are those of another table",
            ENTRIES_WITHOUT_COLUMNS,
        ),
    ] {
        assert_refused(words, move || {
            of_types(table, &["id"], &TYPES);
        });
    }
}

const ENTRIES_WITHOUT_COLUMNS: Table = Table {
    columns: &[],
    ..ENTRIES
};
