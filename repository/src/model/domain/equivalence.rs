use crate::model::engine::Engine;
use crate::model::value::Type;

/// One logical type on both engines: a row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equivalence {
    /// The name of the logical type, as in [`TypedColumn`](super::TypedColumn): `uuid`, `timestamptz`.
    pub name: &'static str,
    /// The type on SQLite.
    pub sqlite: NativeType,
    /// The type on Postgres.
    pub postgres: NativeType,
}

impl Equivalence {
    /// The type on an engine.
    pub const fn on(&self, engine: Engine) -> &NativeType {
        match engine {
            Engine::Sqlite => &self.sqlite,
            Engine::Postgres => &self.postgres,
        }
    }
}

/// The form of a logical type on one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NativeType {
    /// The type in the database, as its catalog prints it.
    pub column: &'static str,
    /// The required collation, if it is not the database's default.
    pub collation: Option<&'static str>,
    /// The condition that a check of the column must imply, with `{c}` for the column. A stricter check passes too.
    ///
    /// On SQLite it keeps values in the range of the type on Postgres. On Postgres it keeps them in the range of the
    /// text on SQLite.
    pub form: Option<&'static str>,
    /// The type of the entity's field.
    pub field: &'static str,
    /// The attribute that the field needs, if any.
    pub attribute: Option<&'static str>,
    /// The entity's column type as SeaORM writes it for the engine.
    pub entity: &'static str,
}

const fn native(column: &'static str, field: &'static str, entity: &'static str) -> NativeType {
    NativeType {
        column,
        collation: None,
        form: None,
        field,
        attribute: None,
        entity,
    }
}

const fn formed(native: NativeType, form: &'static str) -> NativeType {
    NativeType {
        form: Some(form),
        ..native
    }
}

const fn attributed(native: NativeType, attribute: &'static str) -> NativeType {
    NativeType {
        attribute: Some(attribute),
        ..native
    }
}

const JSON: &str = r#"#[sea_orm(column_type = "JsonBinary")]"#;
const TEXT: &str = r#"#[sea_orm(column_type = "Text")]"#;

/// The matrix of types that are equivalent on both engines.
///
/// Each is the type of a record's field. The rows in [`Domain::types`](super::Domain::types) take precedence.
/// [`Equivalence::numeric`] has those of decimal numbers.
pub const MATRIX: &[Equivalence] = &[
    Equivalence {
        name: "uuid",
        sqlite: formed(native("TEXT", "TextId", "text"), UUID),
        postgres: native("uuid", "Uuid", "uuid"),
    },
    Equivalence {
        name: "text",
        sqlite: attributed(native("TEXT", "String", "text"), TEXT),
        postgres: NativeType {
            collation: Some("C"),
            ..attributed(native("text", "String", "text"), TEXT)
        },
    },
    Equivalence {
        name: "boolean",
        sqlite: formed(native("INTEGER", "bool", "boolean"), "{c} IN (0, 1)"),
        postgres: native("boolean", "bool", "bool"),
    },
    Equivalence {
        name: "int4",
        sqlite: formed(
            native("INTEGER", "i32", "integer"),
            "{c} BETWEEN -2147483648 AND 2147483647",
        ),
        postgres: native("integer", "i32", "integer"),
    },
    Equivalence {
        name: "bigint",
        sqlite: native("INTEGER", "i64", "integer"),
        postgres: native("bigint", "i64", "bigint"),
    },
    Equivalence {
        name: "double",
        sqlite: native("REAL", "f64", "double"),
        postgres: native("double precision", "f64", "double precision"),
    },
    Equivalence {
        name: "timestamptz",
        sqlite: formed(native("TEXT", "TextTime", "text"), TIME),
        postgres: formed(
            native(
                "timestamp with time zone",
                "DateTimeUtc",
                "timestamp with time zone",
            ),
            "{c} >= '0001-01-01 00:00:00+00' AND {c} < '10000-01-01 00:00:00+00'",
        ),
    },
    Equivalence {
        name: "date",
        sqlite: formed(native("TEXT", "TextDate", "text"), DATE),
        postgres: formed(
            native("date", "Date", "date"),
            "{c} >= '0001-01-01' AND {c} < '10000-01-01'",
        ),
    },
    Equivalence {
        name: "bytes",
        sqlite: native("BLOB", "Vec<u8>", "varbinary_blob"),
        postgres: native("bytea", "Vec<u8>", "bytea"),
    },
    Equivalence {
        name: "int2",
        sqlite: formed(
            native("INTEGER", "i16", "smallint"),
            "{c} BETWEEN -32768 AND 32767",
        ),
        postgres: native("smallint", "i16", "smallint"),
    },
    Equivalence {
        name: "real",
        sqlite: formed(
            native("REAL", "f32", "float"),
            "{c} BETWEEN -3.4028234663852886e38 AND 3.4028234663852886e38",
        ),
        postgres: native("real", "f32", "real"),
    },
    Equivalence {
        name: "time",
        sqlite: formed(native("TEXT", "TextTimeOfDay", "text"), TIME_OF_DAY),
        postgres: formed(
            native("time without time zone", "Time", "time"),
            "{c} < '24:00:00'",
        ),
    },
    Equivalence {
        name: "json",
        sqlite: formed(native("TEXT", "Json", "json_text"), "json_valid({c})"),
        postgres: attributed(native("jsonb", "Json", "jsonb"), JSON),
    },
];

const UUID: &str = "length(CAST({c} AS BLOB)) = 36 AND {c} GLOB '\
    [0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-\
    [0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-\
    [0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'";

const TIME: &str = "length(CAST({c} AS BLOB)) = 27 AND {c} GLOB '\
    [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].\
    [0-9][0-9][0-9][0-9][0-9][0-9]Z' AND {c} >= '0001'";

const TIME_OF_DAY: &str = "length(CAST({c} AS BLOB)) = 15 AND {c} GLOB '\
    [0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]' AND {c} < '24'";

const DATE: &str = "length(CAST({c} AS BLOB)) = 10 AND {c} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' \
    AND {c} >= '0001' AND date({c}, '+0 days') = {c}";

impl Type {
    /// The name of its row in [`MATRIX`].
    pub fn name(self) -> &'static str {
        match self {
            Type::Uuid => "uuid",
            Type::Text => "text",
            Type::Bool => "boolean",
            Type::SmallInt => "int2",
            Type::Int => "int4",
            Type::BigInt => "bigint",
            Type::Float => "real",
            Type::Double => "double",
            Type::Timestamp => "timestamptz",
            Type::Date => "date",
            Type::Time => "time",
            Type::Bytes => "bytes",
            Type::Json => "json",
            Type::Numeric { precision, scale } => {
                Equivalence::numeric(precision, scale).map_or("numeric", |row| row.name)
            }
        }
    }
}
