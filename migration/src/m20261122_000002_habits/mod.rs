//! A habit, the table that the others hang on.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
