//! Diesel on Postgres: diesel-async over a pool of connections.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::upsert::excluded;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use entity::{Habit, HabitDraft};
use futures_util::TryStreamExt;
use uuid::Uuid;

use super::pool::Pool;
use super::sqlx_postgres::claims;
use crate::contestant::{
    CONFLICT, Contestant, MISSING, Outcome, PAGE, Place, Rows, Upsert, Visit, all_written, renamed,
};
use crate::dataset::{OWNER, now, stamped, to_write};
use crate::workload::Workload;

/// Connections: as many as the default of Catamaran and of sqlx.
const CONNECTIONS: usize = 10;

/// Rows of one INSERT: 11 columns each, below the 65,535 parameters of Postgres.
const CHUNK: usize = 2_500;

diesel::table! {
    habits (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        cadence -> Text,
        color -> Text,
        sort_order -> Integer,
        is_archived -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> BigInt,
        deleted_at -> Nullable<Timestamptz>,
    }
}

// NULL as a value, since Diesel prepares a statement anew if it may say DEFAULT.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = habits, treat_none_as_default_value = false)]
#[diesel(check_for_backend(Pg))]
struct Model {
    id: Uuid,
    user_id: Uuid,
    name: String,
    cadence: String,
    color: String,
    sort_order: i32,
    is_archived: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
    deleted_at: Option<DateTime<Utc>>,
}

macro_rules! convert {
    ($from:ident, $into:ident) => {
        impl From<$from> for $into {
            fn from(row: $from) -> Self {
                $into {
                    id: row.id,
                    user_id: row.user_id,
                    name: row.name,
                    cadence: row.cadence,
                    color: row.color,
                    sort_order: row.sort_order,
                    is_archived: row.is_archived,
                    created_at: row.created_at,
                    updated_at: row.updated_at,
                    version: row.version,
                    deleted_at: row.deleted_at,
                }
            }
        }
    };
}

convert!(Habit, Model);
convert!(Model, Habit);

type Db = AsyncPgConnection;

async fn insert(db: &mut Db, draft: HabitDraft) -> Outcome<Habit> {
    let habit = stamped(draft);
    let insert = diesel::insert_into(habits::table).values(Model::from(habit.clone()));
    insert.execute(db).await?;
    Ok(habit)
}

async fn get(db: &mut Db, id: Uuid) -> Outcome<Option<Habit>> {
    let query = habits::table
        .filter(habits::id.eq(id))
        .filter(habits::user_id.eq(OWNER))
        .filter(habits::deleted_at.is_null())
        .select(Model::as_select());
    Ok(query.first(db).await.optional()?.map(Habit::from))
}

async fn page(db: &mut Db, after: Option<(DateTime<Utc>, Uuid)>) -> Outcome<Rows> {
    let query = habits::table
        .filter(habits::user_id.eq(OWNER))
        .filter(habits::deleted_at.is_null())
        .order((habits::updated_at, habits::id))
        .limit(PAGE as i64)
        .select(Model::as_select());
    let models: Vec<Model> = match after {
        None => query.load(db).await?,
        Some((updated_at, id)) => {
            // Diesel has no row values in its DSL, and prepares anew what has SQL of one's own.
            let place = habits::updated_at.gt(updated_at).or(habits::id.gt(id));
            let query = query.filter(habits::updated_at.ge(updated_at));
            query.filter(place).load(db).await?
        }
    };
    Ok(Rows::by_key(models.into_iter().map(Habit::from).collect()))
}

async fn update(db: &mut Db, row: Habit) -> Outcome<Option<Habit>> {
    let target = habits::table
        .filter(habits::id.eq(row.id))
        .filter(habits::user_id.eq(OWNER))
        .filter(habits::version.eq(row.version))
        .filter(habits::deleted_at.is_null());
    let update = diesel::update(target).set((
        habits::name.eq(row.name),
        habits::cadence.eq(row.cadence),
        habits::color.eq(row.color),
        habits::sort_order.eq(row.sort_order),
        habits::is_archived.eq(row.is_archived),
        habits::updated_at.eq(now()),
        habits::version.eq(habits::version + 1),
    ));
    let update = update.returning(Model::as_returning());
    let row: Option<Model> = update.get_result(db).await.optional()?;
    Ok(row.map(Habit::from))
}

async fn upsert_many(db: &mut Db, rows: Vec<Habit>) -> Outcome<Vec<Habit>> {
    for chunk in rows.chunks(CHUNK) {
        let models: Vec<Model> = chunk.iter().cloned().map(Model::from).collect();
        let insert = diesel::insert_into(habits::table)
            .values(models)
            .on_conflict(habits::id)
            .do_update()
            .set((
                habits::name.eq(excluded(habits::name)),
                habits::cadence.eq(excluded(habits::cadence)),
                habits::color.eq(excluded(habits::color)),
                habits::sort_order.eq(excluded(habits::sort_order)),
                habits::is_archived.eq(excluded(habits::is_archived)),
                habits::updated_at.eq(excluded(habits::updated_at)),
                habits::version.eq(excluded(habits::version)),
            ));
        let same = habits::user_id
            .eq(excluded(habits::user_id))
            .and((habits::version + 1).eq(excluded(habits::version)))
            .and(habits::deleted_at.is_null());
        let insert = diesel::query_dsl::methods::FilterDsl::filter(insert, same);
        all_written(chunk, insert.execute(db).await? as u64)?;
    }
    Ok(rows)
}

async fn ten_calls(db: &mut Db, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
    let (version, mut last) = (row.version, row.id);
    for draft in drafts {
        let new = insert(db, draft).await?;
        let new = get(db, new.id).await?.ok_or(MISSING)?;
        let new = update(db, renamed(new)).await?.ok_or(CONFLICT)?;
        last = new.id;
    }
    let stored = get(db, row.id).await?.ok_or(MISSING)?;
    let changed = Habit {
        version,
        ..renamed(stored)
    };
    let row = update(db, changed).await?.ok_or(CONFLICT)?;
    get(db, last).await?.ok_or(MISSING)?;
    Ok(get(db, row.id).await?.ok_or(MISSING)?)
}

pub(super) struct DieselPostgres(Pool<AsyncPgConnection>);

impl DieselPostgres {
    pub(super) async fn open(url: &str) -> Outcome<Self> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(AsyncPgConnection::establish(url).await?);
        }
        Ok(DieselPostgres(Pool::new(connections)))
    }

    /// Runs calls in a transaction.
    async fn transaction<T: Send>(
        &self,
        calls: impl AsyncFnOnce(&mut Db) -> Outcome<T>,
    ) -> Outcome<T> {
        use diesel_async::TransactionManager;
        type Manager = <AsyncPgConnection as AsyncConnection>::TransactionManager;
        let mut db = self.0.lease().await?;
        Manager::begin_transaction(&mut *db).await?;
        let result = calls(&mut db).await;
        match &result {
            Ok(_) => Manager::commit_transaction(&mut *db).await?,
            Err(_) => Manager::rollback_transaction(&mut *db).await?,
        }
        result
    }
}

#[async_trait]
impl Contestant for DieselPostgres {
    fn name(&self) -> &'static str {
        "diesel-async"
    }

    fn can(&self, workload: Workload) -> bool {
        !workload.is_on_one_thread()
    }

    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
        insert(&mut *self.0.lease().await?, draft).await
    }

    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
        get(&mut *self.0.lease().await?, id).await
    }

    async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
        let after = after.map(Place::key).transpose()?;
        page(&mut *self.0.lease().await?, after).await
    }

    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
        update(&mut *self.0.lease().await?, habit).await
    }

    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
        let rows: Vec<Habit> = drafts.into_iter().map(stamped).collect();
        let write = async |db: &mut Db| {
            for chunk in rows.chunks(CHUNK) {
                let models: Vec<Model> = chunk.iter().cloned().map(Model::from).collect();
                let insert = diesel::insert_into(habits::table).values(models);
                insert.execute(db).await?;
            }
            Ok(())
        };
        self.transaction(write).await?;
        Ok(rows)
    }

    async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
        let rows = to_write(rows);
        self.transaction(async |db: &mut Db| upsert_many(db, rows).await)
            .await
    }

    async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>> {
        let mut rows = Vec::new();
        self.stream_many(limit, &mut |row| rows.push(row)).await?;
        Ok(rows)
    }

    async fn stream_many(&self, limit: usize, visit: Visit<'_>) -> Outcome<()> {
        let mut db = self.0.lease().await?;
        let query = habits::table
            .filter(habits::user_id.eq(OWNER))
            .filter(habits::deleted_at.is_null())
            .order(habits::id)
            .limit(limit as i64)
            .select(Model::as_select());
        let mut rows = query.load_stream(&mut *db).await?;
        while let Some(row) = rows.try_next().await? {
            visit(row.into());
        }
        Ok(())
    }

    async fn count(&self, name: &str) -> Outcome<u64> {
        let query = habits::table
            .filter(habits::name.eq(name))
            .filter(habits::deleted_at.is_null());
        let mut db = self.0.lease().await?;
        let count: i64 = query.count().get_result(&mut *db).await?;
        Ok(u64::try_from(count)?)
    }

    async fn transaction(&self, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
        let ten = async |db: &mut Db| ten_calls(db, row, drafts).await;
        Self::transaction(self, ten).await
    }

    async fn get_as_owner(&self, id: Uuid) -> Outcome<Option<Habit>> {
        let read = async |db: &mut Db| {
            let text = "SELECT set_config('role', 'catamaran_app', true), \
                        set_config('request.jwt.claims', $1, true)";
            let set = diesel::sql_query(text).bind::<Text, _>(claims());
            set.execute(db).await?;
            get(db, id).await
        };
        Self::transaction(self, read).await
    }
}
