//! Creates `habits`, which the other tables reference.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
