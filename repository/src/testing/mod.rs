//! What a user's own tests run on: real databases that exist for one test.
//!
//! [`EphemeralDatabase`] is a SQLite file or a Postgres database, migrated, empty, seen by nobody
//! else, and gone when it is dropped:
//!
//! ```no_run
//! # use sea_orm_migration::{MigrationTrait, MigratorTrait};
//! # struct Migrator;
//! # impl MigratorTrait for Migrator {
//! #     fn migrations() -> Vec<Box<dyn MigrationTrait>> { Vec::new() }
//! # }
//! # #[cfg(feature = "sqlite")]
//! # async fn example() -> Result<(), catamaran::testing::TestError> {
//! use catamaran::testing::EphemeralDatabase;
//!
//! let database = EphemeralDatabase::sqlite_file::<Migrator>().await?;
//! println!("{}", database.url()); // sqlite:///tmp/catamaran-sqlite-…/database.sqlite
//! # Ok(())
//! # }
//! ```
//!
//! Migrations run once, into a template; each test gets a copy. The Postgres server is the one that
//! [`POSTGRES_URL_VARIABLE`] names, else one that the test process starts for itself from the
//! binaries on this machine, and that dies with the process, whatever ends it.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod database;
mod error;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod template;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod twin;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use database::{DatabaseOptions, EphemeralDatabase};
pub use error::TestError;
#[cfg(feature = "postgres")]
pub use postgres::{Collation, Locale, POSTGRES_URL_VARIABLE, PostgresServer};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use twin::{Target, TwinDatabase, run_on};

pub use catamaran_macros::twin_test;
