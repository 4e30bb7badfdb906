//! Creates the ten tables.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
