//! Hand-written sqlx on Postgres: one pool, prepared statements, rows read by position.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sea_orm::sqlx::{self, Postgres, Row, Transaction, query::Query};
use uuid::Uuid;

use crate::contestant::{Contestant, MANY, Outcome, PAGE, Place, Rows, Unit};
use crate::dataset::{OWNER, now, stamped};

macro_rules! columns {
    () => {
        "id, user_id, name, cadence, color, sort_order, is_archived, created_at, updated_at, version, \
         deleted_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO habits (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
);

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL"
);

const FIRST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE user_id = $1 AND deleted_at IS NULL ORDER BY updated_at, id LIMIT $2"
);

const NEXT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE user_id = $1 AND deleted_at IS NULL AND (updated_at, id) > ($2, $3) \
     ORDER BY updated_at, id LIMIT $4"
);

const UPDATE: &str = concat!(
    "UPDATE habits SET name = $1, cadence = $2, color = $3, sort_order = $4, is_archived = $5, \
     updated_at = $6, version = version + 1 \
     WHERE id = $7 AND user_id = $8 AND version = $9 AND deleted_at IS NULL RETURNING ",
    columns!()
);

const MANY_BY_ID: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM habits WHERE user_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT $2"
);

const INSERT_MANY: &str = concat!(
    "INSERT INTO habits (",
    columns!(),
    ") SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int4[], \
     $7::bool[], $8::timestamptz[], $9::timestamptz[], $10::int8[], $11::timestamptz[])"
);

/// Role and claims in one statement, so that scoped work makes four round trips.
const CLAIMS: &str =
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

async fn read_many(db: &mut PgConnection) -> Outcome<Vec<Habit>> {
    let query = sqlx::query(MANY_BY_ID).bind(OWNER).bind(MANY as i64);
    Ok(habits(&query.fetch_all(db).await?)?)
}

/// Inserts rows in one statement, inside the caller's transaction or as one of its own.
pub(crate) async fn write_many(db: &mut PgConnection, rows: &[Habit]) -> Outcome<()> {
    fn column<T>(rows: &[Habit], value: impl Fn(&Habit) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    let query = sqlx::query(INSERT_MANY)
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
        .bind(column(rows, |row| row.deleted_at));
    query.execute(db).await?;
    Ok(())
}

/// Hand-written sqlx over a pool.
pub(crate) struct SqlxPostgres {
    pub(crate) name: &'static str,
    pub(crate) pool: PgPool,
    /// Whether each call sets role and claims in its own transaction.
    pub(crate) claims: bool,
}

/// The connection or transaction of one call.
enum Call {
    Plain(PoolConnection<Postgres>),
    Scoped(Transaction<'static, Postgres>),
}

impl Call {
    fn connection(&mut self) -> &mut PgConnection {
        match self {
            Call::Plain(connection) => connection,
            Call::Scoped(transaction) => transaction,
        }
    }

    async fn end<T>(self, value: T) -> Outcome<T> {
        if let Call::Scoped(transaction) = self {
            transaction.commit().await?;
        }
        Ok(value)
    }
}

impl SqlxPostgres {
    async fn transaction(&self) -> Outcome<Transaction<'static, Postgres>> {
        let mut transaction = self.pool.begin().await?;
        if self.claims {
            let claims = format!("{{\"sub\":\"{OWNER}\"}}");
            let query = sqlx::query(CLAIMS).bind(claims);
            query.execute(&mut *transaction).await?;
        }
        Ok(transaction)
    }

    async fn call(&self) -> Outcome<Call> {
        Ok(match self.claims {
            true => Call::Scoped(self.transaction().await?),
            false => Call::Plain(self.pool.acquire().await?),
        })
    }
}

#[async_trait]
impl Contestant for SqlxPostgres {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
        let mut call = self.call().await?;
        let inserted = insert(call.connection(), draft).await?;
        call.end(inserted).await
    }

    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
        let mut call = self.call().await?;
        let found = get(call.connection(), id).await?;
        call.end(found).await
    }

    async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
        let after = after.map(Place::key).transpose()?;
        let mut call = self.call().await?;
        let rows = page(call.connection(), after).await?;
        call.end(rows).await
    }

    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
        let mut call = self.call().await?;
        let updated = update(call.connection(), habit).await?;
        call.end(updated).await
    }

    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
        let rows: Vec<Habit> = drafts.into_iter().map(stamped).collect();
        let mut call = self.call().await?;
        write_many(call.connection(), &rows).await?;
        call.end(rows).await
    }

    async fn read_many(&self) -> Outcome<Vec<Habit>> {
        let mut call = self.call().await?;
        let rows = read_many(call.connection()).await?;
        call.end(rows).await
    }

    async fn begin(&self) -> Outcome<Box<dyn Unit>> {
        Ok(Box::new(Work(self.transaction().await?)))
    }
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
