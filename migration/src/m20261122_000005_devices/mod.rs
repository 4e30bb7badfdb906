//! Creates `devices`: the devices of an owner, and when each last synchronised.

mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
