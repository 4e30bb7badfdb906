//! Where the engines differ although the same call returns the same result.

use crate::model::engine::Engine;

/// The differences of one engine that a caller can notice in timing, isolation or blocking.
///
/// Each field has a test that runs on both engines. A call that one engine cannot make has no field here: it is
/// [`Unsupported`](crate::ErrorKind::Unsupported) on both.
///
/// ```
/// use catamaran::Engine;
/// use catamaran::capabilities::Writers;
///
/// assert_eq!(Engine::Sqlite.capabilities().writers, Writers::One);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// How many units of work write at the same time. Others wait in arrival order: up to
    /// [`acquire_timeout`](crate::StoreOptions::acquire_timeout) for a unit of this process, and up to
    /// [`lock_timeout`](crate::StoreOptions::lock_timeout) for another process.
    pub writers: Writers,
    /// The default isolation of a write unit. `Writing::serializable` asks for the strongest.
    pub isolation: Isolation,
    /// What [`lock`](crate::Repository::lock) locks.
    pub locks: Locks,
    /// Which side enforces [`statement_timeout`](crate::StoreOptions::statement_timeout).
    pub statement_clock: Timekeeper,
    /// Whether the database enforces owners as well, in addition to the predicate in every statement.
    pub row_level_security: bool,
    /// Whether the database ends a unit that is idle for too long between two statements
    /// ([`ConnectionLost`](crate::ErrorKind::ConnectionLost)). Otherwise the unit stays open, and other writers wait.
    pub ends_idle_units: bool,
    /// Whether a migration of a table blocks its readers.
    pub migrations_block_readers: bool,
    /// Whether a store can use an in-memory database, which no other store sees.
    pub in_memory: bool,
}

/// How many units of work write at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// One.
    One,
    /// As many as there are connections. Two that write the same row still wait for each other.
    Many,
}

/// How a write unit is isolated from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it began. A row may change after it was read: use versions or
    /// [`lock`](crate::Repository::lock).
    ReadCommitted,
    /// The outcome is as if units ran one after the other.
    Serializable,
}

/// What a lock covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locks {
    /// The rows that were named.
    Rows,
    /// The whole database, from the start of the unit.
    Database,
}

/// Which side enforces the time limit of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timekeeper {
    /// The server. Time spent waiting for a lock counts.
    Server,
    /// The library, between two steps of the engine. A wait for a lock is not interrupted.
    Library,
}

impl Engine {
    /// The differences of this engine.
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
