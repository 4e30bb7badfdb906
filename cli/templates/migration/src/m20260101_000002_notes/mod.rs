//! Creates `notes`.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
