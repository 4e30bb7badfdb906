//! One repository trait over two native schemas: SQLite here, Postgres there.
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
mod clock;
mod dialect;
pub mod domain;
mod engine;
mod error;
#[cfg(feature = "migrate")]
pub mod migrate;
mod native;
mod operation;
mod options;
mod pool;
#[cfg(feature = "postgres")]
pub mod postgres;
mod query;
mod record;
mod repository;
mod schema;
mod scope;
mod session;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod statement;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod unit;
mod value;

pub use catamaran_macros::Record;
pub use clock::{Clock, IdSource, SystemClock, UuidV7};
pub use dialect::Dialect;
pub use domain::Domain;
pub use engine::Engine;
pub use error::{ConflictReason, Error, ErrorKind, InvalidReason, Result};
pub use native::NativeRepository;
pub use options::{DEFAULT_APPLICATION_ROLE, StoreOptions, Synchronous};
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresRepository};
pub use query::{
    Column, Cursor, Filter, MAX_PAGE_SIZE, Nulls, Order, Page, PageRequest, Query, Visibility,
};
pub use record::{Change, ColumnSpec, FIRST_VERSION, Managed, Record, Stamp, Twin};
pub use repository::{Expected, Repository, Upsert, Upserted};
pub use scope::Scope;
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteRepository};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use store::{AnyRepository, Store, Stored, Unit};
pub use unit::{NativeUnit, SeaOrm};
pub use value::{Field, MAX_BYTES, Native, Type, Value};

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
    pub use crate::record::{canonical, change, default};
    pub use crate::statement::Statements;
    pub use chrono;
    pub use sea_orm;
    pub use uuid;
}
