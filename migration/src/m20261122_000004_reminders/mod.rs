//! Creates `reminders`: the times at which owners are reminded of a habit.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
