//! What the engines do differently, where the same call still gives the same answer.

use crate::model::engine::Engine;

/// What one engine does in its own way: one field for each difference that a caller can notice, in time
/// taken or in what waits for what. The suite shows each of them on both engines.
///
/// What an engine cannot do at all is no field here: it is an
/// [`Unsupported`](crate::ErrorKind::Unsupported), on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// How many units of work write at the same time. Further ones wait, in the order in which they came,
    /// as long as [`acquire_timeout`](crate::StoreOptions::acquire_timeout) in this process and
    /// [`lock_timeout`](crate::StoreOptions::lock_timeout) for another.
    pub writers: Writers,
    /// How a unit that writes is isolated when nothing is said.
    /// `Writing::serializable` asks for the strongest.
    pub isolation: Isolation,
    /// What [`lock`](crate::Repository::lock) holds against other writers.
    pub locks: Locks,
    /// Who keeps a statement to [`statement_timeout`](crate::StoreOptions::statement_timeout).
    pub statement_clock: Timekeeper,
    /// Whether the database itself keeps owners apart, beside the predicate in every statement.
    pub row_level_security: bool,
    /// Whether the database ends a unit that waits too long for its next statement
    /// ([`ConnectionLost`](crate::ErrorKind::ConnectionLost)). Otherwise it goes on, and who wants to write
    /// waits for it.
    pub ends_idle_units: bool,
    /// Whether a table that is being migrated keeps its readers waiting.
    pub migrations_block_readers: bool,
    /// Whether a database can be kept in memory, for one store.
    pub in_memory: bool,
}

/// How many units of work write at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// One.
    One,
    /// As many as there are connections, on different rows.
    Many,
}

/// How a unit that writes is isolated from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it began. What was read may have changed since;
    /// versions and [`lock`](crate::Repository::lock) are for that.
    ReadCommitted,
    /// As if no other unit ran at the same time.
    Serializable,
}

/// What a lock holds against other writers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locks {
    /// The rows that are locked.
    Rows,
    /// The whole database, from the beginning of the unit.
    Database,
}

/// Who watches the time of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timekeeper {
    /// The server. Waiting for a lock counts.
    Server,
    /// The library, between two steps of the engine. The wait for a lock is not cut short.
    Library,
}

impl Engine {
    /// What the engine does in its own way.
    pub const fn capabilities(self) -> Capabilities {
        match self {
            Engine::Sqlite => Capabilities {
                writers: Writers::One,
                isolation: Isolation::Serializable,
                locks: Locks::Database,
                statement_clock: Timekeeper::Library,
                row_level_security: false,
                ends_idle_units: false,
                migrations_block_readers: false,
                in_memory: true,
            },
            Engine::Postgres => Capabilities {
                writers: Writers::Many,
                isolation: Isolation::ReadCommitted,
                locks: Locks::Rows,
                statement_clock: Timekeeper::Server,
                row_level_security: true,
                ends_idle_units: true,
                migrations_block_readers: true,
                in_memory: false,
            },
        }
    }
}
