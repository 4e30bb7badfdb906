//! Creates the role that the application uses, which row level security binds.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
