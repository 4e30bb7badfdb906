//! The settings in which the workloads run.

use catamaran::{Engine, Synchronous};
use serde::{Deserialize, Serialize};

use crate::workload::Workload;

/// An engine, how it writes, and how far away it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setting {
    /// SQLite with synchronous=NORMAL.
    Sqlite,
    /// SQLite with synchronous=FULL.
    SqliteFull,
    /// Postgres over loopback.
    Postgres,
    /// Postgres over a link with 0.5 ms each way.
    PostgresDelayed,
}

impl Setting {
    /// Those of an engine.
    pub const fn of(engine: Engine) -> &'static [Setting] {
        match engine {
            Engine::Sqlite => &[Setting::Sqlite, Setting::SqliteFull],
            Engine::Postgres => &[Setting::Postgres, Setting::PostgresDelayed],
        }
    }

    /// The engine.
    pub const fn engine(self) -> Engine {
        match self {
            Setting::Sqlite | Setting::SqliteFull => Engine::Sqlite,
            Setting::Postgres | Setting::PostgresDelayed => Engine::Postgres,
        }
    }

    /// Whether the workload is measured in it.
    pub fn has(self, workload: Workload) -> bool {
        match self {
            Setting::Sqlite => workload != Workload::GetAsOwner,
            // Waiting for the disk matters only to commits, and most to those of many tasks.
            Setting::SqliteFull => workload == Workload::Inserters,
            Setting::Postgres => workload != Workload::Inserters,
            Setting::PostgresDelayed => {
                workload != Workload::Inserters && !workload.has_ticker()
                    || workload == Workload::Mixture
            }
        }
    }

    /// What a commit on SQLite waits for.
    pub(crate) const fn synchronous(self) -> &'static str {
        match self {
            Setting::SqliteFull => "FULL",
            _ => "NORMAL",
        }
    }

    /// The same for Catamaran.
    pub(crate) const fn durability(self) -> Synchronous {
        match self {
            Setting::SqliteFull => Synchronous::Full,
            _ => Synchronous::Normal,
        }
    }
}
