//! Creates the table of the idempotency keys of committed units of work.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
