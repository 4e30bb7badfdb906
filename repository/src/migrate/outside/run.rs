//! One migration outside of a transaction.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr};
use tracing::info;

use crate::migrate::batch::Stop;
use crate::migrate::db_error;
#[cfg(feature = "sqlite")]
use crate::migrate::foreign_keys::ForeignKeys;
use crate::migrate::guard::Settings;
use crate::migrate::history::{ReadScript, Step};
use crate::migrate::script::Prepared;
use crate::migrate::table::HistoryTable;
use crate::migrate::transaction::finish;
use crate::migrate::unfinished::{Unfinished, digest};
use crate::migrate::{Direction, History, MigrateError, Report, applied};
use crate::model::engine::Engine;

/// Runs the migration, or goes on with it, and records it. Returns `false` if the batch no longer begins with it, because
/// another migrator has changed the database.
pub(super) async fn step<H: History>(
    db: &DatabaseConnection,
    engine: Engine,
    history: &[Step],
    stop: &Stop,
    report: &mut Report,
) -> Result<bool, MigrateError> {
    let run = Run {
        db,
        engine,
        history,
        table: HistoryTable::of::<H>()?,
        stop,
        texts: &stop.step.script(stop.direction).texts,
    };
    let is_complete = match run.read().script.step() {
        Some(step) => run.batches::<H>(step, report).await?,
        None => run.whole::<H>(report).await?,
    };
    if !is_complete {
        info!("Another migrator has changed the database");
    }
    Ok(is_complete)
}

pub(super) struct Run<'r> {
    pub(super) db: &'r DatabaseConnection,
    pub(super) engine: Engine,
    history: &'r [Step],
    pub(super) table: HistoryTable,
    pub(super) stop: &'r Stop,
    texts: &'r [Prepared],
}

impl Run<'_> {
    pub(super) fn name(&self) -> &'static str {
        self.stop.step.name
    }

    pub(super) fn read(&self) -> &ReadScript {
        self.stop.step.script(self.stop.direction)
    }

    pub(super) fn doing(&self) -> &'static str {
        match self.stop.direction {
            Direction::Up => "Applying",
            Direction::Down => "Rolling back",
        }
    }

    /// Reports the migration, which is recorded.
    pub(super) fn completed(&self, report: &mut Report) {
        let (done, list) = match self.stop.direction {
            Direction::Up => ("applied", &mut report.applied),
            Direction::Down => ("rolled back", &mut report.reverted),
        };
        info!("Migration '{}' has been {done}", self.name());
        list.push(self.name().to_owned());
        report.outside.push(self.name().to_owned());
    }

    /// Runs the statements that have not finished, and records the migration. Returns `false` if the batch no longer
    /// begins with it.
    async fn whole<H: History>(&self, report: &mut Report) -> Result<bool, MigrateError> {
        while let Some(row) = self.begin::<H>().await? {
            info!(
                "{} migration '{}' outside of a transaction",
                self.doing(),
                self.name()
            );
            let settings = Settings::read(self.db, self.engine).await?;
            let outcome = self.statements(row).await;
            let restored = settings.restore(self.db).await;
            let is_complete = match outcome? {
                Some(row) => self.end(&row).await?,
                None => false,
            };
            if is_complete {
                self.completed(report);
            }
            restored?;
            if is_complete {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Inserts the row of the migration, or reads it; `None` if the batch no longer begins with the migration.
    async fn begin<H: History>(&self) -> Result<Option<Unfinished>, MigrateError> {
        let tx = begin(self.db, self.engine).await?;
        let outcome = self.begin_in::<H>(&tx).await;
        finish(tx, outcome).await
    }

    /// Whether the batch still begins with the migration. No lock was held between the last transaction and this one.
    pub(super) async fn is_next<H: History>(
        &self,
        tx: &DatabaseTransaction,
    ) -> Result<bool, MigrateError> {
        let Stop {
            step,
            direction,
            rest,
        } = self.stop;
        let applied = rest.begin::<H>(tx).await?;
        let next = rest.next(self.history, &applied);
        Ok(next.is_some_and(|(first, way)| first.name == step.name && way == *direction))
    }

    async fn begin_in<H: History>(
        &self,
        tx: &DatabaseTransaction,
    ) -> Result<Option<Unfinished>, MigrateError> {
        if !self.is_next::<H>(tx).await? {
            return Ok(None);
        }
        let (name, direction) = (self.name(), self.stop.direction);
        let row = Unfinished::begin(tx, self.table, name, direction, digest(&[])).await?;
        let is_unchanged = self
            .texts
            .get(..row.finished)
            .is_some_and(|texts| digest(texts) == row.digest);
        match is_unchanged {
            true => Ok(Some(row)),
            false => {
                let name = name.replace('\'', "''");
                let reason = format!(
                    "it is unfinished, and its first {} statement(s), which have finished, are others now: restore \
                     their text; or undo what they did and run: DELETE FROM {} WHERE migration = '{name}'",
                    row.finished,
                    self.table.progress()
                );
                Err(self.unfinished(&row, reason, None))
            }
        }
    }

    /// Runs the statements that have not finished. Returns `None` if another migrator goes on with them: on SQLite no lock
    /// is held between two transactions.
    async fn statements(&self, mut row: Unfinished) -> Result<Option<Unfinished>, MigrateError> {
        let finished = self.texts.iter().take(row.finished);
        // Settings ended with the connection of the migrator that was interrupted.
        for text in finished.filter(|text| text.is_of_connection) {
            self.execute(&row, text, &[]).await?;
        }
        for text in self.texts.iter().skip(row.finished) {
            let next = Unfinished {
                finished: row.finished + 1,
                has_begun_next: false,
                digest: digest(&self.texts[..=row.finished]),
                ..row.clone()
            };
            if text.is_alone && !row.has_begun_next {
                let begun = Unfinished {
                    has_begun_next: true,
                    ..row.clone()
                };
                if !self.replace(&row, &begun, None).await? {
                    return Ok(None);
                }
                row = begun;
                self.execute_alone(&row, text).await?;
            } else if text.is_alone {
                self.again(&row, text).await?;
            } else if text.is_of_connection {
                self.execute(&row, text, &[]).await?;
            }
            let in_transaction = !text.is_alone && !text.is_of_connection;
            let with = in_transaction.then_some(text);
            if !self.replace(&row, &next, with).await? {
                return Ok(None);
            }
            row = next;
        }
        Ok(Some(row))
    }

    /// Runs a statement that has run before without a transaction around it, unless it is found to be done.
    async fn again(&self, row: &Unfinished, text: &Prepared) -> Result<(), MigrateError> {
        // What is there may be of the attempt before.
        if self.check_index(row, text, &[]).await?.is_done {
            return Ok(());
        }
        self.execute_alone(row, text).await
    }

    /// Runs a statement without a transaction around it.
    async fn execute_alone(&self, row: &Unfinished, text: &Prepared) -> Result<(), MigrateError> {
        let found = self.found_by(text).await?;
        self.execute(row, text, &found).await?;
        self.check_index(row, text, &found).await?;
        Ok(())
    }

    /// Fails if the statement has left an invalid index. With `IF NOT EXISTS`, Postgres accepts such a one.
    async fn check_index(
        &self,
        row: &Unfinished,
        text: &Prepared,
        found: &[String],
    ) -> Result<Left, MigrateError> {
        let left = self.left_by(text, found).await?;
        match left.invalid.is_empty() {
            true => Ok(left),
            false => {
                let what = format!("{} of {} did not finish", text.place, self.texts.len());
                let reason = left.remedy(&what, self.stop.direction);
                Err(self.unfinished(row, reason, None))
            }
        }
    }

    /// Runs a statement over the connection. `found`: the invalid indexes from before.
    async fn execute(
        &self,
        row: &Unfinished,
        text: &Prepared,
        found: &[String],
    ) -> Result<(), MigrateError> {
        match self.db.execute_unprepared(&text.sql).await {
            Ok(_) => Ok(()),
            Err(source) => {
                let left = self
                    .left_by(text, found)
                    .await
                    .unwrap_or_else(|_| Left::unknown(text));
                Err(self.failed(row, text, source, &left))
            }
        }
    }

    /// Replaces the row, in one transaction with a statement if there is one. Returns `false` if another migrator has
    /// replaced it.
    async fn replace(
        &self,
        row: &Unfinished,
        next: &Unfinished,
        text: Option<&Prepared>,
    ) -> Result<bool, MigrateError> {
        let tx = begin(self.db, self.engine).await?;
        let outcome = self.replace_in(&tx, row, next, text).await;
        finish(tx, outcome).await
    }

    async fn replace_in(
        &self,
        tx: &DatabaseTransaction,
        row: &Unfinished,
        next: &Unfinished,
        text: Option<&Prepared>,
    ) -> Result<bool, MigrateError> {
        if !row.replace(tx, self.table, next).await? {
            return Ok(false);
        }
        if let Some(text) = text {
            self.statement_in(tx, row, text).await?;
        }
        Ok(true)
    }

    /// Runs a statement in a transaction. Foreign keys are off on SQLite, so they are compared before and after it.
    async fn statement_in(
        &self,
        tx: &DatabaseTransaction,
        row: &Unfinished,
        text: &Prepared,
    ) -> Result<(), MigrateError> {
        #[cfg(feature = "sqlite")]
        let before = match self.engine {
            Engine::Sqlite => Some(ForeignKeys::read(tx).await?),
            Engine::Postgres => None,
        };
        let executed = tx.execute_unprepared(&text.sql).await;
        executed.map_err(|source| self.failed(row, text, source, &Left::default()))?;
        #[cfg(feature = "sqlite")]
        if let Some(before) = before {
            let refused = ForeignKeys::read(tx).await?.refuse_new(&before);
            refused.map_err(|error| self.refused(row, text, error))?;
        }
        Ok(())
    }

    /// Records the migration. Returns `false` if another migrator did.
    async fn end(&self, row: &Unfinished) -> Result<bool, MigrateError> {
        let tx = begin(self.db, self.engine).await?;
        let outcome = self.end_in(&tx, row).await;
        finish(tx, outcome).await
    }

    pub(super) async fn end_in(
        &self,
        tx: &DatabaseTransaction,
        row: &Unfinished,
    ) -> Result<bool, MigrateError> {
        if !row.end(tx, self.table).await? {
            return Ok(false);
        }
        match self.stop.direction {
            Direction::Up => applied::record(tx, self.table, &self.stop.step).await?,
            Direction::Down => applied::delete(tx, self.table, self.stop.step.name).await?,
        }
        Ok(true)
    }

    /// What an attempt to run the statement has left. `found`: the invalid indexes from before.
    async fn left_by(&self, text: &Prepared, found: &[String]) -> Result<Left, DbErr> {
        #[cfg(feature = "postgres")]
        if let Some(work) = &text.index_work {
            let mut left = super::index::left_by(self.db, work).await?;
            left.invalid.retain(|index| !found.contains(index));
            return Ok(left);
        }
        let _ = (text, found);
        Ok(Left::default())
    }

    /// The invalid indexes that are there before the statement.
    async fn found_by(&self, text: &Prepared) -> Result<Vec<String>, DbErr> {
        #[cfg(feature = "postgres")]
        if let Some(work) = &text.index_work {
            return super::index::found_by(self.db, work).await;
        }
        let _ = text;
        Ok(Vec::new())
    }

    fn failed(
        &self,
        row: &Unfinished,
        text: &Prepared,
        source: DbErr,
        left: &Left,
    ) -> MigrateError {
        let reason = self.reason(row, text, &db_error::message(&source), left);
        self.unfinished(row, reason, Some(source))
    }

    /// The error of a statement that ran, and was rolled back for its foreign keys.
    #[cfg(feature = "sqlite")]
    fn refused(&self, row: &Unfinished, text: &Prepared, error: MigrateError) -> MigrateError {
        match error {
            MigrateError::ForeignKeys { .. } | MigrateError::BrokenForeignKeys { .. } => {
                let reason = self.reason(row, text, &error.to_string(), &Left::default());
                self.unfinished(row, reason, None)
            }
            other => other,
        }
    }

    fn reason(&self, row: &Unfinished, text: &Prepared, error: &str, left: &Left) -> String {
        let what = format!("{} of {} failed: {error}", text.place, self.texts.len());
        let stay = match row.finished {
            0 => String::new(),
            1 => "; the statement before it has finished and stays".to_owned(),
            many => format!("; the {many} statements before it have finished and stay"),
        };
        left.remedy(&format!("{what}{stay}"), self.stop.direction)
    }

    pub(super) fn unfinished(
        &self,
        row: &Unfinished,
        reason: String,
        source: Option<DbErr>,
    ) -> MigrateError {
        MigrateError::Unfinished {
            migration: row.migration.clone(),
            direction: row.direction,
            finished: row.finished,
            reason,
            source: source.map(Box::new),
        }
    }
}

/// What a statement has left that was run without a transaction.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Whether it has done its work.
    pub(super) is_done: bool,
    /// Invalid indexes, as they are written in SQL.
    pub(super) invalid: Vec<String>,
    /// The name of an index that may be invalid, if the database could not be asked.
    pub(super) perhaps: Option<String>,
}

impl Left {
    /// What a statement may have left, if the database cannot be asked.
    fn unknown(text: &Prepared) -> Self {
        use crate::sql::custom::IndexWork;
        let perhaps = match &text.index_work {
            Some(IndexWork::Create { index, .. }) => index.clone(),
            Some(IndexWork::Drop { index }) => Some(index.clone()),
            Some(IndexWork::Rebuild(_)) | None => None,
        };
        Left {
            perhaps,
            ..Self::default()
        }
    }

    /// What happened, what is left, and how to go on.
    fn remedy(&self, what: &str, direction: Direction) -> String {
        let drops = self.invalid.iter();
        let drops: Vec<String> = drops
            .map(|index| format!("DROP INDEX CONCURRENTLY {index}"))
            .collect();
        let perhaps = self.perhaps.as_ref();
        let left = match (drops.is_empty(), perhaps) {
            (false, _) => format!(
                "; an invalid index is left, so run: {}; then",
                drops.join("; ")
            ),
            (true, Some(index)) => {
                format!("; an invalid index {index} may be left, which the next run reports;")
            }
            (true, None) => "; correct the cause, then".to_owned(),
        };
        format!("{what}{left} run `{direction}` again, which goes on with this statement")
    }
}

/// Begins a transaction that holds the migration lock.
pub(super) async fn begin(
    db: &DatabaseConnection,
    engine: Engine,
) -> Result<DatabaseTransaction, MigrateError> {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => crate::migrate::sqlite::begin_immediate(db).await,
        #[cfg(feature = "postgres")]
        Engine::Postgres => {
            let (tx, _) = crate::migrate::postgres::begin_locked(db).await?;
            Ok(tx)
        }
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        engine => {
            let _ = db;
            Err(MigrateError::NotBuilt { engine })
        }
    }
}
