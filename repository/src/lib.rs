//! A repository trait for applications that store the same records in SQLite or in Postgres.
//!
//! An application writes to [`Repository<R>`](Repository), and opens a `Store` by URL. Each engine keeps its own
//! native schema: ordinary SeaORM entities, written by hand. [`#[derive(Record)]`](derive@Record) maps both entities to
//! one plain struct, and a difference between the three does not compile.
//!
//! # When to use it
//!
//! Use it for an application that runs on SQLite in one deployment and on Postgres in another, such as a desktop
//! program that also has a hosted edition. Both engines return the same values, in the same order, with the same
//! errors, and each schema uses what its engine has: `STRICT` tables on SQLite; `uuid`, `timestamptz` and row level
//! security on Postgres.
//!
//! With one engine alone, SeaORM or sqlx needs less code. Nothing copies data from one engine to the other.
//!
//! # Highlights
//!
//! 1. One object-safe trait, [`Repository`], with typed filters, keyset pages, streams, bulk writes and upserts.
//! 2. Optimistic locking by version, soft delete and timestamps, for each record that declares the columns.
//! 3. Owners: a [`Scope`] adds the owner to each statement on a table with owners. On Postgres, row level security
//!    enforces it as well.
//! 4. Units of work with savepoints, retries and idempotency keys.
//! 5. One [`Error`] type whose [`ErrorKind`] is the same on both engines.
//! 6. Migrations with a branch for each engine. A batch is atomic, and only one migrator runs at a time.
//! 7. A drift checker that compares records, entities, migrations and live databases, and prints the SQL that fixes a
//!    difference.
//! 8. Tests that run on both engines, each on a database of its own.
//! 9. Custom SQL and SeaORM queries in the same transaction. On Postgres, row level security applies to them too; on
//!    SQLite they filter by owner themselves.
//!
//! # A tour
//!
//! A *domain* is a constant that names every table, column and constraint. A *record* is the struct that the
//! application uses. Its *twins* are the two entities. One small table looks like this:
//!
//! ```
#![doc = include_str!("../doc/note.rs")]
//! # fn main() {}
//! ```
//!
//! A *store* is an open database. A repository works in a [`Scope`]: one owner, or the system with a stated reason.
//! (Notes have no owner, so both scopes see the same rows.)
//!
//! ```
//! # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
//! # use demo::{Note, NoteDraft, NotePatch};
//! # #[cfg(all(feature = "sqlite", feature = "migrate"))]
//! # use demo::migration::History;
//! use catamaran::{Expected, PageRequest, Scope, StoreOptions, Upsert, Upserted};
//!
//! # #[cfg(all(feature = "sqlite", feature = "migrate"))]
//! # #[tokio::main]
//! # async fn main() -> catamaran::Result<()> {
//! let store = StoreOptions::new("sqlite::memory:")
//!     .migrate::<History>()
//!     .open()
//!     .await?;
//! let notes = store.repository::<Note>(&Scope::system("a tour of the library"));
//!
//! // Drafts go in, records come out.
//! let hull = notes.insert(NoteDraft::new("hull").stars(5)).await?;
//! let deck = notes.insert(NoteDraft::new("deck")).await?;
//!
//! // Filters and orders are made of typed columns; pages are read by cursor.
//! let query = Note::TITLE.ne("mast").order_by(Note::STARS.desc());
//! let page = notes.list(&query, PageRequest::first(1)).await?;
//! assert_eq!(page.items, [hull.clone()]);
//! let next = page.next.ok_or(catamaran::ErrorKind::Internal)?;
//! let page = notes.list(&query, PageRequest::after(1, next)).await?;
//! assert_eq!(page.items, [deck.clone()]);
//!
//! // A patch changes some columns; an upsert returns what it did.
//! notes.patch(deck.id, Expected::Any, NotePatch::new().stars(4)).await?;
//! let again = notes.upsert(Upsert::seen(hull)).await?;
//! assert!(matches!(again, Upserted::Unchanged(_)));
//!
//! // A unit of work is one transaction.
//! let both = store
//!     .write(&Scope::system("a tour of the library"), async |unit| {
//!         let notes = unit.repository::<Note>();
//!         notes.insert(NoteDraft::new("port")).await?;
//!         notes.insert(NoteDraft::new("starboard")).await
//!     })
//!     .await?;
//! assert_eq!(both.title, "starboard");
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "sqlite", feature = "migrate")))]
//! # fn main() {}
//! ```
//!
//! # Errors
//!
//! Every call of a repository, a unit or a store returns the same [`Error`]. Its [`kind`](Error::kind) is what a caller
//! matches on, and [`is_retryable`](Error::is_retryable) reports whether the whole unit may run again. A missing row is
//! `Ok(None)` from [`find`](Repository::find), and [`NotFound`](ErrorKind::NotFound) from a call that needs the row.
//! Messages contain no values of rows and no passwords.
//!
//! # Features
//!
//! | feature | what it compiles | needs |
//! | --- | --- | --- |
//! | `sqlite` (default) | SQLite through sqlx. Its C source is compiled in | |
//! | `postgres` (default) | Postgres 15 or newer through sqlx | |
//! | `migrate` | the module `migrate`, on `sea-orm-migration` | |
//! | `fingerprint` | a check when a store opens that the schema is the one the application was built for | `migrate` |
//! | `testing` | the module `testing`: databases for one test each, and `#[twin_test]` | `migrate` |
//! | `doctor` | the module `doctor`: the drift checker | `fingerprint`, `testing` |
//! | `cli` | the module `cli`: the command line of a migration binary | `doctor` |
//!
//! Without an engine, the crate still builds and can print the SQL of migrations.
//!
//! # Modules
//!
//! - [`domain`]: the constant that names the tables, and the matrix of equivalent column types.
//! - [`record`]: the traits behind the derive, for newtypes and generic code.
//! - [`query`]: comparisons of filters that generic code builds.
//! - [`capabilities`]: where the engines differ although a call returns the same result.
//! - [`mod@unit`]: repositories and units of work of one engine, for custom SQL and SeaORM queries.
#![cfg_attr(
    feature = "sqlite",
    doc = "- [`sqlite`]: column types, rows and repositories of SQLite."
)]
#![cfg_attr(
    feature = "postgres",
    doc = "- [`postgres`]: rows and repositories of Postgres."
)]
#![cfg_attr(
    feature = "migrate",
    doc = "- [`migrate`]: migrations, and plans of them without a database."
)]
#![cfg_attr(
    feature = "fingerprint",
    doc = "- [`fingerprint`]: the digest of a schema that a store checks when it opens."
)]
#![cfg_attr(feature = "testing", doc = "- [`testing`]: databases for tests.")]
#![cfg_attr(feature = "doctor", doc = "- [`doctor`]: the drift checker.")]
#![cfg_attr(
    feature = "cli",
    doc = "- [`cli`]: the subcommands of a migration binary."
)]
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(
        dead_code,
        unused_imports,
        unused_macros,
        unused_variables,
        reason = "a build without an engine only plans migrations"
    )
)]

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "doctor")]
pub mod doctor;
mod driver;
#[cfg(feature = "fingerprint")]
#[cfg_attr(
    not(feature = "doctor"),
    allow(
        dead_code,
        reason = "the fixes are computed with the findings; only the doctor prints them"
    )
)]
pub mod fingerprint;
#[cfg(feature = "migrate")]
pub mod migrate;
mod model;
mod operation;
mod session;
mod sql;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod unit;

// Records, and the domain that names their tables.
#[doc(inline)]
pub use crate::__table as table;
pub use catamaran_macros::{Record, RecordEnum};
pub use model::domain;
pub use model::domain::Domain;
pub use model::record::Record;

// Opening a store.
pub use driver::Synchronous;
#[cfg(feature = "fingerprint")]
pub use fingerprint::Fingerprint;
pub use model::engine::Engine;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use store::Store;
pub use store::StoreOptions;

// Reading and writing rows.
pub use model::query::{
    Column, Cursor, Filter, MAX_PAGE_SIZE, Nulls, Order, Page, PageRequest, Query, Visibility,
};
pub use model::repository::{Expected, Repository, Upsert, Upserted};
pub use model::scope::Scope;

// Units of work.
pub use model::retry::{RepositoryExt, Retry};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use store::{OnceOutcome, Writing};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use unit::any_unit::Unit;
pub use unit::idempotency::OPERATION_KEYS;

// Errors.
pub use model::error::{ConflictReason, Error, ErrorKind, InvalidReason, Result};
pub use model::key::Key;

// Custom SQL, and what differs between the engines.
pub use model::capabilities;
pub use model::capabilities::Capabilities;
pub use model::value::{Numeric, Value};
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresRepository};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteRepository};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use unit::any_repository::AnyRepository;

// Time and ids, which tests replace.
pub use model::clock::{Clock, IdSource, SystemClock, UuidV7};

pub mod query {
    //! Comparisons of filters that are built by a column's position: [`Filter::compare`](crate::Filter::compare) and
    //! [`Filter::matches`](crate::Filter::matches).

    pub use crate::model::query::{Comparison, TextMatch};
}

pub mod record {
    //! The traits behind [`#[derive(Record)]`](derive@crate::Record), for newtypes of columns and for generic code.
    //!
    //! The derive implements [`trait@Record`] and, for each engine, [`Twin`]. [`#[derive(Field)]`](derive@Field) makes a
    //! type of the application's own one of a column. Bound a generic function by `Stored` to accept every record that a
    //! store can hold.
    //!
    //! # Types of your own
    //!
    //! A newtype is stored as the type that it wraps. With `try_from`, not every stored value is one of it:
    //!
    //! ```
    //! use catamaran::record::Field;
    //!
    //! #[derive(Clone, Debug, PartialEq, Field)]
    //! struct Title(String);
    //!
    //! #[derive(Clone, Debug, PartialEq, Field)]
    //! #[field(try_from)]
    //! struct Email(String);
    //!
    //! impl TryFrom<String> for Email {
    //!     type Error = &'static str;
    //!
    //!     fn try_from(text: String) -> Result<Self, Self::Error> {
    //!         match text.contains('@') {
    //!             true => Ok(Email(text.to_lowercase())),
    //!             false => Err("it has no @"),
    //!         }
    //!     }
    //! }
    //!
    //! let mut email = Email("ada".to_owned());
    //! let refused = email.canonicalise(catamaran::record::MAX_BYTES).expect_err("no @");
    //! assert_eq!(refused.to_string(), "it has no @");
    //! ```
    //!
    //! A type that is no newtype names the type that is stored:
    //!
    //! ```
    //! use std::net::{AddrParseError, IpAddr};
    //!
    //! use catamaran::record::Field;
    //!
    //! #[derive(Clone, Debug, PartialEq, Field)]
    //! #[field(try_from = String)]
    //! struct Address(IpAddr);
    //!
    //! impl TryFrom<String> for Address {
    //!     type Error = AddrParseError;
    //!
    //!     fn try_from(text: String) -> Result<Self, Self::Error> {
    //!         text.parse().map(Address)
    //!     }
    //! }
    //!
    //! impl From<Address> for String {
    //!     fn from(address: Address) -> Self {
    //!         address.0.to_string()
    //!     }
    //! }
    //! ```
    //!
    //! # Enums
    //!
    //! An enum without fields is stored as a text or a number, in a column with a check that lists the values:
    //!
    //! ```
    //! use catamaran::RecordEnum;
    //! use catamaran::record::Field;
    //!
    //! #[derive(Clone, Copy, Debug, PartialEq, Eq, RecordEnum)]
    //! #[record_enum(rename_all = "snake_case")]
    //! enum Role {
    //!     Owner,
    //!     #[record_enum(rename = "reader")]
    //!     ReadOnly,
    //! }
    //!
    //! #[derive(Clone, Copy, Debug, PartialEq, Eq, RecordEnum)]
    //! #[record_enum(repr = i32)]
    //! enum Kind {
    //!     Login = 1,
    //!     Note = 2,
    //! }
    //!
    //! assert_eq!(Role::ReadOnly.to_value(), "reader".to_owned().to_value());
    //! assert_eq!(Kind::Note.to_value(), 2.to_value());
    //! ```

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub use crate::driver::Stored;
    pub use crate::driver::{Dialect, Twin};
    pub use crate::model::record::{Change, ColumnSpec, FIRST_VERSION, Managed, Record, Stamp};
    pub use crate::model::record_id::RecordId;
    pub use crate::model::value::{
        AnyNumeric, Field, Json, MAX_BYTES, MAX_COLUMN_BYTES, MAX_JSON_BYTES, MAX_JSON_DEPTH,
        MAX_PRECISION, MAX_ROW_BYTES, Native, Type, Variants, class,
    };
    pub use catamaran_macros::Field;
}

/// SQLite: column types for entities, rows, repositories and units of work.
#[cfg(feature = "sqlite")]
pub mod sqlite {
    pub use crate::driver::sqlite::{
        FromColumn, IntegerNumeric, Row, Sqlite, TextDate, TextId, TextTime, TextTimeOfDay,
    };
    pub use crate::unit::native_repository::SqliteRepository;
    pub use crate::unit::native_unit::SqliteUnit;
}

/// Postgres: rows, repositories, units of work, and the defaults of a connection.
#[cfg(feature = "postgres")]
pub mod postgres {
    pub use crate::driver::postgres::{FromColumn, Postgres, Row};
    pub use crate::driver::{DEFAULT_APPLICATION_ROLE, DEFAULT_SCHEMA};
    pub use crate::unit::native_repository::PostgresRepository;
    pub use crate::unit::native_unit::PostgresUnit;
}

/// Used by the derive: compiles its items only with the feature `sqlite`.
#[cfg(feature = "sqlite")]
#[doc(hidden)]
#[macro_export]
macro_rules! __sqlite {
    ($($item:item)*) => { $($item)* };
}
/// Used by the derive: compiles its items only with the feature `sqlite`.
#[cfg(not(feature = "sqlite"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __sqlite {
    ($($item:item)*) => {};
}
/// Used by the derive: compiles its items only with the feature `postgres`.
#[cfg(feature = "postgres")]
#[doc(hidden)]
#[macro_export]
macro_rules! __postgres {
    ($($item:item)*) => { $($item)* };
}
/// Used by the derive: compiles its items only with the feature `postgres`.
#[cfg(not(feature = "postgres"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __postgres {
    ($($item:item)*) => {};
}

/// Used by the derive only.
#[doc(hidden)]
pub mod __private {
    pub use crate::model::convention as table;
    pub use crate::model::derive::{
        Checked, ColumnType, Is, Time, Values, WholeKey, assert_generated, assert_generated_column,
        assert_key, assert_key_column, assert_max_bytes, assert_not_indexed, assert_owner,
        assert_row_bytes, assert_text, canonical, canonical_value, change, decoded, default,
        needed_id, no_id, refused,
    };
    pub use crate::model::value::{no_variant, variants};
    pub use crate::sql::Statements;
    pub use chrono;
    #[cfg(feature = "sqlite")]
    pub use rusqlite::types::ValueRef as SqliteValue;
    pub use sea_orm;
    #[cfg(feature = "postgres")]
    pub use sqlx::postgres::PgValueRef as PostgresValue;
    pub use uuid;
}
