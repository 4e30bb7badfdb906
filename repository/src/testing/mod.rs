//! A test kit for applications: real databases, each for one test.
//!
//! `EphemeralDatabase` is a SQLite file or a Postgres database. It is migrated, empty, used by one test, and removed
//! when it is dropped:
//!
//! ```no_run
//! # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
//! # use demo::migration::History;
//! # #[cfg(feature = "sqlite")]
//! # async fn example() -> Result<(), catamaran::testing::TestError> {
//! use catamaran::testing::EphemeralDatabase;
//!
//! let database = EphemeralDatabase::sqlite_file::<History>().await?;
//! println!("{}", database.url()); // sqlite:///tmp/catamaran-sqlite-…/database.sqlite
//! # Ok(())
//! # }
//! ```
//!
//! [`#[twin_test]`](macro@twin_test) runs one async test body on both engines, each time with a new database:
//!
//! ```
//! # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
//! # use demo::{Note, NoteDraft, migration::History};
//! use catamaran::Scope;
//! use catamaran::testing::{TwinDatabase, twin_test};
//!
//! #[twin_test(History)]
//! async fn a_new_note_is_found(db: &TwinDatabase) -> catamaran::Result<()> {
//!     let notes = db.store().repository::<Note>(&Scope::system("a test"));
//!     let note = notes.insert(NoteDraft::new("hull")).await?;
//!     assert_eq!(notes.find(note.id).await?, Some(note));
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! Migrations run once, in a template; each test gets a copy of it.
//!
//! `CATAMARAN_TEST_POSTGRES_URL` names the Postgres server. Without it, the test process starts a server from the
//! binaries on this machine. That server stops when the process ends, however it ends.

#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod agree;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod database;
mod error;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod folder;
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

#[cfg(all(feature = "sqlite", feature = "postgres"))]
pub use agree::{
    AgreeError, Divergence, EnginesAgree, OPERATIONS_VARIABLE, Replay, SEED_VARIABLE, Stop,
    Summary, replay, with_other_byte,
};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use database::{DatabaseOptions, EphemeralDatabase};
pub use error::TestError;
#[cfg(feature = "postgres")]
pub use postgres::{Collation, Locale, POSTGRES_URL_VARIABLE, PostgresServer};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use twin::{Target, TwinDatabase, run_on};

pub use catamaran_macros::twin_test;
