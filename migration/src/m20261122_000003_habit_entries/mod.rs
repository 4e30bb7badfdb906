//! What was done for a habit on a day: one live row per habit and day.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
