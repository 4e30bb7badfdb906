//! Compares the migrations that a database has recorded with those of the application.

use super::code::Code;
use super::finding::{Finding, Part};
use super::fix::Fix;
use super::ident;
use super::read::{OddRow, Recorded};
use super::statement::{Phase, Statement};
use crate::migrate::HistoryTable;
use crate::model::domain::Place;
use crate::model::engine::Engine;

/// The check of one database's recorded migrations.
pub(crate) struct HistoryCheck<'a> {
    pub(crate) place: Place,
    pub(crate) at: &'a str,
    pub(crate) table: HistoryTable,
    /// Whether the schema is complete, although migrations may be missing.
    pub(crate) is_whole: bool,
}

impl HistoryCheck<'_> {
    /// Finds the migrations whose text is no longer the one that was applied. `checksums` are those of the application.
    /// A migration of which the database has no checksum is none of them.
    pub(crate) fn edited(
        &self,
        recorded: &Recorded,
        checksums: &[(&'static str, String)],
    ) -> Vec<Finding> {
        let both = checksums.iter().filter_map(|(name, text)| {
            let applied = recorded.checksums.get(*name)?;
            (applied != text).then_some((*name, applied, text))
        });
        let findings = both.map(|(name, applied, text)| {
            let words = format!(
                "restore the text that was applied, and put the change in a new migration; if both texts do the same, UPDATE \
                 {} SET checksum = {} WHERE version = {}",
                ident::name(&self.table.checksums()),
                ident::text(text),
                ident::text(name)
            );
            let (wanted, found) = (format!("sha256 {text}"), format!("applied as sha256 {applied}"));
            let sides = (wanted.as_str(), found.as_str());
            self.finding(name, Code::MigrationEdited, sides, Fix::Words(words))
        });
        findings.collect()
    }

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
            let words = "use the version of the application that migrated the database, or a newer one; if another \
                         program did, give each a table of its own with History::table"
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
            ident::name(self.table.name()),
            name.replace('\'', "''")
        )
    }

    fn odd(&self, odd: &OddRow) -> Finding {
        let table = ident::name(self.table.name());
        let fix = match (odd.rows, self.place.engine()) {
            (Some(rows), Some(_)) => {
                let delete = format!("DELETE FROM {table} WHERE {rows}");
                let loses = format!("the invalid rows of {table}");
                Fix::sql([Statement::new(Phase::AccessControl, delete)]).losing(Some(loses))
            }
            _ => Fix::Words(format!(
                "inspect the row in {table}: delete it, or correct its name"
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
            table: self.table.name().to_owned(),
            part: Part::Named,
            name: name.to_owned(),
            wanted: sides.0.to_owned(),
            found: sides.1.to_owned(),
            fix,
        }
    }
}
