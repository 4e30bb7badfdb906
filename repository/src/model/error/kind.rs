use std::borrow::Cow;

use crate::model::key::Key;

/// The kind of an [`Error`](crate::Error), the same on both engines.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    // ---- mistakes of the caller, found before a statement is sent ------------------------------
    /// A value that one of the engines cannot store. Found by the library, or by the database's types.
    #[error("invalid value for {}: {reason}", field.as_deref().unwrap_or("a column"))]
    InvalidValue {
        /// The column, or `clock` for the time of the store's [`Clock`](crate::Clock), or `before` for the argument of
        /// that name. `None` if the database does not name the column, and for a parameter of custom SQL.
        field: Option<Cow<'static, str>>,
        /// Why the value is refused.
        reason: InvalidReason,
    },
    /// An invalid query, such as a page of no rows or too many conditions.
    #[error("invalid query: {reason}")]
    InvalidQuery {
        /// Why.
        reason: Cow<'static, str>,
    },
    /// A cursor of another query or scope, or a text that is no cursor.
    #[error("invalid cursor: {reason}")]
    InvalidCursor {
        /// Why.
        reason: &'static str,
    },
    /// The record, the store or the unit cannot do this, on either engine.
    #[error("{what} is not supported: {reason}")]
    Unsupported {
        /// The call.
        what: &'static str,
        /// Why it is not supported.
        reason: &'static str,
    },

    // ---- mistakes of the caller, found by the database -----------------------------------------
    /// The scope has no such row.
    #[error("no {table} row with id {id}")]
    NotFound {
        /// The table.
        table: &'static str,
        /// The id.
        id: Key,
    },
    /// A SeaORM call found no row. SeaORM does not report the table.
    #[error("there is no such row")]
    NoRow,
    /// The row exists in another state than the caller expected.
    #[error("{table} row {id} {reason}")]
    Conflict {
        /// The table.
        table: &'static str,
        /// The id.
        id: Key,
        /// What differs.
        reason: ConflictReason,
    },
    /// Several rows have the same id, because the table lacks its primary key. None was changed.
    #[error(
        "several {table} rows have the id {id}, and none was changed: the table lacks its primary key"
    )]
    DuplicateId {
        /// The table.
        table: &'static str,
        /// The id.
        id: Key,
    },
    /// Another row has the same key.
    #[error("another {table} row has the same {}", columns.join(", "))]
    Unique {
        /// The table.
        table: Cow<'static, str>,
        /// The columns of the key. Empty if the database names none.
        columns: Vec<Cow<'static, str>>,
        /// The constraint, by its DOMAIN name. `None` if it is unknown.
        constraint: Option<Cow<'static, str>>,
    },
    /// A reference to a row that does not exist, or a delete of a row that is still referenced.
    ///
    /// Postgres names the constraint. SQLite does not: after a call of a repository, the library looks it up. It stays
    /// `None` if it is not found, and for custom SQL.
    #[error("{}", foreign_key(table.as_deref(), columns))]
    ForeignKey {
        /// The referencing table. For a refused delete, the table of the rows that still reference the row.
        table: Option<Cow<'static, str>>,
        /// The referencing columns. Empty if they are unknown.
        columns: Vec<Cow<'static, str>>,
        /// The constraint, by its DOMAIN name. `None` if it is unknown.
        constraint: Option<Cow<'static, str>>,
    },
    /// NULL in a column that forbids it.
    #[error("{table}.{column} must not be null")]
    NotNull {
        /// The table.
        table: Cow<'static, str>,
        /// The column.
        column: Cow<'static, str>,
    },
    /// A check constraint is violated, or a trigger refused the row.
    #[error("{}", check(table.as_deref(), constraint.as_deref()))]
    Check {
        /// The table. `None` if the database does not name it.
        table: Option<Cow<'static, str>>,
        /// The columns of the check in the domain. Empty if the domain lists none.
        columns: Vec<Cow<'static, str>>,
        /// The constraint, by its DOMAIN name. `None` for one without a name, and for a trigger: its text is in
        /// [`driver_message`](crate::Error::driver_message).
        constraint: Option<Cow<'static, str>>,
    },
    /// The scope or the role may not do this; or the server, or a pooler before it, does not permit the connection (SQLSTATE
    /// 28000, 42501, 55000).
    #[error("not permitted: {reason}")]
    Permission {
        /// Why. A text of the server names schema objects only, or the user, database and host of a connection.
        reason: Cow<'static, str>,
    },
    /// A write in a read unit, or to a read-only database.
    #[error("read only: {reason}")]
    ReadOnly {
        /// Why.
        reason: Cow<'static, str>,
    },

    // ---- retryable ------------------------------------------------------------------------------
    /// The unit conflicts with another one (SQLSTATE 40001, 40P01; SQLITE_BUSY_SNAPSHOT).
    #[error("the unit of work conflicted with another one and was rolled back")]
    Serialization,
    /// A lock was not obtained in time (SQLSTATE 55P03; SQLITE_BUSY).
    #[error("a lock was not obtained in time")]
    LockTimeout,
    /// The schema changed under an open connection, whose prepared statements no longer fit it, and the unit was rolled
    /// back. A call outside of a unit is sent again instead.
    ///
    /// On Postgres: SQLSTATE 0A000 of a cached plan, 26000, 42P05, and a type that is gone. SQLite prepares such a
    /// statement again by itself (SQLITE_SCHEMA).
    #[error("the schema changed, so the unit of work was rolled back: run it again")]
    SchemaChanged,

    // ---- environment ------------------------------------------------------------------------------
    /// No connection became free in time, in the store's pool, or in a pooler before the server. A unit of work holds one
    /// until it ends, so a call on the store inside of a unit may wait for that unit.
    #[error(
        "no connection became free in time, in the pool of this program or in a pooler before the server; inside a unit \
         of work, ask the unit for its repositories"
    )]
    PoolTimeout,
    /// The database cannot be reached now. Waiting may help: a server that refuses a connection for good gives another kind.
    #[error("the database cannot be reached: {reason}")]
    Unavailable {
        /// Why, in the words of the server if it responds.
        reason: Cow<'static, str>,
    },
    /// A statement exceeded its time limit (SQLSTATE 57014; SQLITE_INTERRUPT).
    #[error("the statement took too long and was ended")]
    StatementTimeout,
    /// The connection broke, and nothing was written: a read failed, or a unit was rolled back.
    #[error("the connection was lost; nothing was written")]
    ConnectionLost,
    /// The connection broke during a commit, or during a single write, which commits itself. The write may or may not
    /// be durable.
    #[error("the connection was lost during commit; whether the write is durable is unknown")]
    CommitUnknown,
    /// No space left (SQLSTATE 53100; SQLITE_FULL).
    #[error("the storage is full")]
    StorageFull,
    /// The engine ran out of memory, or reached a configured limit (SQLSTATE 53200, 53400;
    /// SQLITE_NOMEM).
    #[error("the database ran out of {resource}")]
    Exhausted {
        /// The resource.
        resource: &'static str,
    },
    /// The database's files are damaged (SQLSTATE XX001, XX002; SQLITE_CORRUPT, SQLITE_NOTADB).
    #[error("the database is damaged")]
    Corrupt,

    // ---- opening a store ---------------------------------------------------------------------------
    /// The URL is malformed, or names an unknown engine or one that is not compiled in.
    #[error("invalid database URL: {reason}")]
    InvalidUrl {
        /// Why.
        reason: Cow<'static, str>,
    },
    /// The file, or the database on the server, does not exist.
    #[error("the database {name} does not exist")]
    DatabaseMissing {
        /// The file's path or the database's name.
        name: String,
    },
    /// The user or the password is wrong (SQLSTATE 28000, 28P01).
    #[error("authentication failed for user {user}")]
    Authentication {
        /// The user.
        user: String,
    },
    /// The file is not a SQLite database (SQLITE_NOTADB).
    #[error("{path} is not a SQLite database")]
    NotADatabase {
        /// The file's path.
        path: String,
    },
    /// A schema, table or column of the application is missing.
    #[error("the schema is not migrated: {reason}; run the migrations, then open the store again")]
    NotMigrated {
        /// What is missing.
        reason: String,
    },
    /// The schema differs from the one that the application was built for.
    #[error("the schema is not the one that this application was built for: {reason}")]
    SchemaDiffers {
        /// Which migrations are missing or unknown, or that the schema was changed outside of them.
        reason: String,
    },
    /// A migration failed, and was rolled back.
    #[error("the migrations were not applied: {reason}")]
    Migration {
        /// Which migration failed, and why.
        reason: String,
    },
    /// A connection lacks a required setting, an option of the store is invalid, or the encoding of the database is not
    /// UTF-8.
    #[error("{}", setting(name, wanted, found))]
    Setting {
        /// The setting, or the option.
        name: &'static str,
        /// The required value.
        wanted: String,
        /// The value that the database reports, or that the option has.
        found: String,
    },
    /// A pooler before Postgres may switch server connections between statements, or refuses what a connection needs.
    #[error("a connection pooler is in front of the database: {reason}")]
    Pooler {
        /// What the pooler does, and what to set.
        reason: Cow<'static, str>,
    },

    // ---- programming errors ----------------------------------------------------------------------
    /// The unit of work has ended, or a call in it failed before. It accepts no further call.
    #[error("the unit of work has ended: {reason}")]
    UnitEnded {
        /// Why.
        reason: &'static str,
    },
    /// The statement does not fit the live schema.
    #[error("the statement does not fit the schema: {reason}")]
    SchemaMismatch {
        /// The database's message, which names schema objects only.
        reason: String,
    },
    /// More parameters, terms or depth than the engine's limits allow.
    #[error("the statement is too large for the engine")]
    StatementTooLarge,
    /// A stored value does not have the column's type.
    ///
    /// A write that returns its row reads it after it was written. Outside of a unit, the write may be kept then; in a
    /// unit it ends the unit, which is rolled back.
    #[error("the value stored in {column} cannot be read as its type")]
    Decode {
        /// The column.
        column: Cow<'static, str>,
    },
    /// Any other error. See [`code`](crate::Error::code) and [`driver_message`](crate::Error::driver_message).
    #[error("internal error")]
    Internal,
}

impl ErrorKind {
    /// The name of the variant: `"Unique"`, `"NotFound"`. Without the fields, for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            ErrorKind::InvalidValue { .. } => "InvalidValue",
            ErrorKind::InvalidQuery { .. } => "InvalidQuery",
            ErrorKind::InvalidCursor { .. } => "InvalidCursor",
            ErrorKind::Unsupported { .. } => "Unsupported",
            ErrorKind::NotFound { .. } => "NotFound",
            ErrorKind::NoRow => "NoRow",
            ErrorKind::Conflict { .. } => "Conflict",
            ErrorKind::DuplicateId { .. } => "DuplicateId",
            ErrorKind::Unique { .. } => "Unique",
            ErrorKind::ForeignKey { .. } => "ForeignKey",
            ErrorKind::NotNull { .. } => "NotNull",
            ErrorKind::Check { .. } => "Check",
            ErrorKind::Permission { .. } => "Permission",
            ErrorKind::ReadOnly { .. } => "ReadOnly",
            ErrorKind::Serialization => "Serialization",
            ErrorKind::LockTimeout => "LockTimeout",
            ErrorKind::SchemaChanged => "SchemaChanged",
            ErrorKind::PoolTimeout => "PoolTimeout",
            ErrorKind::Unavailable { .. } => "Unavailable",
            ErrorKind::StatementTimeout => "StatementTimeout",
            ErrorKind::ConnectionLost => "ConnectionLost",
            ErrorKind::CommitUnknown => "CommitUnknown",
            ErrorKind::StorageFull => "StorageFull",
            ErrorKind::Exhausted { .. } => "Exhausted",
            ErrorKind::Corrupt => "Corrupt",
            ErrorKind::InvalidUrl { .. } => "InvalidUrl",
            ErrorKind::DatabaseMissing { .. } => "DatabaseMissing",
            ErrorKind::Authentication { .. } => "Authentication",
            ErrorKind::NotADatabase { .. } => "NotADatabase",
            ErrorKind::NotMigrated { .. } => "NotMigrated",
            ErrorKind::SchemaDiffers { .. } => "SchemaDiffers",
            ErrorKind::Migration { .. } => "Migration",
            ErrorKind::Setting { .. } => "Setting",
            ErrorKind::Pooler { .. } => "Pooler",
            ErrorKind::UnitEnded { .. } => "UnitEnded",
            ErrorKind::SchemaMismatch { .. } => "SchemaMismatch",
            ErrorKind::StatementTooLarge => "StatementTooLarge",
            ErrorKind::Decode { .. } => "Decode",
            ErrorKind::Internal => "Internal",
        }
    }
}

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReason {
    /// U+0000 in a text. Postgres cannot store it.
    #[error("it contains the NUL character")]
    NulCharacter,
    /// More than [`MAX_BYTES`](crate::record::MAX_BYTES), or than `#[record(max_bytes = ..)]` says, or more than an index
    /// of Postgres can hold ([`Table::most_bytes`](crate::domain::Table::most_bytes)). The limit is the same on both engines.
    #[error("it is longer than {max_bytes} bytes")]
    TooLong {
        /// The maximum.
        max_bytes: usize,
    },
    /// More characters than `#[record(max_chars = ..)]` allows.
    #[error("it is longer than {max_chars} characters")]
    TooManyCharacters {
        /// The maximum, in code points.
        max_chars: usize,
    },
    /// More than an index of Postgres can hold, in a statement whose values the library does not check, or in an index
    /// that the domain lacks. SQLSTATE 54000.
    #[error("it is too long for {}", index_of(index.as_deref(), table.as_deref()))]
    TooLongForIndex {
        /// The table. `None` if the server does not name it.
        table: Option<Cow<'static, str>>,
        /// The index. `None` if the server does not name it.
        index: Option<Cow<'static, str>>,
    },
    /// A year outside of 1 to 9999, which one of the engines cannot sort or read.
    #[error("its year is not between 1 and 9999")]
    YearOutOfRange,
    /// NaN or infinity.
    #[error("it is not a finite number")]
    NotFinite,
    /// A JSON document whose arrays and objects are nested deeper than [`MAX_JSON_DEPTH`](crate::record::MAX_JSON_DEPTH).
    #[error("its arrays and objects are nested deeper than {max_depth} levels")]
    TooDeep {
        /// The maximum.
        max_depth: usize,
    },
    /// A decimal number with more digits behind the point than its column: it is never rounded.
    #[error("it has more than {scale} digits behind the point")]
    TooManyDecimals {
        /// The most digits.
        scale: u8,
    },
    /// A decimal number that is too large for its column.
    #[error("it has more than {digits} digits before the point")]
    TooManyDigits {
        /// The most digits.
        digits: u8,
    },
    /// A text that is no decimal number.
    #[error("it is not a decimal number")]
    NotANumber,
    /// It has another type than the column, or it is NULL and the column forbids that.
    #[error("it does not have the type of the column")]
    OtherType,
    /// A type of the application refuses it, in the application's own words; see
    /// [`#[derive(Field)]`](derive@crate::record::Field).
    #[error("{reason}")]
    Application {
        /// The words.
        reason: Cow<'static, str>,
    },
    /// The database refused it for its type or range.
    #[error("the database refused it")]
    Refused,
}

/// How a row differs from what the caller expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConflictReason {
    /// It has another version.
    #[error("has version {actual}, not {expected}")]
    Version {
        /// The version that the caller saw.
        expected: i64,
        /// The stored version.
        actual: i64,
    },
    /// It exists with other contents, and the caller gave no version.
    #[error("exists with other contents")]
    Exists,
    /// It is deleted.
    #[error("is deleted")]
    Deleted,
}

fn index_of(index: Option<&str>, table: Option<&str>) -> String {
    let index = index.map_or("an index".to_owned(), |index| format!("the index {index}"));
    match table {
        Some(table) => format!("{index} of {table}"),
        None => index,
    }
}

fn foreign_key(table: Option<&str>, columns: &[Cow<'static, str>]) -> String {
    match (table, columns) {
        (None, _) => "a foreign key is violated".to_owned(),
        (Some(table), []) => format!("a foreign key of {table} is violated"),
        (Some(table), columns) => {
            let columns = columns.join(", ");
            format!("the foreign key {table} ({columns}) is violated")
        }
    }
}

fn setting(name: &str, wanted: &str, found: &str) -> String {
    let what_to_do = match name {
        // The encoding of an existing database cannot be changed.
        "encoding" => "; copy the data into a new file: sqlite3 old.db .dump | sqlite3 new.db",
        "server_encoding" => {
            "; copy the data into a database that is made with CREATE DATABASE .. ENCODING 'UTF8' TEMPLATE template0"
        }
        _ => "",
    };
    let what = match name {
        "history_table" => "the option",
        _ => "the connection's setting",
    };
    format!("{what} {name} is {found}, not {wanted}{what_to_do}")
}

fn check(table: Option<&str>, constraint: Option<&str>) -> String {
    let table = table.unwrap_or("the row");
    match constraint {
        Some(constraint) => format!("the check {constraint} of {table} is violated"),
        None => format!("a check of {table} is violated"),
    }
}
