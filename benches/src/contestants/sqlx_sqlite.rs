//! Hand-written sqlx on SQLite: one pool, prepared statements, rows read by position.

use async_trait::async_trait;
use catamaran::sqlite::TextTime;
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use futures_util::TryStreamExt;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sea_orm::sqlx::{self, AssertSqlSafe, Row, Sqlite, Transaction, query::Query};
use uuid::{Uuid, fmt::Hyphenated};

use crate::contestant::{
    Contestant, Outcome, PAGE, Place, Rows, Unit, Upsert, Visit, all_written, ten_calls,
};
use crate::dataset::{OWNER, now, stamped, to_write};

macro_rules! columns {
    () => {
        "id, user_id, name, cadence, color, sort_order, is_archived, created_at, updated_at, version, \
         deleted_at"
    };
}

pub(super) const INSERT: &str = concat!(
    "INSERT INTO habits (",
    columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);

pub(super) const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE id = ? AND user_id = ? AND deleted_at IS NULL"
);

pub(super) const FIRST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE user_id = ? AND deleted_at IS NULL ORDER BY updated_at, id LIMIT ?"
);

pub(super) const NEXT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE user_id = ? AND deleted_at IS NULL AND (updated_at, id) > (?, ?) \
     ORDER BY updated_at, id LIMIT ?"
);

pub(super) const UPDATE: &str = concat!(
    "UPDATE habits SET name = ?, cadence = ?, color = ?, sort_order = ?, is_archived = ?, \
     updated_at = ?, version = version + 1 \
     WHERE id = ? AND user_id = ? AND version = ? AND deleted_at IS NULL RETURNING ",
    columns!()
);

pub(super) const MANY_BY_ID: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE user_id = ? AND deleted_at IS NULL ORDER BY id LIMIT ?"
);

pub(super) const COUNT: &str = "SELECT count(*) FROM habits WHERE name = ? AND deleted_at IS NULL";

/// What an upsert does with a row that exists. The version of the row to write is the next one, so what is stored is
/// known without RETURNING, and a conflict shows in the number of rows.
macro_rules! on_conflict {
    () => {
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, cadence = excluded.cadence, \
         color = excluded.color, sort_order = excluded.sort_order, \
         is_archived = excluded.is_archived, updated_at = excluded.updated_at, \
         version = excluded.version \
         WHERE habits.user_id = excluded.user_id AND habits.version = excluded.version - 1 \
         AND habits.deleted_at IS NULL"
    };
}

/// An upsert of one row.
pub(super) const UPSERT: &str = concat!(
    "INSERT INTO habits (",
    columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    on_conflict!()
);

/// More rows in a statement are not faster.
const CHUNK: usize = 500;

type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

fn habit(row: &SqliteRow) -> Result<Habit, sqlx::Error> {
    Ok(Habit {
        id: row.try_get::<Hyphenated, _>(0)?.into_uuid(),
        user_id: row.try_get::<Hyphenated, _>(1)?.into_uuid(),
        name: row.try_get(2)?,
        cadence: row.try_get(3)?,
        color: row.try_get(4)?,
        sort_order: row.try_get(5)?,
        is_archived: row.try_get(6)?,
        created_at: row.try_get::<TextTime, _>(7)?.0,
        updated_at: row.try_get::<TextTime, _>(8)?.0,
        version: row.try_get(9)?,
        deleted_at: row.try_get::<Option<TextTime>, _>(10)?.map(|at| at.0),
    })
}

fn habits(rows: &[SqliteRow]) -> Result<Vec<Habit>, sqlx::Error> {
    rows.iter().map(habit).collect()
}

fn bind_row<'q>(query: Bound<'q>, habit: &'q Habit) -> Bound<'q> {
    query
        .bind(habit.id.hyphenated())
        .bind(habit.user_id.hyphenated())
        .bind(&habit.name)
        .bind(&habit.cadence)
        .bind(&habit.color)
        .bind(habit.sort_order)
        .bind(habit.is_archived)
        .bind(TextTime(habit.created_at))
        .bind(TextTime(habit.updated_at))
        .bind(habit.version)
        .bind(habit.deleted_at.map(TextTime))
}

async fn insert(db: &mut SqliteConnection, draft: HabitDraft) -> Outcome<Habit> {
    let habit = stamped(draft);
    bind_row(sqlx::query(INSERT), &habit).execute(db).await?;
    Ok(habit)
}

async fn get(db: &mut SqliteConnection, id: Uuid) -> Outcome<Option<Habit>> {
    let query = sqlx::query(GET)
        .bind(id.hyphenated())
        .bind(OWNER.hyphenated());
    let row = query.fetch_optional(db).await?;
    Ok(row.as_ref().map(habit).transpose()?)
}

async fn page(db: &mut SqliteConnection, after: Option<(DateTime<Utc>, Uuid)>) -> Outcome<Rows> {
    let query = match after {
        None => sqlx::query(FIRST).bind(OWNER.hyphenated()),
        Some((updated_at, id)) => sqlx::query(NEXT)
            .bind(OWNER.hyphenated())
            .bind(TextTime(updated_at))
            .bind(id.hyphenated()),
    };
    let rows = query.bind(PAGE as i64).fetch_all(db).await?;
    Ok(Rows::by_key(habits(&rows)?))
}

async fn update(db: &mut SqliteConnection, habit: Habit) -> Outcome<Option<Habit>> {
    let query = sqlx::query(UPDATE)
        .bind(habit.name)
        .bind(habit.cadence)
        .bind(habit.color)
        .bind(habit.sort_order)
        .bind(habit.is_archived)
        .bind(TextTime(now()))
        .bind(habit.id.hyphenated())
        .bind(OWNER.hyphenated())
        .bind(habit.version);
    let row = query.fetch_optional(db).await?;
    Ok(row.as_ref().map(self::habit).transpose()?)
}

async fn read_many(db: &mut SqliteConnection, limit: usize) -> Outcome<Vec<Habit>> {
    let query = sqlx::query(MANY_BY_ID)
        .bind(OWNER.hyphenated())
        .bind(limit as i64);
    Ok(habits(&query.fetch_all(db).await?)?)
}

/// Inserts rows in statements of [`CHUNK`] rows each, inside the caller's transaction.
pub(crate) async fn write_many(db: &mut SqliteConnection, rows: &[Habit]) -> Outcome<()> {
    let full = insert_text(CHUNK);
    for chunk in rows.chunks(CHUNK) {
        let text = match chunk.len() {
            CHUNK => full.clone(),
            rest => insert_text(rest),
        };
        let query = sqlx::query(AssertSqlSafe(text));
        let query = chunk.iter().fold(query, bind_row);
        query.execute(&mut *db).await?;
    }
    Ok(())
}

fn insert_text(rows: usize) -> String {
    let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let rows = vec![row; rows].join(", ");
    format!("INSERT INTO habits ({}) VALUES {rows}", columns!())
}

/// Upserts rows in statements of [`CHUNK`] rows each, inside the caller's transaction.
async fn write_changes(db: &mut SqliteConnection, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
    let rows = to_write(rows);
    for chunk in rows.chunks(CHUNK) {
        let text = insert_text(chunk.len()) + on_conflict!();
        let query = sqlx::query(AssertSqlSafe(text));
        let query = chunk.iter().fold(query, bind_row);
        let written = query.execute(&mut *db).await?;
        all_written(chunk, written.rows_affected())?;
    }
    Ok(rows)
}

/// Hand-written sqlx over a pool.
pub(crate) struct SqlxSqlite {
    pub(crate) name: &'static str,
    pub(crate) pool: SqlitePool,
}

impl SqlxSqlite {
    async fn connection(&self) -> Outcome<PoolConnection<Sqlite>> {
        Ok(self.pool.acquire().await?)
    }
}

#[async_trait]
impl Contestant for SqlxSqlite {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
        insert(&mut *self.connection().await?, draft).await
    }

    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
        get(&mut *self.connection().await?, id).await
    }

    async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
        let after = after.map(Place::key).transpose()?;
        page(&mut *self.connection().await?, after).await
    }

    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
        update(&mut *self.connection().await?, habit).await
    }

    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
        let rows: Vec<Habit> = drafts.into_iter().map(stamped).collect();
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        write_many(&mut transaction, &rows).await?;
        transaction.commit().await?;
        Ok(rows)
    }

    async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let rows = write_changes(&mut transaction, rows).await?;
        transaction.commit().await?;
        Ok(rows)
    }

    async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>> {
        read_many(&mut *self.connection().await?, limit).await
    }

    async fn stream_many(&self, limit: usize, visit: Visit<'_>) -> Outcome<()> {
        let mut connection = self.connection().await?;
        let query = sqlx::query(MANY_BY_ID)
            .bind(OWNER.hyphenated())
            .bind(limit as i64);
        let mut rows = query.fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            visit(habit(&row)?);
        }
        Ok(())
    }

    async fn count(&self, name: &str) -> Outcome<u64> {
        let query = sqlx::query_scalar(COUNT).bind(name);
        let count: i64 = query.fetch_one(&mut *self.connection().await?).await?;
        Ok(u64::try_from(count)?)
    }

    async fn transaction(&self, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
        let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        ten_calls(Box::new(Work(transaction)), row, drafts).await
    }
}

struct Work(Transaction<'static, Sqlite>);

#[async_trait]
impl Unit for Work {
    async fn insert(&mut self, draft: HabitDraft) -> Outcome<Habit> {
        insert(&mut self.0, draft).await
    }

    async fn get(&mut self, id: Uuid) -> Outcome<Option<Habit>> {
        get(&mut self.0, id).await
    }

    async fn update(&mut self, habit: Habit) -> Outcome<Option<Habit>> {
        update(&mut self.0, habit).await
    }

    async fn commit(self: Box<Self>) -> Outcome<()> {
        Ok(self.0.commit().await?)
    }
}
