//! How far a migration outside of a transaction has come: a row in a table that exists only until it has finished.

use std::fmt;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value};
use sha2::{Digest, Sha256};

use super::{MigrateError, history::Step, script::Prepared, table::HistoryTable};

/// A migration that has begun outside of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfinished {
    pub(super) migration: String,
    /// `up` or `down`.
    pub(super) direction: String,
    /// How many statements have finished.
    pub(super) finished: usize,
    /// Whether the next statement may have run, as no transaction was around it.
    pub(super) has_begun_next: bool,
    /// The digest of the finished statements.
    pub(super) digest: String,
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Migration '{}' is unfinished: {} statement(s) finished; run `{}` to go on",
            self.migration, self.finished, self.direction
        )
    }
}

/// The rows of the table; empty without the table.
pub(super) async fn rows<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
) -> Result<Vec<Unfinished>, DbErr> {
    let name = table.progress();
    let backend = db.get_database_backend();
    let exists = match backend {
        DbBackend::Postgres => format!(
            "SELECT pg_catalog.to_regclass(pg_catalog.format('%I.{name}', pg_catalog.current_schema())) IS NOT NULL"
        ),
        _ => format!(
            "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = '{name}'"
        ),
    };
    let row = db
        .query_one_raw(Statement::from_string(backend, exists))
        .await?;
    if !row.map_or(Ok(false), |row| row.try_get_by_index(0))? {
        return Ok(Vec::new());
    }
    let select = format!(
        "SELECT migration, direction, CAST(finished AS BIGINT), CAST(has_begun_next AS BIGINT), digest \
         FROM {name} ORDER BY migration"
    );
    let rows = db
        .query_all_raw(Statement::from_string(backend, select))
        .await?;
    let read = rows.iter().map(|row| {
        let finished: i64 = row.try_get_by_index(2)?;
        let has_begun_next: i64 = row.try_get_by_index(3)?;
        Ok(Unfinished {
            migration: row.try_get_by_index(0)?,
            direction: row.try_get_by_index(1)?,
            finished: usize::try_from(finished).unwrap_or_default(),
            has_begun_next: has_begun_next != 0,
            digest: row.try_get_by_index(4)?,
        })
    });
    read.collect()
}

/// Refuses to begin with scripts of this direction while another one is unfinished.
pub(super) async fn check<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
    direction: Option<&'static str>,
    history: &[Step],
) -> Result<(), MigrateError> {
    let Some(direction) = direction else {
        return Ok(());
    };
    for row in rows(db, table).await? {
        let is_known = history.iter().any(|step| step.name == row.migration);
        let reason = match is_known {
            true if row.direction == direction => continue,
            true => format!("run `{}` first, which goes on with it", row.direction),
            false => "this program does not have it: run the program that began it".to_owned(),
        };
        return Err(MigrateError::Unfinished {
            reason: format!(
                "it is unfinished, with {} statement(s) finished: {reason}",
                row.finished
            ),
            migration: row.migration,
            direction: row.direction,
            finished: row.finished,
            source: None,
        });
    }
    Ok(())
}

impl Unfinished {
    /// The row of a migration; it is inserted if there is none.
    pub(super) async fn begin(
        tx: &DatabaseTransaction,
        table: HistoryTable,
        migration: &str,
        direction: &str,
    ) -> Result<Self, DbErr> {
        let (found, name) = (rows(tx, table).await?, table.progress());
        if let Some(row) = found.into_iter().find(|row| row.migration == migration) {
            return Ok(row);
        }
        tx.execute_unprepared(&format!(
            "CREATE TABLE IF NOT EXISTS {name} (migration text NOT NULL PRIMARY KEY, direction text NOT NULL, \
             finished integer NOT NULL, has_begun_next integer NOT NULL, digest text NOT NULL)"
        ))
        .await?;
        let row = Unfinished {
            migration: migration.to_owned(),
            direction: direction.to_owned(),
            finished: 0,
            has_begun_next: false,
            digest: digest(&[]),
        };
        run(
            tx,
            format!("INSERT INTO {name} VALUES ($1, $2, 0, 0, $3)"),
            [
                migration.into(),
                direction.into(),
                row.digest.as_str().into(),
            ],
        )
        .await?;
        Ok(row)
    }

    /// Replaces the row. Returns `false` if another migrator has changed it since it was read.
    pub(super) async fn replace(
        &self,
        tx: &DatabaseTransaction,
        table: HistoryTable,
        next: &Self,
    ) -> Result<bool, DbErr> {
        if !self.is_unchanged(tx, table).await? {
            return Ok(false);
        }
        let update = format!(
            "UPDATE {} SET finished = $1, has_begun_next = $2, digest = $3 WHERE migration = $4",
            table.progress()
        );
        let values = [
            number(next.finished),
            i32::from(next.has_begun_next).into(),
            next.digest.as_str().into(),
            self.migration.as_str().into(),
        ];
        run(tx, update, values).await?;
        Ok(true)
    }

    /// Deletes the row, and the table with its last row. Returns `false` if another migrator has changed it since it was
    /// read.
    pub(super) async fn end(
        &self,
        tx: &DatabaseTransaction,
        table: HistoryTable,
    ) -> Result<bool, DbErr> {
        if !self.is_unchanged(tx, table).await? {
            return Ok(false);
        }
        let name = table.progress();
        let delete = format!("DELETE FROM {name} WHERE migration = $1");
        run(tx, delete, [self.migration.as_str().into()]).await?;
        if rows(tx, table).await?.is_empty() {
            tx.execute_unprepared(&format!("DROP TABLE {name}")).await?;
        }
        Ok(true)
    }

    async fn is_unchanged(
        &self,
        tx: &DatabaseTransaction,
        table: HistoryTable,
    ) -> Result<bool, DbErr> {
        Ok(rows(tx, table).await?.contains(self))
    }
}

/// SHA-256 over the texts of statements, in lower-case hexadecimal.
pub(super) fn digest(texts: &[Prepared]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(&text.sql);
        hash.update([0]);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number(count: usize) -> Value {
    i32::try_from(count).unwrap_or(i32::MAX).into()
}

async fn run<const N: usize>(
    tx: &DatabaseTransaction,
    sql: String,
    values: [Value; N],
) -> Result<(), DbErr> {
    let sql = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    tx.execute_raw(sql).await?;
    Ok(())
}
