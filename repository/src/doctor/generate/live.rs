//! Compares a database that was given with what the history builds, before anything is generated from it.

use super::{GenerateError, skipped};
use crate::doctor::Doctor;
use crate::doctor::baseline::differences;
use crate::doctor::live::Database;
use crate::doctor::report::Report;
use crate::doctor::scratch::Migrations;
use crate::fingerprint::history::HistoryCheck;
use crate::fingerprint::read::{Applied, not_permitted};
use crate::model::domain::Place;

impl Doctor {
    /// Fails if the database is not what the history builds: it was changed by hand, or has not every migration.
    pub(super) async fn refuse_another(
        &self,
        database: &Database,
        migrations: &Migrations,
    ) -> Result<(), GenerateError> {
        let label = database.label();
        let unread = |reason: String| skipped(format!("{label}: {reason}"));
        let engine = match database.place() {
            Ok(Place::Database(engine)) => engine,
            Ok(place) => return Err(unread(place.to_string())),
            Err(reason) => return Err(unread(reason.to_string())),
        };
        self.announce(Place::Database(engine));
        let built = migrations.build(engine, self.given_server(), self.application(), None);
        let built = built.await.map_err(unread)?;
        let seen = database.look(self.application(), Some(&built), self.lock_timeout);
        let seen = seen.await.map_err(unread)?;
        let missing = built.unread.values().chain(seen.schema.unread.values());
        if let Some(reason) = missing.chain(&seen.unchecked).next() {
            return Err(unread(reason.clone()));
        }
        let suppressions = self.domain.suppressions;
        let differences = differences(suppressions, &built, &seen.schema, &label);
        let check = HistoryCheck {
            place: Place::Database(engine),
            at: &label,
            table: migrations.table,
            is_whole: differences.is_empty(),
        };
        let mut found = match &seen.applied {
            Applied::Rows(recorded) => {
                let mut found = check.compare(recorded, &migrations.names());
                found.extend(check.edited(recorded, &migrations.checksums(engine)));
                found
            }
            Applied::NotPermitted => return Err(unread(not_permitted(migrations.table))),
        };
        found.extend(differences);
        match found.is_empty() {
            true => Ok(()),
            false => Err(GenerateError::DatabaseDiffers {
                database: label,
                report: Box::new(Report::from(found)),
            }),
        }
    }
}
