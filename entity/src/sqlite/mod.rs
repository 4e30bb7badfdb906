//! The SeaORM entities of the tables on SQLite.

pub mod device;
pub mod entry;
pub mod habit;
pub mod operation_key;
pub mod outbox;
pub mod reminder;
