//! Compares the migrations that a database has recorded with those of the application.

use super::code::Code;
use super::finding::{Finding, Part};
use super::fix::Fix;
use super::read::{OddRow, Recorded};
use super::statement::{Phase, Statement};
use crate::model::domain::Place;
use crate::model::engine::Engine;
use crate::store::start_up::HISTORY;

/// The check of one database's recorded migrations.
pub(crate) struct HistoryCheck<'a> {
    pub(crate) place: Place,
    pub(crate) at: &'a str,
    /// Whether the schema is complete, although migrations may be missing.
    pub(crate) is_whole: bool,
}

impl HistoryCheck<'_> {
    /// Finds missing migrations, unknown migrations, and rows that are neither.
    pub(crate) fn compare(&self, recorded: &Recorded, names: &[String]) -> Vec<Finding> {
        let missing = names.iter().filter(|name| !recorded.names.contains(name));
        let missing = missing.map(|name| {
            let words = match self.is_whole {
                true => self.lost_row(name),
                false => "apply the pending migrations: `migrate up`".to_owned(),
            };
            let sides = ("applied", "not applied");
            self.finding(name, Code::MigrationMissing, sides, Fix::Words(words))
        });
        let unknown = recorded.names.iter().filter(|name| !names.contains(name));
        let unknown = unknown.map(|name| {
            let words =
                "use the version of the application that migrated the database, or a newer one"
                    .to_owned();
            let sides = ("no such migration", "applied");
            self.finding(name, Code::MigrationUnknown, sides, Fix::Words(words))
        });
        let odd = recorded.odd.iter().map(|odd| self.odd(odd));
        missing.chain(unknown).chain(odd).collect()
    }

    /// The instruction for a migration whose objects exist but whose row is missing: running it again would fail.
    fn lost_row(&self, name: &str) -> String {
        let now = match self.place.engine() {
            Some(Engine::Postgres) => "extract(epoch FROM now())::bigint",
            _ => "CAST(strftime('%s', 'now') AS INTEGER)",
        };
        format!(
            "the schema is complete: if the migration was applied and only its row is missing, INSERT INTO {} (version, \
             applied_at) VALUES ('{}', {now}); otherwise `migrate up`",
            HISTORY,
            name.replace('\'', "''")
        )
    }

    fn odd(&self, odd: &OddRow) -> Finding {
        let fix = match (odd.rows, self.place.engine()) {
            (Some(rows), Some(_)) => {
                let delete = format!("DELETE FROM {} WHERE {rows}", HISTORY);
                let loses = format!("the invalid rows of {}", HISTORY);
                Fix::sql([Statement::new(Phase::AccessControl, delete)]).losing(Some(loses))
            }
            _ => Fix::Words(format!(
                "inspect the row in {}: delete it, or correct its name",
                HISTORY
            )),
        };
        let sides = ("one row for each migration, with its name", odd.found);
        self.finding(&odd.name, Code::HistoryRow, sides, fix)
    }

    fn finding(&self, name: &str, code: Code, sides: (&str, &str), fix: Fix) -> Finding {
        Finding {
            code,
            place: self.place,
            at: (!self.at.is_empty()).then(|| self.at.to_owned()),
            table: HISTORY.to_owned(),
            part: Part::Named,
            name: name.to_owned(),
            wanted: sides.0.to_owned(),
            found: sides.1.to_owned(),
            fix,
        }
    }
}
