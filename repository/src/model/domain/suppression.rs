use std::fmt;

use crate::model::engine::Engine;

/// Where a schema is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The domain, with the records.
    Domain,
    /// The entities of an engine.
    Entities(Engine),
    /// What the migrations build on an engine, in a scratch database.
    Migrations(Engine),
    /// A database that is there, of an engine.
    Database(Engine),
}

impl Place {
    /// The engine of the place; the domain has none.
    pub const fn engine(self) -> Option<Engine> {
        match self {
            Place::Domain => None,
            Place::Entities(engine) | Place::Migrations(engine) | Place::Database(engine) => {
                Some(engine)
            }
        }
    }

    /// Whether it is a real database.
    pub const fn is_database(self) -> bool {
        matches!(self, Place::Migrations(_) | Place::Database(_))
    }

    /// Whether it is a database that is there, with somebody's rows.
    pub const fn is_live(self) -> bool {
        matches!(self, Place::Database(_))
    }

    /// A name for machines that never changes: `domain`, `sqlite-entities`, `postgres-migrations`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Place::Domain => "domain",
            Place::Entities(Engine::Sqlite) => "sqlite-entities",
            Place::Entities(Engine::Postgres) => "postgres-entities",
            Place::Migrations(Engine::Sqlite) => "sqlite-migrations",
            Place::Migrations(Engine::Postgres) => "postgres-migrations",
            Place::Database(Engine::Sqlite) => "sqlite-database",
            Place::Database(Engine::Postgres) => "postgres-database",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Domain => "DOMAIN and the records",
            Place::Entities(Engine::Sqlite) => "the SQLite entities",
            Place::Entities(Engine::Postgres) => "the Postgres entities",
            Place::Migrations(Engine::Sqlite) => "what the migrations build on SQLite",
            Place::Migrations(Engine::Postgres) => "what the migrations build on Postgres",
            Place::Database(Engine::Sqlite) => "the SQLite database",
            Place::Database(Engine::Postgres) => "the Postgres database",
        })
    }
}

/// A difference that is meant.
///
/// The doctor does not report it, and does report the suppression once there is no such difference any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The code of the finding: `"CAT031"`.
    pub code: &'static str,
    /// Where. What is suppressed of the migrations is suppressed of a live database too.
    pub place: Place,
    /// What the finding is about, as the report says it: `"habits.color"`, `"habits: ix_habits__name"`. `*` stands for any
    /// text: `"other_*"`, for the tables of another application.
    pub subject: &'static str,
    /// Why it is meant.
    pub reason: &'static str,
}
