//! The tables as SQLite has them.

pub mod device;
pub mod entry;
pub mod habit;
pub mod operation_key;
pub mod outbox;
pub mod reminder;
