//! A data migration: its step in Rust, batch by batch, each in a transaction of its own.

use std::time::{Duration, Instant};

#[cfg(feature = "sqlite")]
use sea_orm::ConnectionTrait;
use sea_orm::{DatabaseTransaction, DbErr};
use tracing::info;

use super::run::{Run, begin};
use crate::migrate::guard::Settings;
use crate::migrate::steps::{Step, v1};
use crate::migrate::transaction::finish;
use crate::migrate::unfinished::Unfinished;
use crate::migrate::{History, MigrateError, Report, db_error, hash};
#[cfg(feature = "sqlite")]
use crate::model::engine::Engine;

/// How often a line says how far the migration has come.
const PACE: Duration = Duration::from_secs(5);

/// How long a writer of SQLite waits at most between two tries to lock the database
/// (`sqliteDefaultBusyCallback` in its `src/main.c`).
#[cfg(feature = "sqlite")]
const LONGEST_RETRY: Duration = Duration::from_millis(100);

/// What came of one batch.
enum Outcome {
    /// The batch of the history no longer begins with the migration: another migrator has completed or reverted it.
    NotNext,
    /// Another batch comes. The row before this one, and after it.
    Next(Unfinished, Unfinished),
    /// The migration is recorded. The row before the last batch.
    Done(Unfinished),
}

impl Run<'_> {
    /// Runs the batches that are not committed yet, and records the migration. Returns `false` if another migrator has
    /// changed the database.
    pub(super) async fn batches<H: History>(
        &self,
        step: Step,
        report: &mut Report,
    ) -> Result<bool, MigrateError> {
        info!("{} migration '{}' in batches", self.doing(), self.name());
        let settings = Settings::read(self.db, self.engine).await?;
        self.enforce_foreign_keys("ON").await?;
        let outcome = self.each_batch::<H>(step).await;
        let switched_off = self.enforce_foreign_keys("OFF").await;
        let restored = settings.restore(self.db).await;
        let is_complete = outcome?;
        if is_complete {
            self.completed(report);
        }
        switched_off?;
        restored?;
        Ok(is_complete)
    }

    /// On SQLite they are off while scripts run, because these may rebuild tables. A step writes rows only, and its
    /// deletions cascade as on Postgres.
    async fn enforce_foreign_keys(&self, value: &str) -> Result<(), DbErr> {
        #[cfg(feature = "sqlite")]
        if self.engine == Engine::Sqlite {
            let sql = format!("PRAGMA foreign_keys = {value}");
            self.db.execute_unprepared(&sql).await?;
        }
        let _ = value;
        Ok(())
    }

    async fn each_batch<H: History>(&self, step: Step) -> Result<bool, MigrateError> {
        let mut said = Instant::now();
        loop {
            let begun = Instant::now();
            let tx = begin(self.db, self.engine).await?;
            let outcome = self.batch_in::<H>(&tx, step).await;
            let before = match &outcome {
                Ok(Outcome::Next(before, _) | Outcome::Done(before)) => Some(before.clone()),
                Ok(Outcome::NotNext) | Err(_) => None,
            };
            let committed = match (finish(tx, outcome).await, before) {
                // A constraint that is deferred.
                (Err(MigrateError::Commit { source }), Some(before)) => {
                    let words = db_error::message(&source);
                    Err(self.batch_failed(&before, &words, Some(source)))
                }
                (committed, _) => committed,
            };
            match committed? {
                Outcome::NotNext => return Ok(false),
                Outcome::Done(_) => return Ok(true),
                Outcome::Next(_, row) => {
                    self.let_others_write(begun.elapsed()).await;
                    if said.elapsed() >= PACE {
                        info!("Migration '{}': {}", self.name(), row.what_finished());
                        said = Instant::now();
                    }
                }
            }
        }
    }

    /// Waits as long as the batch took: SQLite has no queue of writers, so nobody would find the database unlocked between
    /// two batches.
    async fn let_others_write(&self, took: Duration) {
        #[cfg(feature = "sqlite")]
        if self.engine == Engine::Sqlite {
            tokio::time::sleep(took.min(LONGEST_RETRY)).await;
        }
        let _ = took;
    }

    /// Runs the next batch. Under the lock it reads again which migration is next and how far it came, as no lock was held
    /// between two batches on SQLite.
    async fn batch_in<H: History>(
        &self,
        tx: &DatabaseTransaction,
        Step::V1(step): Step,
    ) -> Result<Outcome, MigrateError> {
        if !self.is_next::<H>(tx).await? {
            return Ok(Outcome::NotNext);
        }
        let source = hash::of_statements(self.read().script.statements(self.engine));
        let (name, direction) = (self.name(), self.stop.direction);
        let row = Unfinished::begin(tx, self.table, name, direction, source.clone()).await?;
        if row.digest != source {
            return Err(self.edited(&row, &source));
        }
        let number = u64::try_from(row.finished)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let mut batch = v1::Batch::new(tx, self.engine, number, row.cursor.clone());
        let ran = v1::run(step, &mut batch).await;
        let written = batch.written();
        if let (Ok(_), Some(words)) = (&ran, batch.failure()) {
            return Err(self.batch_failed(&row, words, None));
        }
        let cursor = match ran {
            Ok(v1::Next::Done) => {
                self.end_in(tx, &row).await?;
                return Ok(Outcome::Done(row));
            }
            Ok(v1::Next::After(cursor)) => cursor,
            Err(error) => {
                let words = error.to_string();
                return Err(self.batch_failed(&row, &words, error.into_database_error()));
            }
        };
        if row.cursor.as_ref() == Some(&cursor) {
            let words = format!("it returned its own cursor, `{cursor}`, so it would never end");
            return Err(self.batch_failed(&row, &words, None));
        }
        if cursor.contains('\0') {
            return Err(self.batch_failed(&row, "its cursor contains the NUL character", None));
        }
        let next = Unfinished {
            finished: row.finished + 1,
            rows: row.rows + written,
            cursor: Some(cursor),
            ..row.clone()
        };
        row.replace(tx, self.table, &next).await?;
        Ok(Outcome::Next(row, next))
    }

    /// The error of a batch, which is rolled back.
    fn batch_failed(&self, row: &Unfinished, words: &str, source: Option<DbErr>) -> MigrateError {
        let stay = match row.finished {
            0 => String::new(),
            finished => format!(
                "; the {finished} batch(es) before it, with {} row(s) written, are committed and stay",
                row.rows
            ),
        };
        let reason = format!(
            "batch {} failed: {words}{stay}; correct the cause, then run `{}` again, which goes on with this batch",
            row.finished + 1,
            row.direction
        );
        self.unfinished(row, reason, source)
    }

    /// The error of a migration whose batches so far are those of another text.
    fn edited(&self, row: &Unfinished, source: &str) -> MigrateError {
        let (table, name) = (self.table.progress(), self.name().replace('\'', "''"));
        let reason = format!(
            "it is unfinished, with {}, and the text of its step is another one now: restore the text; or, if the new one \
             goes on where the old one stopped, run: UPDATE {table} SET digest = '{source}' WHERE migration = '{name}'; \
             or undo what the batches did and run: DELETE FROM {table} WHERE migration = '{name}'",
            row.what_finished()
        );
        self.unfinished(row, reason, None)
    }
}
