use std::borrow::Cow;

use uuid::Uuid;

/// What kind of error it is. The classes are the same on both engines.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    // ---- the caller's, before a database is asked ---------------------------------------------
    /// A value that both engines cannot keep alike. Found in Rust, or by the database's own types.
    #[error("invalid value for {}: {reason}", field.as_deref().unwrap_or("a column"))]
    InvalidValue {
        /// The column; `None` where the database that refused the value does not say, and for a parameter of
        /// the application's own statement.
        field: Option<Cow<'static, str>>,
        /// Why.
        reason: InvalidReason,
    },
    /// A query that cannot be asked: a page of no rows, too many conditions.
    #[error("invalid query: {reason}")]
    InvalidQuery {
        /// Why.
        reason: Cow<'static, str>,
    },
    /// A cursor that this query did not make.
    #[error("invalid cursor: {reason}")]
    InvalidCursor {
        /// Why.
        reason: &'static str,
    },
    /// The record, the store or the unit cannot do this, on either engine.
    #[error("{what} is not supported: {reason}")]
    Unsupported {
        /// What was asked.
        what: &'static str,
        /// Why it cannot be done.
        reason: &'static str,
    },

    // ---- the caller's, found by the database ---------------------------------------------------
    /// No such row in this scope.
    #[error("no {table} row with id {id}")]
    NotFound {
        /// The table.
        table: &'static str,
        /// The id.
        id: Uuid,
    },
    /// A call of SeaORM's found no row to give or to write; it does not say of which table.
    #[error("there is no such row")]
    NoRow,
    /// The row is there, in another state than the caller expected.
    #[error("{table} row {id} {reason}")]
    Conflict {
        /// The table.
        table: &'static str,
        /// The id.
        id: Uuid,
        /// What differs.
        reason: ConflictReason,
    },
    /// Several rows have an id that is one row's, so that a call about it changes none of them: the table lacks its
    /// primary key.
    #[error(
        "several {table} rows have the id {id}, and none was changed: the table lacks its primary key"
    )]
    DuplicateId {
        /// The table.
        table: &'static str,
        /// The id.
        id: Uuid,
    },
    /// Another row has the key.
    #[error("another {table} row has the same {}", columns.join(", "))]
    Unique {
        /// The table.
        table: Cow<'static, str>,
        /// The columns of the key; empty where the database names none.
        columns: Vec<Cow<'static, str>>,
        /// The constraint, by its DOMAIN name; `None` where it cannot be told.
        constraint: Option<Cow<'static, str>>,
    },
    /// A reference to a row that is not there, or a row that is still referred to.
    ///
    /// Postgres names the constraint. SQLite does not, and the library looks for it behind the calls of a
    /// repository; what it cannot find is `None`, and so it is for statements of the application's own.
    #[error("{}", foreign_key(table.as_deref(), columns))]
    ForeignKey {
        /// The table that refers; in a delete that is refused, that of the rows which still refer.
        table: Option<Cow<'static, str>>,
        /// The referring columns; empty where they cannot be told.
        columns: Vec<Cow<'static, str>>,
        /// The constraint, by its DOMAIN name.
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
    /// A check constraint is violated, or a trigger of the application refused the row.
    #[error("{}", check(table.as_deref(), constraint.as_deref()))]
    Check {
        /// The table; `None` where the database does not say.
        table: Option<Cow<'static, str>>,
        /// The columns that the domain says it is about; empty where it says none.
        columns: Vec<Cow<'static, str>>,
        /// The constraint, by its DOMAIN name; `None` for one without a name, and for a trigger's refusal,
        /// whose words are in [`driver_message`](crate::Error::driver_message).
        constraint: Option<Cow<'static, str>>,
    },
    /// The scope or the role may not do this.
    #[error("not permitted: {reason}")]
    Permission {
        /// Why: the library's words, or those of the server, which name schema objects alone.
        reason: Cow<'static, str>,
    },
    /// A write where only reading is allowed.
    #[error("read only: {reason}")]
    ReadOnly {
        /// Why.
        reason: Cow<'static, str>,
    },

    // ---- run the whole unit again ---------------------------------------------------------------
    /// The unit met another one (SQLSTATE 40001, 40P01; SQLITE_BUSY_SNAPSHOT).
    #[error("the unit of work ran into another one and was rolled back")]
    Serialization,
    /// A lock was not obtained in time (SQLSTATE 55P03; SQLITE_BUSY).
    #[error("a lock was not obtained in time")]
    LockTimeout,

    // ---- the surroundings -------------------------------------------------------------------------
    /// No connection became free in time. A unit of work holds one until it ends: a call in the middle of it
    /// that is made on the store, and not on the unit, may wait for itself.
    #[error(
        "no connection became free in time; inside a unit of work, ask the unit for its repositories"
    )]
    PoolTimeout,
    /// The database cannot be reached.
    #[error("the database cannot be reached: {reason}")]
    Unavailable {
        /// Why.
        reason: Cow<'static, str>,
    },
    /// A statement took too long (SQLSTATE 57014; SQLITE_INTERRUPT).
    #[error("the statement took too long and was ended")]
    StatementTimeout,
    /// The connection broke and nothing was written: a read failed, or a unit was rolled back.
    #[error("the connection was lost; nothing was written")]
    ConnectionLost,
    /// The connection broke while a commit was under way, that of a single write included: it may or may not
    /// be durable.
    #[error("the connection was lost during commit; whether the write is durable is unknown")]
    CommitUnknown,
    /// No space left (SQLSTATE 53100; SQLITE_FULL).
    #[error("the storage is full")]
    StorageFull,
    /// The engine ran out of memory, or met a limit that its administrator set (SQLSTATE 53200, 53400;
    /// SQLITE_NOMEM).
    #[error("the database ran out of {resource}")]
    Exhausted {
        /// Of what.
        resource: &'static str,
    },
    /// The database's files are damaged (SQLSTATE XX001, XX002; SQLITE_CORRUPT, SQLITE_NOTADB).
    #[error("the database is damaged")]
    Corrupt,

    // ---- opening a store ---------------------------------------------------------------------------
    /// The URL names no engine of ours, or an engine that was not compiled in, or is malformed.
    #[error("invalid database URL: {reason}")]
    InvalidUrl {
        /// Why.
        reason: Cow<'static, str>,
    },
    /// There is no such file, or no such database on the server.
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
    /// The file that is to be opened is no SQLite database (SQLITE_NOTADB).
    #[error("{path} is not a SQLite database")]
    NotADatabase {
        /// The file's path.
        path: String,
    },
    /// The schema is not there, or not the one of this application.
    #[error("the schema is not migrated: {reason}; run the migrations, then open the store again")]
    NotMigrated {
        /// What is missing.
        reason: String,
    },
    /// The schema is not the one that the application was built for.
    #[error("the schema is not the one that this application was built for: {reason}")]
    SchemaDiffers {
        /// Which migrations are missing or unknown, or that it was changed by other means.
        reason: String,
    },
    /// A migration failed, and was rolled back.
    #[error("the migrations were not applied: {reason}")]
    Migration {
        /// Which, and why.
        reason: String,
    },
    /// A connection does not have a setting that correctness depends on, or the database is in another encoding than
    /// UTF-8.
    #[error("{}", setting(name, wanted, found))]
    Setting {
        /// The setting.
        name: &'static str,
        /// What it should be.
        wanted: String,
        /// What it is.
        found: String,
    },
    /// Something between the store and Postgres does not keep one server connection for each of the store's.
    #[error("a connection pooler stands before the database: {reason}")]
    Pooler {
        /// What it does, and what to set.
        reason: Cow<'static, str>,
    },

    // ---- programming errors ----------------------------------------------------------------------
    /// The unit of work failed before, or has ended: nothing more can be done in it.
    #[error("the unit of work is over: {reason}")]
    UnitEnded {
        /// Why.
        reason: &'static str,
    },
    /// The statement does not fit the live schema.
    #[error("the statement does not fit the schema: {reason}")]
    SchemaMismatch {
        /// The database's words, which name schema objects.
        reason: String,
    },
    /// More parameters, terms or depth than the engine takes.
    #[error("the statement is too large for the engine")]
    StatementTooLarge,
    /// A stored value is not of the column's type.
    #[error("the value stored in {column} cannot be read as its type")]
    Decode {
        /// The column.
        column: Cow<'static, str>,
    },
    /// Anything else; the code and the driver's message tell more.
    #[error("internal error")]
    Internal,
}

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReason {
    /// U+0000 in a text, which Postgres cannot store.
    #[error("it contains the NUL character")]
    NulCharacter,
    /// More bytes than both engines take: [`MAX_BYTES`](crate::record::MAX_BYTES), or what an index of
    /// Postgres holds ([`Table::most_bytes`](crate::domain::Table::most_bytes)), on both engines.
    #[error("it is longer than {max_bytes} bytes")]
    TooLong {
        /// The most.
        max_bytes: usize,
    },
    /// More characters than the record allows: `#[record(max_chars = ..)]`.
    #[error("it is longer than {max_chars} characters")]
    TooManyCharacters {
        /// The most, counted in code points.
        max_chars: usize,
    },
    /// A year that one engine cannot order or read.
    #[error("its year is not between 1 and 9999")]
    YearOutOfRange,
    /// NaN or an infinity.
    #[error("it is not a finite number")]
    NotFinite,
    /// The database refused it by its type or range.
    #[error("the database refused it")]
    Refused,
}

/// In what a row differs from what the caller expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConflictReason {
    /// It has another version.
    #[error("has version {actual}, not {expected}")]
    Version {
        /// What the caller saw.
        expected: i64,
        /// What is stored.
        actual: i64,
    },
    /// It exists with other contents, and the caller knew of no version.
    #[error("exists with other contents")]
    Exists,
    /// It is deleted.
    #[error("is deleted")]
    Deleted,
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
        // It is part of the file, and of the database.
        "encoding" => "; copy the data into a new file: sqlite3 old.db .dump | sqlite3 new.db",
        "server_encoding" => {
            "; copy the data into a database that is made with CREATE DATABASE .. ENCODING 'UTF8' TEMPLATE template0"
        }
        _ => "",
    };
    format!("the connection's setting {name} is {found}, not {wanted}{what_to_do}")
}

fn check(table: Option<&str>, constraint: Option<&str>) -> String {
    let table = table.unwrap_or("the row");
    match constraint {
        Some(constraint) => format!("the check {constraint} of {table} is violated"),
        None => format!("a check of {table} is violated"),
    }
}
