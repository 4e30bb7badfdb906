//! The entities of the tables on SQLite.

pub mod note;
