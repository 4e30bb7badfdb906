//! Creates `habit_entries`: what was done for a habit on a day, one live row for each habit and day.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
