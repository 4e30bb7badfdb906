//! Say here why the schema changes.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
