use std::fmt;

use crate::model::engine::Engine;

/// A place where a schema is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The domain, with the records.
    Domain,
    /// The entities of an engine.
    Entities(Engine),
    /// The scratch database that the migrations build on an engine.
    Migrations(Engine),
    /// A live database of an engine.
    Database(Engine),
}

impl Place {
    /// The engine of the place, or `None` for the domain.
    pub const fn engine(self) -> Option<Engine> {
        match self {
            Place::Domain => None,
            Place::Entities(engine) | Place::Migrations(engine) | Place::Database(engine) => {
                Some(engine)
            }
        }
    }

    /// Whether it is a database, scratch or live.
    pub const fn is_database(self) -> bool {
        matches!(self, Place::Migrations(_) | Place::Database(_))
    }

    /// Whether it is a live database.
    pub const fn is_live(self) -> bool {
        matches!(self, Place::Database(_))
    }

    /// A stable name for machines: `domain`, `sqlite-entities`, `postgres-migrations`.
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

/// An intended difference, which the doctor does not report.
///
/// The doctor reports the suppression itself if the difference no longer exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The code of the finding: `"CAT031"`.
    pub code: &'static str,
    /// The place of the finding. A suppression for the migrations also applies to a live database.
    pub place: Place,
    /// The subject of the finding, as in the report: `"habits.color"`, `"habits: ix_habits__name"`. `*` matches any
    /// text: `"other_*"` for the tables of another application.
    pub subject: &'static str,
    /// Why the difference is intended.
    pub reason: &'static str,
}
