//! Which types are equivalent: what each place must say for a column of a logical type.
//!
//! A form is the condition that some check of the column has to imply; `{c}` stands for the column. It is what
//! keeps a value in SQLite within the type that Postgres has, and in Postgres within what a text in SQLite can
//! write. A column that is narrower still (`days_of_week BETWEEN 1 AND 127`) passes.

use catamaran::{Engine, Type};

/// What one engine says for a logical type.
#[derive(Clone, Copy, Debug)]
pub struct Native {
    /// The type of the entity's field.
    pub field: &'static str,
    /// The attribute that the field needs, if any.
    pub attribute: Option<&'static str>,
    /// The entity's column type as SeaORM writes it.
    pub entity: &'static str,
    /// The type in the database.
    pub column: &'static str,
    /// The collation in the database, where the type has one.
    pub collation: Option<&'static str>,
    /// The form that a check must guarantee.
    pub form: Option<&'static str>,
}

const TEXT: Option<&str> = Some(r#"#[sea_orm(column_type = "Text")]"#);

const fn native(field: &'static str, entity: &'static str, column: &'static str) -> Native {
    Native {
        field,
        attribute: None,
        entity,
        column,
        collation: None,
        form: None,
    }
}

const fn formed(native: Native, form: &'static str) -> Native {
    Native {
        form: Some(form),
        ..native
    }
}

/// The table: logical type, SQLite, Postgres.
pub const EQUIVALENT: [(Type, Native, Native); 9] = [
    (
        Type::Uuid,
        formed(native("TextId", "text", "TEXT"), UUID),
        native("Uuid", "uuid", "uuid"),
    ),
    (
        Type::Text,
        Native {
            attribute: TEXT,
            ..native("String", "text", "TEXT")
        },
        Native {
            attribute: TEXT,
            collation: Some("C"),
            ..native("String", "text", "text")
        },
    ),
    (
        Type::Bool,
        formed(native("bool", "boolean", "INTEGER"), "{c} IN (0, 1)"),
        native("bool", "bool", "boolean"),
    ),
    (
        Type::Int,
        formed(
            native("i32", "integer", "INTEGER"),
            "{c} BETWEEN -2147483648 AND 2147483647",
        ),
        native("i32", "integer", "integer"),
    ),
    (
        Type::BigInt,
        native("i64", "integer", "INTEGER"),
        native("i64", "bigint", "bigint"),
    ),
    (
        Type::Double,
        native("f64", "double", "REAL"),
        native("f64", "double precision", "double precision"),
    ),
    (
        Type::Timestamp,
        formed(native("TextTime", "text", "TEXT"), TIME),
        formed(
            native(
                "DateTimeUtc",
                "timestamp with time zone",
                "timestamp with time zone",
            ),
            "{c} >= '0001-01-01 00:00:00+00' AND {c} < '10000-01-01 00:00:00+00'",
        ),
    ),
    (
        Type::Date,
        formed(native("TextDate", "text", "TEXT"), DATE),
        formed(
            native("Date", "date", "date"),
            "{c} >= '0001-01-01' AND {c} < '10000-01-01'",
        ),
    ),
    (
        Type::Bytes,
        native("Vec<u8>", "varbinary_blob", "BLOB"),
        native("Vec<u8>", "bytea", "bytea"),
    ),
];

const UUID: &str = "length(CAST({c} AS BLOB)) = 36 AND {c} GLOB '\
    [0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-\
    [0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-\
    [0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'";

const TIME: &str = "length(CAST({c} AS BLOB)) = 27 AND {c} GLOB '\
    [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].\
    [0-9][0-9][0-9][0-9][0-9][0-9]Z' AND {c} >= '0001'";

const DATE: &str = "length(CAST({c} AS BLOB)) = 10 AND {c} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' \
    AND {c} >= '0001' AND date({c}, '+0 days') = {c}";

/// What an engine says for a logical type.
pub fn native_of(engine: Engine, ty: Type) -> Native {
    let row = EQUIVALENT.iter().find(|(logical, ..)| *logical == ty);
    let (_, sqlite, postgres) = row.expect("the table has a row for every logical type");
    match engine {
        Engine::Sqlite => *sqlite,
        Engine::Postgres => *postgres,
    }
}

/// The form of a column, with its name in it.
pub fn form(engine: Engine, ty: Type, column: &str) -> Option<String> {
    let form = native_of(engine, ty).form?;
    Some(form.replace("{c}", column))
}

#[cfg(test)]
mod tests {
    use catamaran::sqlite::{TextDate, TextId, TextTime};
    use chrono::{DateTime, NaiveDate, Utc};
    use sea_orm::ColumnType;
    use sea_orm::sea_query::ValueType;
    use uuid::Uuid;

    use super::super::Place;
    use super::super::entity::rendered;
    use super::*;

    /// The column types of the fields that the table names, as SeaORM derives them.
    fn derived(ty: Type) -> (ColumnType, ColumnType) {
        fn of<S: ValueType, P: ValueType>() -> (ColumnType, ColumnType) {
            (S::column_type(), P::column_type())
        }
        match ty {
            Type::Uuid => of::<TextId, Uuid>(),
            // By the attribute.
            Type::Text => (ColumnType::Text, ColumnType::Text),
            Type::Bool => of::<bool, bool>(),
            Type::Int => of::<i32, i32>(),
            Type::BigInt => of::<i64, i64>(),
            Type::Double => of::<f64, f64>(),
            Type::Timestamp => of::<TextTime, DateTime<Utc>>(),
            Type::Date => of::<TextDate, NaiveDate>(),
            Type::Bytes => of::<Vec<u8>, Vec<u8>>(),
        }
    }

    #[test]
    fn every_field_of_the_table_has_the_entity_type_of_the_table() {
        for (ty, sqlite, postgres) in EQUIVALENT {
            let (on_sqlite, on_postgres) = derived(ty);
            let on_sqlite = rendered(Place::SqliteEntities, &on_sqlite);
            let on_postgres = rendered(Place::PostgresEntities, &on_postgres);
            assert_eq!(
                (on_sqlite.as_str(), on_postgres.as_str()),
                (sqlite.entity, postgres.entity),
                "{ty:?}"
            );
        }
    }
}
