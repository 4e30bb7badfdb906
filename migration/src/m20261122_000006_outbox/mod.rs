//! What a local database still has to send to the remote one.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
