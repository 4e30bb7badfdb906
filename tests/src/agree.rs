//! Random operations on both engines, in every configuration, with the kit that users have.

use catamaran::testing::{AgreeError, Divergence, EnginesAgree, Summary, Target};
use entity::{DOMAIN, Device, Entry, Habit, Reminder};

use crate::exhibit::{self, Exhibit, Measure, Paper};
use crate::keys::{self, Counter, Folder, Label, Moment, Octet, Parcel, Rank, Seat, Shelf};
use crate::specimen::{self, Specimen};
use crate::tasks::{self, Task};

/// The domain of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// The reference domain: owners, versions, soft delete, keys, checks and foreign keys.
    Reference,
    /// One table with every type of column, and nothing that the library manages but the id.
    Specimen,
    /// Types of an application's own, and types that the specimens lack.
    Exhibit,
    /// One table with rules of every kind, which refers to itself.
    Tasks,
    /// A table with each kind of key.
    Keys,
}

/// One configuration of both engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The records.
    pub records: Records,
    /// A file or memory.
    pub sqlite: Target,
    /// The collation.
    pub postgres: Target,
    /// The connections of each store.
    pub connections: usize,
}

impl std::fmt::Display for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Configuration {
            records,
            sqlite,
            postgres,
            connections,
        } = self;
        write!(
            f,
            "{records:?}, {sqlite:?}, {postgres:?}, {connections} connections"
        )
    }
}

/// Every configuration.
pub fn configurations() -> Vec<Configuration> {
    let mut all = Vec::new();
    for postgres in [Target::Postgres, Target::PostgresEnUs, Target::PostgresIcu] {
        for sqlite in [Target::SqliteFile, Target::SqliteMemory] {
            for connections in [1, 8] {
                for records in [
                    Records::Reference,
                    Records::Specimen,
                    Records::Exhibit,
                    Records::Tasks,
                    Records::Keys,
                ] {
                    all.push(Configuration {
                        records,
                        sqlite,
                        postgres,
                        connections,
                    });
                }
            }
        }
    }
    all
}

impl Configuration {
    /// A run in this configuration.
    pub fn run(&self) -> EnginesAgree {
        let run = match self.records {
            Records::Reference => EnginesAgree::new(&DOMAIN)
                .record::<Habit>()
                .record::<Entry>()
                .record::<Reminder>()
                .record::<Device>()
                .example(Reminder::TIME_LOCAL, ["07:30", "23:59"])
                .example(Reminder::DAYS_OF_WEEK, [1, 127]),
            Records::Specimen => EnginesAgree::new(&specimen::DOMAIN).record::<Specimen>(),
            Records::Exhibit => EnginesAgree::new(&exhibit::DOMAIN)
                .record::<Exhibit>()
                .record::<Measure>()
                .record::<Paper>()
                .example(Paper::SETTINGS, exhibit::paper::examples())
                .example(Exhibit::EMAIL, exhibit::emails())
                .example(Exhibit::REPLY_TO, exhibit::emails())
                .example(Exhibit::ADDRESS, exhibit::addresses()),
            Records::Tasks => EnginesAgree::new(&tasks::DOMAIN).record::<Task>(),
            Records::Keys => EnginesAgree::new(&keys::DOMAIN)
                .record::<Label>()
                .record::<Counter>()
                .record::<Rank>()
                .record::<Parcel>()
                .record::<Seat>()
                .record::<Folder>()
                .record::<keys::Day>()
                .record::<Moment>()
                .record::<Octet>()
                .record::<Shelf>(),
        };
        run.targets(self.sqlite, self.postgres)
            .connections(self.connections)
    }

    /// Runs it, and returns what was done and at most `most` divergences, each of another class.
    ///
    /// # Errors
    /// As [`EnginesAgree::survey`].
    pub fn survey(
        &self,
        run: EnginesAgree,
        most: usize,
    ) -> Result<(Summary, Vec<Divergence>), AgreeError> {
        match self.records {
            Records::Reference => run.survey::<migration::Migrator>(most),
            Records::Specimen => run.survey::<specimen::Migrator>(most),
            Records::Exhibit => run.survey::<exhibit::Migrator>(most),
            Records::Tasks => run.survey::<tasks::Migrator>(most),
            Records::Keys => run.survey::<keys::Migrator>(most),
        }
    }
}
