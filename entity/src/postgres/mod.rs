//! The tables as Postgres has them.

pub mod device;
pub mod entry;
pub mod habit;
pub mod operation_key;
pub mod reminder;
