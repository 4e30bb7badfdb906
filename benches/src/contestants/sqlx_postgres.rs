//! Hand-written sqlx on Postgres: one pool, prepared statements, rows read by position.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use futures_util::TryStreamExt;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sea_orm::sqlx::{self, Postgres, Row, Transaction, query::Query};
use uuid::Uuid;

use crate::contestant::{
    Contestant, Outcome, PAGE, Place, Rows, Unit, Upsert, Visit, all_written, ten_calls,
};
use crate::dataset::{OWNER, now, stamped, to_write};
use crate::workload::Workload;

macro_rules! columns {
    () => {
        "id, user_id, name, cadence, color, sort_order, is_archived, created_at, updated_at, version, \
         deleted_at"
    };
}

pub(super) const INSERT: &str = concat!(
    "INSERT INTO habits (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
);

pub(super) const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL"
);

pub(super) const FIRST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE user_id = $1 AND deleted_at IS NULL ORDER BY updated_at, id LIMIT $2"
);

pub(super) const NEXT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE user_id = $1 AND deleted_at IS NULL AND (updated_at, id) > ($2, $3) \
     ORDER BY updated_at, id LIMIT $4"
);

pub(super) const UPDATE: &str = concat!(
    "UPDATE habits SET name = $1, cadence = $2, color = $3, sort_order = $4, is_archived = $5, \
     updated_at = $6, version = version + 1 \
     WHERE id = $7 AND user_id = $8 AND version = $9 AND deleted_at IS NULL RETURNING ",
    columns!()
);

pub(super) const MANY_BY_ID: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE user_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT $2"
);

pub(super) const INSERT_MANY: &str = concat!(
    "INSERT INTO habits (",
    columns!(),
    ") SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int4[], \
     $7::bool[], $8::timestamptz[], $9::timestamptz[], $10::int8[], $11::timestamptz[])"
);

pub(super) const COUNT: &str = "SELECT count(*) FROM habits WHERE name = $1 AND deleted_at IS NULL";

/// An upsert of many rows. The version of a row to write is the next one, so what is stored is known without RETURNING,
/// and a conflict shows in the number of rows.
pub(super) const UPSERT_MANY: &str = concat!(
    "INSERT INTO habits (",
    columns!(),
    ") SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int4[], \
     $7::bool[], $8::timestamptz[], $9::timestamptz[], $10::int8[], $11::timestamptz[]) \
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, cadence = excluded.cadence, \
     color = excluded.color, sort_order = excluded.sort_order, is_archived = excluded.is_archived, \
     updated_at = excluded.updated_at, version = excluded.version \
     WHERE habits.user_id = excluded.user_id AND habits.version = excluded.version - 1 \
     AND habits.deleted_at IS NULL"
);

/// Role and claims in one statement, so that a call under row level security makes four round trips.
pub(super) const CLAIMS: &str =
    "SELECT set_config('role', 'catamaran_app', true), set_config('request.jwt.claims', $1, true)";

type Bound<'q> = Query<'q, Postgres, PgArguments>;

fn habit(row: &PgRow) -> Result<Habit, sqlx::Error> {
    Ok(Habit {
        id: row.try_get(0)?,
        user_id: row.try_get(1)?,
        name: row.try_get(2)?,
        cadence: row.try_get(3)?,
        color: row.try_get(4)?,
        sort_order: row.try_get(5)?,
        is_archived: row.try_get(6)?,
        created_at: row.try_get(7)?,
        updated_at: row.try_get(8)?,
        version: row.try_get(9)?,
        deleted_at: row.try_get(10)?,
    })
}

fn habits(rows: &[PgRow]) -> Result<Vec<Habit>, sqlx::Error> {
    rows.iter().map(habit).collect()
}

fn bind_row<'q>(query: Bound<'q>, habit: &'q Habit) -> Bound<'q> {
    query
        .bind(habit.id)
        .bind(habit.user_id)
        .bind(&habit.name)
        .bind(&habit.cadence)
        .bind(&habit.color)
        .bind(habit.sort_order)
        .bind(habit.is_archived)
        .bind(habit.created_at)
        .bind(habit.updated_at)
        .bind(habit.version)
        .bind(habit.deleted_at)
}

async fn insert(db: &mut PgConnection, draft: HabitDraft) -> Outcome<Habit> {
    let habit = stamped(draft);
    bind_row(sqlx::query(INSERT), &habit).execute(db).await?;
    Ok(habit)
}

async fn get(db: &mut PgConnection, id: Uuid) -> Outcome<Option<Habit>> {
    let query = sqlx::query(GET).bind(id).bind(OWNER);
    let row = query.fetch_optional(db).await?;
    Ok(row.as_ref().map(habit).transpose()?)
}

async fn page(db: &mut PgConnection, after: Option<(DateTime<Utc>, Uuid)>) -> Outcome<Rows> {
    let query = match after {
        None => sqlx::query(FIRST).bind(OWNER),
        Some((updated_at, id)) => sqlx::query(NEXT).bind(OWNER).bind(updated_at).bind(id),
    };
    let rows = query.bind(PAGE as i64).fetch_all(db).await?;
    Ok(Rows::by_key(habits(&rows)?))
}

async fn update(db: &mut PgConnection, habit: Habit) -> Outcome<Option<Habit>> {
    let query = sqlx::query(UPDATE)
        .bind(habit.name)
        .bind(habit.cadence)
        .bind(habit.color)
        .bind(habit.sort_order)
        .bind(habit.is_archived)
        .bind(now())
        .bind(habit.id)
        .bind(OWNER)
        .bind(habit.version);
    let row = query.fetch_optional(db).await?;
    Ok(row.as_ref().map(self::habit).transpose()?)
}

async fn read_many(db: &mut PgConnection, limit: usize) -> Outcome<Vec<Habit>> {
    let query = sqlx::query(MANY_BY_ID).bind(OWNER).bind(limit as i64);
    Ok(habits(&query.fetch_all(db).await?)?)
}

/// Inserts rows in one statement, inside the caller's transaction or as one of its own.
pub(crate) async fn write_many(db: &mut PgConnection, rows: &[Habit]) -> Outcome<()> {
    bind_many(INSERT_MANY, rows).execute(db).await?;
    Ok(())
}

fn bind_many<'q>(text: &'static str, rows: &[Habit]) -> Bound<'q> {
    fn column<T>(rows: &[Habit], value: impl Fn(&Habit) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    sqlx::query(text)
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.user_id))
        .bind(column(rows, |row| row.name.clone()))
        .bind(column(rows, |row| row.cadence.clone()))
        .bind(column(rows, |row| row.color.clone()))
        .bind(column(rows, |row| row.sort_order))
        .bind(column(rows, |row| row.is_archived))
        .bind(column(rows, |row| row.created_at))
        .bind(column(rows, |row| row.updated_at))
        .bind(column(rows, |row| row.version))
        .bind(column(rows, |row| row.deleted_at))
}

/// Upserts rows in one statement, inside the caller's transaction.
async fn write_changes(db: &mut PgConnection, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
    let rows = to_write(rows);
    let written = bind_many(UPSERT_MANY, &rows).execute(db).await?;
    all_written(&rows, written.rows_affected())?;
    Ok(rows)
}

/// Hand-written sqlx over a pool.
pub(crate) struct SqlxPostgres {
    pub(crate) name: &'static str,
    pub(crate) pool: PgPool,
}

impl SqlxPostgres {
    async fn connection(&self) -> Outcome<PoolConnection<Postgres>> {
        Ok(self.pool.acquire().await?)
    }
}

#[async_trait]
impl Contestant for SqlxPostgres {
    fn name(&self) -> &'static str {
        self.name
    }

    fn can(&self, workload: Workload) -> bool {
        !workload.is_on_one_thread()
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
        write_many(&mut *self.connection().await?, &rows).await?;
        Ok(rows)
    }

    async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
        let mut transaction = self.pool.begin().await?;
        let rows = write_changes(&mut transaction, rows).await?;
        transaction.commit().await?;
        Ok(rows)
    }

    async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>> {
        read_many(&mut *self.connection().await?, limit).await
    }

    async fn stream_many(&self, limit: usize, visit: Visit<'_>) -> Outcome<()> {
        let mut connection = self.connection().await?;
        let query = sqlx::query(MANY_BY_ID).bind(OWNER).bind(limit as i64);
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
        let transaction = self.pool.begin().await?;
        ten_calls(Box::new(Work(transaction)), row, drafts).await
    }

    async fn get_as_owner(&self, id: Uuid) -> Outcome<Option<Habit>> {
        let mut transaction = self.pool.begin().await?;
        let claims = sqlx::query(CLAIMS).bind(claims());
        claims.execute(&mut *transaction).await?;
        let found = get(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }
}

/// The claims of the owner.
pub(super) fn claims() -> String {
    format!("{{\"sub\":\"{OWNER}\"}}")
}

struct Work(Transaction<'static, Postgres>);

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
