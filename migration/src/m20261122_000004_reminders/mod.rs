//! When to be reminded of a habit.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
