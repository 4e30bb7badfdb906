//! The idempotency keys of units of work that were committed.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
