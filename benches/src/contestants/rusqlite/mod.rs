//! The floor on SQLite: rusqlite with prepared statements, on threads of its own and called in place.

mod calls;
mod in_place;
mod threads;

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

pub(crate) use in_place::InPlace;
pub(crate) use threads::Threads;

use crate::contestant::Outcome;

/// Reading connections, beside the one that writes: as many as Catamaran's default.
const READERS: usize = 4;

/// More than there are statements.
const STATEMENTS: usize = 32;

fn connect(path: &Path, synchronous: &str, cache: &str) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "cache_size", cache)?;
    Ok(connection)
}
