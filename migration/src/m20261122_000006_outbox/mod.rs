//! Creates `outbox`: changes that a local database has not yet sent to the remote one.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
