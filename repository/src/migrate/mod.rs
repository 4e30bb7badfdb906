//! Migrations: one history, two native scripts, no half-applied schema.
//!
//! A [`TwinMigration`] states the SQL of both engines, up and down, and leaves nothing to a default:
//! a migration that lacks a branch does not compile. A [`History`] lists them in order, and
//! [`Migrator<H>`](Migrator) is that history as an ordinary SeaORM migrator, so that SeaORM's command
//! line, `status` and `get_pending_migrations` work on it unchanged. What changes is how a batch runs:
//!
//! | | SQLite | Postgres |
//! | --- | --- | --- |
//! | atomic | the whole batch in one transaction | the same |
//! | one at a time | `BEGIN IMMEDIATE` | `pg_advisory_xact_lock` inside that transaction |
//! | bounded waits | 60 s for the lock | 60 s for the lock, then 10 s for each table lock |
//! | foreign keys | off, on a connection of its own; `foreign_key_check` before the commit | enforced as ever |
//! | row level security | has none | `row_security = off`: a script that a policy would filter fails, it does not quietly skip rows |
//!
//! Both locks belong to their transaction: they die with the connection, and with the process that held it.
//! A script therefore cannot contain what refuses to run inside a transaction (`VACUUM`,
//! `CREATE INDEX CONCURRENTLY`), nor transaction control of its own.
//!
//! The module of a migration with a file for each engine is one line: [`twin_migration!`](twin_migration).
//!
//! An application migrates with [`up`], given a URL; [`Plan`] prints the SQL of either engine for review
//! without a database.
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
mod batch;
mod connect;
mod declare;
mod encoding;
mod error;
mod history;
mod migrator;
mod plan;
#[cfg(feature = "postgres")]
mod postgres;
mod runner;
mod script;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod transaction;

#[cfg(feature = "fingerprint")]
pub(crate) use self::transaction::begin;
#[cfg(feature = "cli")]
pub(crate) use self::{batch::Batch, runner::run};
pub use self::{
    batch::Report,
    connect::{ConnectOptions, apply, connect, pending, up, up_with},
    declare::module_name,
    error::{MigrateError, Violation},
    history::{History, TwinMigration},
    migrator::Migrator,
    plan::Plan,
    script::Script,
};

#[doc(inline)]
pub use crate::__twin_migration as twin_migration;
