//! How far a migration outside of a transaction has come: a row in a table that exists only until it has finished.

use std::{collections::BTreeSet, fmt};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, Value};

use super::{
    Direction, MigrateError, hash,
    script::Prepared,
    table::{ANY, HistoryTable, MAY_READ, execute, has_columns},
};

/// The columns of the table.
const COLUMNS: [&str; 7] = [
    "migration",
    "direction",
    "finished",
    "has_begun_next",
    "digest",
    "next_cursor",
    "rows_written",
];

/// A migration that has begun outside of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfinished {
    pub(super) migration: String,
    pub(super) direction: Direction,
    /// How many statements have finished, or batches of a data migration.
    pub(super) finished: usize,
    /// Whether the next statement may have run, as no transaction was around it.
    pub(super) has_begun_next: bool,
    /// The digest of the finished statements, or of the source of a data migration.
    pub(super) digest: String,
    /// Where the next batch of a data migration begins, after its first one.
    pub(super) cursor: Option<String>,
    /// How many rows the batches have written.
    pub(super) rows: u64,
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Migration '{}' is unfinished: {}; run `{}` to go on",
            self.migration,
            self.what_finished(),
            self.direction
        )
    }
}

/// The migrations that are unfinished, given the applied ones; none if the role may not read the table.
pub(super) async fn rows<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
    applied: &BTreeSet<String>,
) -> Result<Vec<Unfinished>, DbErr> {
    let mut rows = match exists(db, table, MAY_READ).await? {
        true => all(db, table).await?,
        false => Vec::new(),
    };
    rows.retain(|row| !row.is_settled(applied));
    Ok(rows)
}

/// Deletes the rows of migrations that were completed in another way, and recorded so. The caller holds the migration lock.
pub(super) async fn clear(
    tx: &DatabaseTransaction,
    table: HistoryTable,
    applied: &BTreeSet<String>,
) -> Result<(), DbErr> {
    if exists(tx, table, ANY).await? {
        for row in all(tx, table).await? {
            if row.is_settled(applied) {
                row.end(tx, table).await?;
            }
        }
    }
    Ok(())
}

/// Refuses to begin with scripts of this direction while another one is unfinished.
pub(super) async fn check<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
    direction: Direction,
    applied: &BTreeSet<String>,
) -> Result<(), MigrateError> {
    let rows = rows(db, table, applied).await?;
    match rows.into_iter().find(|row| row.direction != direction) {
        None => Ok(()),
        Some(row) => Err(MigrateError::Unfinished {
            reason: format!(
                "it is unfinished, with {}: run `{}` first, which goes on with it",
                row.what_finished(),
                row.direction
            ),
            migration: row.migration,
            direction: row.direction,
            finished: row.finished,
            source: None,
        }),
    }
}

/// Whether the table exists, and on Postgres meets a condition.
async fn exists<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
    condition: &str,
) -> Result<bool, DbErr> {
    let found = has_columns(db, &table.progress(), &COLUMNS, condition).await?;
    Ok(found == Some(true))
}

/// Every row of the table, which exists.
async fn all<C: ConnectionTrait>(db: &C, table: HistoryTable) -> Result<Vec<Unfinished>, DbErr> {
    let select = format!(
        "SELECT migration, direction, CAST(finished AS BIGINT), CAST(has_begun_next AS BIGINT), digest, \
         next_cursor, CAST(rows_written AS BIGINT) FROM {} ORDER BY migration",
        table.progress()
    );
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), select))
        .await?;
    let name = table.progress();
    let unreadable = || {
        DbErr::Custom(format!(
            "{name} has a direction that is neither up nor down"
        ))
    };
    let read = rows.iter().map(|row| {
        let finished: i64 = row.try_get_by_index(2)?;
        let has_begun_next: i64 = row.try_get_by_index(3)?;
        let direction: String = row.try_get_by_index(1)?;
        let written: i64 = row.try_get_by_index(6)?;
        Ok(Unfinished {
            migration: row.try_get_by_index(0)?,
            direction: Direction::recorded(&direction).ok_or_else(unreadable)?,
            finished: usize::try_from(finished).unwrap_or_default(),
            has_begun_next: has_begun_next != 0,
            digest: row.try_get_by_index(4)?,
            cursor: row.try_get_by_index(5)?,
            rows: u64::try_from(written).unwrap_or_default(),
        })
    });
    read.collect()
}

impl Unfinished {
    /// What has finished, in words. Only a data migration has a cursor.
    pub(super) fn what_finished(&self) -> String {
        match self.cursor {
            None => format!("{} statement(s) finished", self.finished),
            Some(_) => format!(
                "{} batch(es) finished, with {} row(s) written",
                self.finished, self.rows
            ),
        }
    }

    /// Whether the migration is recorded as complete in its direction. Then something else than the migrator completed it.
    fn is_settled(&self, applied: &BTreeSet<String>) -> bool {
        applied.contains(&self.migration) == (self.direction == Direction::Up)
    }

    /// The row of a migration; it is inserted with this digest if there is none. The caller has [cleared](clear) the
    /// table.
    pub(super) async fn begin(
        tx: &DatabaseTransaction,
        table: HistoryTable,
        migration: &str,
        direction: Direction,
        digest: String,
    ) -> Result<Self, DbErr> {
        let name = table.progress();
        if exists(tx, table, ANY).await? {
            let found = all(tx, table).await?;
            if let Some(row) = found.into_iter().find(|row| row.migration == migration) {
                return Ok(row);
            }
        }
        tx.execute_unprepared(&format!(
            "CREATE TABLE IF NOT EXISTS {name} (migration text NOT NULL PRIMARY KEY, direction text NOT NULL, \
             finished integer NOT NULL, has_begun_next integer NOT NULL, digest text NOT NULL, next_cursor text, \
             rows_written bigint NOT NULL)"
        ))
        .await?;
        let row = Unfinished {
            migration: migration.to_owned(),
            direction,
            finished: 0,
            has_begun_next: false,
            digest,
            cursor: None,
            rows: 0,
        };
        execute(
            tx,
            format!("INSERT INTO {name} VALUES ($1, $2, 0, 0, $3, NULL, 0)"),
            [
                migration.into(),
                direction.as_str().into(),
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
            "UPDATE {} SET finished = $1, has_begun_next = $2, digest = $3, next_cursor = $4, rows_written = $5 \
             WHERE migration = $6",
            table.progress()
        );
        let values = [
            number(next.finished),
            i32::from(next.has_begun_next).into(),
            next.digest.as_str().into(),
            next.cursor.clone().into(),
            i64::try_from(next.rows).unwrap_or(i64::MAX).into(),
            self.migration.as_str().into(),
        ];
        execute(tx, update, values).await?;
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
        execute(tx, delete, [self.migration.as_str().into()]).await?;
        if all(tx, table).await?.is_empty() {
            tx.execute_unprepared(&format!("DROP TABLE {name}")).await?;
        }
        Ok(true)
    }

    async fn is_unchanged(
        &self,
        tx: &DatabaseTransaction,
        table: HistoryTable,
    ) -> Result<bool, DbErr> {
        Ok(exists(tx, table, ANY).await? && all(tx, table).await?.contains(self))
    }
}

/// The digest of the texts of statements.
pub(super) fn digest(texts: &[Prepared]) -> String {
    hash::of_statements(texts.iter().map(|text| text.sql.as_str()))
}

fn number(count: usize) -> Value {
    i32::try_from(count).unwrap_or(i32::MAX).into()
}
