//! A domain that is hard to compare: reserved words, names of 63 bytes, composite keys, a table that refers to itself,
//! two partial indexes over one column, an index over an expression, descending order, a check with a list of words,
//! a unique key over a nullable column, JSON, bytes and days. It has no owner, no version and no record.

mod migrations;
mod postgres;
mod sqlite;

use catamaran::domain::{
    Action, Check, ColumnDefault, DefaultValue, Domain, ForeignKey, Index, PrimaryKey, Table,
    TableSource, TableTypes, TypedColumn, UniqueKey,
};

pub use migrations::History;
pub(crate) use migrations::Role;

/// Both tables.
pub const DOMAIN: Domain = Domain {
    tables: &[ORDER, LONG],
    sources: &[
        TableSource::types(&TableTypes {
            table: "order",
            columns: &[
                TypedColumn::new("group", "int4"),
                TypedColumn::new("select", "uuid"),
                TypedColumn::nullable("parent_group", "int4"),
                TypedColumn::nullable("Parent Select", "uuid"),
                TypedColumn::new("status", "text"),
                TypedColumn::nullable("email", "text"),
                TypedColumn::new("payload", "json"),
                TypedColumn::new("raw", "bytes"),
                TypedColumn::nullable("due", "date"),
                TypedColumn::new("is_open", "boolean"),
                TypedColumn::new("created", "timestamptz"),
                TypedColumn::new("rank", "int2"),
                TypedColumn::new("share", "double"),
            ],
        }),
        TableSource::sqlite::<sqlite::order::Entity>(),
        TableSource::postgres::<postgres::order::Entity>(),
        TableSource::types(&TableTypes {
            table: LONG.name,
            columns: &[
                TypedColumn::new(LONG_COLUMN, "bigint"),
                TypedColumn::new("group", "int4"),
                TypedColumn::new("select", "uuid"),
            ],
        }),
        TableSource::sqlite::<sqlite::long::Entity>(),
        TableSource::postgres::<postgres::long::Entity>(),
    ],
    ..Domain::BLANK
};

const ORDER: Table = Table {
    name: "order",
    columns: &[
        "group",
        "select",
        "parent_group",
        "Parent Select",
        "status",
        "email",
        "payload",
        "raw",
        "due",
        "is_open",
        "created",
        "rank",
        "share",
    ],
    primary_key: PrimaryKey {
        name: "table",
        columns: &["group", "select"],
    },
    defaults: &[
        ColumnDefault {
            column: "status",
            value: DefaultValue::Text("it's new"),
        },
        ColumnDefault {
            column: "is_open",
            value: DefaultValue::Bool(true),
        },
        ColumnDefault {
            column: "rank",
            value: DefaultValue::Integer(-1),
        },
    ],
    unique_keys: &[UniqueKey {
        name: "unique",
        columns: &["email"],
    }],
    indexes: &[
        Index {
            name: "ux_open",
            columns: &["status"],
            unique: true,
            predicate: Some("is_open"),
        },
        Index {
            name: "ux_closed",
            columns: &["status"],
            unique: true,
            predicate: Some("NOT is_open AND due IS NOT NULL"),
        },
        Index {
            name: "ix_lower",
            columns: &["lower(email)", "created DESC"],
            unique: false,
            predicate: None,
        },
        Index {
            name: "where",
            columns: &["Parent Select DESC", "group"],
            unique: false,
            predicate: Some("status IN ('it''s new', 'paid') AND rank <> 3"),
        },
    ],
    foreign_keys: &[ForeignKey {
        name: "references",
        columns: &["parent_group", "Parent Select"],
        references: "order",
        referenced_columns: &["group", "select"],
        on_delete: Action::SetNull,
        on_update: Action::Cascade,
    }],
    checks: &[
        Check::on_sqlite("ck_parent_select").of(&["Parent Select"]),
        Check::on_both("ck_order__status").holds("status IN ('it''s new', 'paid', 'sent', 'lost')"),
        Check::on_both("check").holds("NOT (is_open AND due IS NULL) OR share >= 0.5"),
    ],
    ..Table::BLANK
};

const LONG_COLUMN: &str = "a_column_whose_name_is_of_sixty_three_bytes_and_of_not_one_more";

const LONG: Table = Table {
    name: "the_longest_name_that_postgres_lets_a_table_have_is_this_one_ok",
    columns: &[LONG_COLUMN, "group", "select"],
    primary_key: PrimaryKey {
        name: "pk_of_the_longest_name_that_postgres_lets_a_constraint_have_ok_",
        columns: &[LONG_COLUMN],
    },
    indexes: &[Index {
        name: "ix_of_the_longest_name_that_postgres_lets_an_index_have_it_is_o",
        columns: &["group", "select"],
        unique: false,
        predicate: None,
    }],
    foreign_keys: &[ForeignKey {
        name: "fk_of_the_longest_name_that_postgres_lets_a_constraint_have_ok_",
        columns: &["group", "select"],
        references: "order",
        referenced_columns: &["group", "select"],
        on_delete: Action::Restrict,
        on_update: Action::NoAction,
    }],
    checks: &[
        Check::on_sqlite("ck_long__group").of(&["group"]),
        Check::on_sqlite("ck_long__select").of(&["select"]),
    ],
    ..Table::BLANK
};

const _: () = {
    assert!(LONG.name.len() == 63 && LONG_COLUMN.len() == 63);
    assert!(LONG.primary_key.name.len() == 63 && LONG.indexes[0].name.len() == 63);
    assert!(LONG.foreign_keys[0].name.len() == 63);
};
