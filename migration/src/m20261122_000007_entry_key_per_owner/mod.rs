//! One living entry for each owner, habit and day, where the owner was no part of the key.
//!
//! Without the owner in it, the key told who asked: an entry on another owner's habit was a clash of the key
//! if that habit had the day, and a missing parent if it had not. With the owner in it, only an owner's own
//! rows can clash, and another's habit is a missing parent either way.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
