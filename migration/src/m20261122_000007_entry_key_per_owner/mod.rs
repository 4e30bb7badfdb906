//! Adds the owner to the unique key of `habit_entries`.
//!
//! Without the owner, the key leaked whether another owner had an entry. An insert for that owner's habit broke the
//! unique key if there was an entry on the day, and the foreign key if there was none. With the owner, such an insert
//! always breaks the foreign key.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
