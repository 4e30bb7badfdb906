//! Migrations: one history, with scripts in the SQL of each engine, applied atomically.
//!
//! A [`TwinMigration`] has the SQL of both engines, up and down. No method has a default, so a migration without one of
//! them does not compile. A [`History`] lists the migrations in order. [`Migrator<H>`](Migrator) is that history as a
//! SeaORM migrator, so SeaORM's command line, `status` and `get_pending_migrations` work unchanged.
//!
//! A batch of migrations runs in this way:
//!
//! | | SQLite | Postgres |
//! | --- | --- | --- |
//! | atomic | the whole batch in one transaction | the same |
//! | lock | `BEGIN IMMEDIATE` | `pg_try_advisory_xact_lock` inside the transaction |
//! | longest wait | 60 s for the lock | 60 s for the lock, then 10 s for each table lock |
//! | foreign keys | off, on a connection of its own; checked before and after the batch | enforced |
//! | row level security | does not exist | `row_security = off`: a statement whose rows a policy would filter fails |
//!
//! Both locks belong to the transaction, so they end with the connection and with its process.
//!
//! A script must not control its transaction, and what it sets ends with it ([`Script`]). Statements that cannot run inside
//! a transaction (`VACUUM`, `CREATE INDEX CONCURRENTLY`) are in a migration of their own, which splits the batch
//! ([`Script::outside_transaction`]). On Postgres a connection of its own then holds the lock with `pg_advisory_lock`.
//!
//! A [data migration](data::v1) has steps in Rust, which read and write rows in batches on both engines.
//!
//! [`Script::baseline`] takes the dump of an existing database.
//!
//! [`twin_migration!`](twin_migration) declares a migration in one line, in a module with a file for each engine.
//!
//! A database records the name of each applied migration in SeaORM's table `seaql_migrations`, and the checksum of its
//! text in a second table, `seaql_migrations_checksums`. A history may have [a table of its own](History::table).
//!
//! An application calls [`up`] with a URL. [`Plan`] prints the SQL of either engine for review, without a database.
//!
//! ```
//! use catamaran::Engine;
//! use catamaran::migrate::{History, Migrator, Plan, Script, TwinMigration};
//!
//! struct CreateNote;
//!
//! impl TwinMigration for CreateNote {
//!     fn name(&self) -> &'static str {
//!         "m20260101_000001_create_note"
//!     }
//!     fn sqlite_up(&self) -> Script {
//!         Script::new().sql("CREATE TABLE note (body TEXT NOT NULL) STRICT")
//!     }
//!     fn sqlite_down(&self) -> Script {
//!         Script::new().sql("DROP TABLE note")
//!     }
//!     fn postgres_up(&self) -> Script {
//!         Script::new().sql("CREATE TABLE note (body text COLLATE \"C\" NOT NULL)")
//!     }
//!     fn postgres_down(&self) -> Script {
//!         Script::new().sql("DROP TABLE note")
//!     }
//! }
//!
//! pub struct Notes;
//!
//! impl History for Notes {
//!     fn migrations() -> Vec<Box<dyn TwinMigration>> {
//!         vec![Box::new(CreateNote)]
//!     }
//! }
//!
//! pub type NoteMigrator = Migrator<Notes>;
//!
//! let plan = Plan::of::<Notes>(Engine::Sqlite)?.to_string();
//! assert!(plan.contains("CREATE TABLE note (body TEXT NOT NULL) STRICT;"));
//! # Ok::<(), catamaran::migrate::MigrateError>(())
//! ```

mod adapter;
mod applied;
#[cfg(feature = "doctor")]
mod baseline;
mod batch;
mod connect;
pub mod data;
mod db_error;
mod declare;
mod direction;
#[cfg(feature = "doctor")]
mod draft;
mod encoding;
mod error;
mod faults;
#[cfg(feature = "sqlite")]
mod foreign_keys;
mod fresh;
mod guard;
mod hash;
mod history;
mod migrator;
mod named;
mod outside;
#[cfg(feature = "postgres")]
mod own_connection;
mod plan;
#[cfg(feature = "postgres")]
mod postgres;
mod report;
mod runner;
mod script;
#[cfg(feature = "sqlite")]
mod sqlite;
mod steps;
mod store;
mod table;
mod transaction;
mod unfinished;

#[cfg(feature = "cli")]
pub(crate) use self::applied::status;
#[cfg(feature = "testing")]
pub(crate) use self::hash::hexadecimal;
#[cfg(feature = "fingerprint")]
pub(crate) use self::named::create_application_role;
#[cfg(feature = "doctor")]
pub(crate) use self::{
    baseline::{count_up_to, record_up_to, unrecorded},
    batch::Batch,
    connect::{connect_to, with_connection},
    draft::run_draft,
    history::checksums,
    named::abbreviated,
    runner::run,
};
pub use self::{
    connect::{ConnectOptions, apply, connect, pending, up, up_with},
    declare::module_name,
    direction::Direction,
    error::{BrokenForeignKey, MigrateError, Violation},
    history::{History, TwinMigration},
    migrator::Migrator,
    plan::Plan,
    report::Report,
    script::Script,
};
#[cfg(feature = "fingerprint")]
pub(crate) use self::{
    db_error::message as database_message, table::HistoryTable, transaction::begin,
};

#[doc(inline)]
pub use crate::__twin_migration as twin_migration;
