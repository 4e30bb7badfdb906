//! One repository trait over two native schemas: SQLite here, Postgres there.
//!
//! An application writes to [`Repository<R>`](Repository) and opens a `Store` by URL. Each engine has its own
//! schema behind it: hand-written SeaORM entities, tied to a plain struct by [`#[derive(Record)]`](derive@Record).
//!
//! # A tour
//!
//! A *domain* names everything once; a *record* is what the application uses; its *twins* are the two
//! entities. Here they are for one small table:
//!
//! ```
#![doc = include_str!("../doc/note.rs")]
//! # fn main() {}
//! ```
//!
//! A *store* is an opened database. A repository works in a [`Scope`]: for one owner, or for the system by a
//! named choice. (Notes belong to nobody, so the scope makes no difference here.)
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
//! // A patch changes some columns; an upsert says what it did.
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
//! There is one [`Error`], with an [`ErrorKind`] that callers branch on. The kinds are the same on both engines.
//!
//! # Features
//!
//! - `sqlite` and `postgres` (both on unless told otherwise): the engines.
//! - `migrate`: migrations with a branch for each engine.
//! - `cli`: the command line of a migration binary, with the doctor.
//! - `doctor`: the proof that the two schemas are one, and the `Fingerprint` that a store can insist on.
//! - `testing`: databases for one test each, and `#[twin_test]`.
#![deny(missing_docs)]
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(
        dead_code,
        unused_imports,
        unused_macros,
        unused_variables,
        reason = "a build without an engine can plan migrations, and has nothing to store"
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
mod unit;

pub use catamaran_macros::Record;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use driver::Stored;
pub use driver::Synchronous;
pub use driver::{DEFAULT_APPLICATION_ROLE, DEFAULT_SCHEMA};
pub use driver::{Dialect, row};
#[cfg(feature = "fingerprint")]
pub use fingerprint::Fingerprint;
pub use model::capabilities;
pub use model::capabilities::Capabilities;
pub use model::clock::{Clock, IdSource, SystemClock, UuidV7};
pub use model::domain;
pub use model::domain::Domain;
pub use model::engine::Engine;
pub use model::error::{ConflictReason, Error, ErrorKind, InvalidReason, Result};
pub use model::query::{
    Column, Cursor, Filter, MAX_PAGE_SIZE, Nulls, Order, Page, PageRequest, Query, Visibility,
};
pub use model::record::Record;
pub use model::repository::{Expected, Repository, Upsert, Upserted};
pub use model::retry::{RepositoryExt, Retry};
pub use model::scope::Scope;
pub use model::value::Value;
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresRepository};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteRepository};
pub use store::StoreOptions;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use store::{OnceOutcome, Store, Writing};
pub use unit::idempotency::{OPERATION_KEYS, OPERATION_KEYS_TYPES};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use unit::{AnyRepository, Unit};
pub use unit::{NativeRepository, NativeUnit, SeaOrm};

/// Records: the plain structs that an application uses, and how they map to both entities.
///
/// `#[derive(Record)]` implements [`Record`](trait@record::Record) and, for each engine, [`Twin`](record::Twin). An
/// application names the items of this module when it writes a newtype for a column
/// ([`Field`](record::Field), [`Native`](record::Native)) or code that works on any record.
pub mod record {
    pub use crate::driver::Twin;
    pub use crate::model::record::{Change, ColumnSpec, FIRST_VERSION, Managed, Record, Stamp};
    pub use crate::model::value::{Field, MAX_BYTES, Native, Type};
}

/// The SQLite dialect: its types, its rows, its repositories and units.
#[cfg(feature = "sqlite")]
pub mod sqlite {
    pub use crate::driver::sqlite::{Row, Sqlite, TextDate, TextId, TextTime};
    pub use crate::unit::{SqliteRepository, SqliteUnit};
}

/// The Postgres dialect: its rows, its repositories and units.
#[cfg(feature = "postgres")]
pub mod postgres {
    pub use crate::driver::postgres::{Postgres, Row};
    pub use crate::unit::{PostgresRepository, PostgresUnit};
}

/// Used by the derive: what stands in it is compiled where the feature `sqlite` is on.
#[cfg(feature = "sqlite")]
#[doc(hidden)]
#[macro_export]
macro_rules! __sqlite {
    ($($item:item)*) => { $($item)* };
}
/// Used by the derive: what stands in it is compiled where the feature `sqlite` is on.
#[cfg(not(feature = "sqlite"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __sqlite {
    ($($item:item)*) => {};
}
/// Used by the derive: what stands in it is compiled where the feature `postgres` is on.
#[cfg(feature = "postgres")]
#[doc(hidden)]
#[macro_export]
macro_rules! __postgres {
    ($($item:item)*) => { $($item)* };
}
/// Used by the derive: what stands in it is compiled where the feature `postgres` is on.
#[cfg(not(feature = "postgres"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __postgres {
    ($($item:item)*) => {};
}

/// What the derive needs and nobody else.
#[doc(hidden)]
pub mod __private {
    pub use crate::model::derive::{
        Checked, ColumnType, Is, Time, WholeKey, assert_one_key, assert_owner, assert_text,
        canonical, change, default,
    };
    pub use crate::sql::Statements;
    pub use uuid;
}
