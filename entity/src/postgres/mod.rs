//! The SeaORM entities of the tables on Postgres.

pub mod device;
pub mod entry;
pub mod habit;
pub mod operation_key;
pub mod reminder;
