//! What a user's own tests run on: real databases that exist for one test.
//!
//! `EphemeralDatabase` is a SQLite file or a Postgres database, migrated, empty, seen by nobody
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
//! [`#[twin_test]`](macro@twin_test) runs one async body on both engines, each time on a database of its own:
//!
//! ```
//! # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
//! # use demo::{Note, NoteDraft};
//! # type Migrator = catamaran::migrate::Migrator<demo::migration::History>;
//! use catamaran::Scope;
//! use catamaran::testing::{TwinDatabase, twin_test};
//!
//! #[twin_test(Migrator)]
//! async fn a_new_note_is_found(db: &TwinDatabase) -> catamaran::Result<()> {
//!     let notes = db.store().repository::<Note>(&Scope::system("a test"));
//!     let note = notes.insert(NoteDraft::new("hull")).await?;
//!     assert_eq!(notes.find(note.id).await?, Some(note));
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! Migrations run once, into a template; each test gets a copy. The Postgres server is the one that
//! `CATAMARAN_TEST_POSTGRES_URL` names, else one that the test process starts for itself from the
//! binaries on this machine, and that dies with the process, whatever ends it.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod database;
mod error;
#[cfg(test)]
mod pools;
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
