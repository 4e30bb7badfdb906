//! The role on whose behalf the application works, so that row level security binds it.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
