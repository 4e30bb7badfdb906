//! Diesel on SQLite: a pool of connections, called on tokio's threads for blocking work.

use catamaran::sqlite::TextTime;
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Text;
use diesel::sqlite::{Sqlite, SqliteValue};
use diesel::upsert::excluded;
use entity::{Habit, HabitDraft};
use uuid::Uuid;

use crate::contestant::Contestant;
use crate::contestant::{CONFLICT, MISSING, Outcome, PAGE, Place, Rows, Upsert, Visit, renamed};
use crate::contestants::pool::Pool;
use crate::dataset::{OWNER, now, stamped, to_write};

diesel::table! {
    habits (id) {
        id -> Text,
        user_id -> Text,
        name -> Text,
        cadence -> Text,
        color -> Text,
        sort_order -> Integer,
        is_archived -> Bool,
        created_at -> Text,
        updated_at -> Text,
        version -> BigInt,
        deleted_at -> Nullable<Text>,
    }
}

/// An id as text.
#[derive(Clone, Copy, Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
struct Id(Uuid);

/// A time as text.
#[derive(Clone, Copy, Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
struct Time(DateTime<Utc>);

impl FromSql<Text, Sqlite> for Id {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Id(Uuid::try_parse(value.read_text())?))
    }
}

impl ToSql<Text, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.hyphenated().to_string());
        Ok(IsNull::No)
    }
}

impl FromSql<Text, Sqlite> for Time {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let time: TextTime = value.read_text().parse()?;
        Ok(Time(time.0))
    }
}

impl ToSql<Text, Sqlite> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(TextTime(self.0).to_string());
        Ok(IsNull::No)
    }
}

// NULL as a value, since Diesel prepares a statement anew if it may say DEFAULT.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = habits, treat_none_as_default_value = false)]
#[diesel(check_for_backend(Sqlite))]
struct Model {
    id: Id,
    user_id: Id,
    name: String,
    cadence: String,
    color: String,
    sort_order: i32,
    is_archived: bool,
    created_at: Time,
    updated_at: Time,
    version: i64,
    deleted_at: Option<Time>,
}

impl From<Habit> for Model {
    fn from(row: Habit) -> Self {
        Model {
            id: Id(row.id),
            user_id: Id(row.user_id),
            name: row.name,
            cadence: row.cadence,
            color: row.color,
            sort_order: row.sort_order,
            is_archived: row.is_archived,
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
            version: row.version,
            deleted_at: row.deleted_at.map(Time),
        }
    }
}

impl From<Model> for Habit {
    fn from(row: Model) -> Self {
        Habit {
            id: row.id.0,
            user_id: row.user_id.0,
            name: row.name,
            cadence: row.cadence,
            color: row.color,
            sort_order: row.sort_order,
            is_archived: row.is_archived,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
            deleted_at: row.deleted_at.map(|at| at.0),
        }
    }
}

fn insert(db: &mut SqliteConnection, draft: HabitDraft) -> Outcome<Habit> {
    let habit = stamped(draft);
    let insert = diesel::insert_into(habits::table).values(Model::from(habit.clone()));
    insert.execute(db)?;
    Ok(habit)
}

fn get(db: &mut SqliteConnection, id: Uuid) -> Outcome<Option<Habit>> {
    let query = habits::table
        .filter(habits::id.eq(Id(id)))
        .filter(habits::user_id.eq(Id(OWNER)))
        .filter(habits::deleted_at.is_null())
        .select(Model::as_select());
    Ok(query.first(db).optional()?.map(Habit::from))
}

fn page(db: &mut SqliteConnection, after: Option<(DateTime<Utc>, Uuid)>) -> Outcome<Rows> {
    let query = habits::table
        .filter(habits::user_id.eq(Id(OWNER)))
        .filter(habits::deleted_at.is_null())
        .order((habits::updated_at, habits::id))
        .limit(PAGE as i64)
        .select(Model::as_select());
    let models: Vec<Model> = match after {
        None => query.load(db)?,
        Some((updated_at, id)) => {
            // Diesel has no row values in its DSL, and prepares anew what has SQL of one's own.
            let place = habits::updated_at
                .gt(Time(updated_at))
                .or(habits::id.gt(Id(id)));
            let query = query.filter(habits::updated_at.ge(Time(updated_at)));
            query.filter(place).load(db)?
        }
    };
    Ok(Rows::by_key(models.into_iter().map(Habit::from).collect()))
}

fn update(db: &mut SqliteConnection, row: Habit) -> Outcome<Option<Habit>> {
    let target = habits::table
        .filter(habits::id.eq(Id(row.id)))
        .filter(habits::user_id.eq(Id(OWNER)))
        .filter(habits::version.eq(row.version))
        .filter(habits::deleted_at.is_null());
    let update = diesel::update(target).set((
        habits::name.eq(row.name),
        habits::cadence.eq(row.cadence),
        habits::color.eq(row.color),
        habits::sort_order.eq(row.sort_order),
        habits::is_archived.eq(row.is_archived),
        habits::updated_at.eq(Time(now())),
        habits::version.eq(habits::version + 1),
    ));
    let update = update.returning(Model::as_returning());
    Ok(update.get_result(db).optional()?.map(Habit::from))
}

fn upsert(db: &mut SqliteConnection, row: Habit) -> Outcome<Habit> {
    let insert = diesel::insert_into(habits::table)
        .values(Model::from(row.clone()))
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
    match insert.execute(db)? {
        0 => Err(CONFLICT.into()),
        _ => Ok(row),
    }
}

fn stream_many(db: &mut SqliteConnection, limit: usize, visit: Visit<'_>) -> Outcome<()> {
    let query = habits::table
        .filter(habits::user_id.eq(Id(OWNER)))
        .filter(habits::deleted_at.is_null())
        .order(habits::id)
        .limit(limit as i64)
        .select(Model::as_select());
    for row in query.load_iter(db)? {
        visit(row?.into());
    }
    Ok(())
}

fn ten_calls(db: &mut SqliteConnection, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
    let (version, mut last) = (row.version, row.id);
    for draft in drafts {
        let new = insert(db, draft)?;
        let new = get(db, new.id)?.ok_or(MISSING)?;
        let new = update(db, renamed(new))?.ok_or(CONFLICT)?;
        last = new.id;
    }
    let stored = get(db, row.id)?.ok_or(MISSING)?;
    let changed = Habit {
        version,
        ..renamed(stored)
    };
    let row = update(db, changed)?.ok_or(CONFLICT)?;
    get(db, last)?.ok_or(MISSING)?;
    Ok(get(db, row.id)?.ok_or(MISSING)?)
}

/// An error of the calls or of the transaction around them.
struct Failure(Box<dyn std::error::Error + Send + Sync>);

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Failure(error.into())
    }
}

fn immediate<T>(
    db: &mut SqliteConnection,
    call: impl FnOnce(&mut SqliteConnection) -> Outcome<T>,
) -> Outcome<T> {
    let result = db.immediate_transaction(|db| call(db).map_err(Failure));
    result.map_err(|failure| failure.0)
}

pub(crate) struct DieselSqlite(Pool<SqliteConnection>);

impl DieselSqlite {
    pub(crate) fn open(
        path: &str,
        synchronous: &str,
        cache: &str,
        connections: u32,
    ) -> Outcome<Self> {
        let settings = format!(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
             PRAGMA foreign_keys = ON; PRAGMA cache_size = {cache}"
        );
        let connect = || {
            let mut connection = SqliteConnection::establish(path)?;
            connection.batch_execute(&settings)?;
            Ok(connection)
        };
        Ok(DieselSqlite(Pool::fill(connections as usize, connect)?))
    }

    async fn call<T, F>(&self, call: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> Outcome<T> + Send + 'static,
    {
        let mut lease = self.0.lease().await?;
        let mut connection = lease.take()?;
        let blocking = move || (call(&mut connection), connection);
        let (result, connection) = tokio::task::spawn_blocking(blocking).await?;
        lease.give_back(connection);
        result
    }
}

#[async_trait::async_trait]
impl Contestant for DieselSqlite {
    fn name(&self) -> &'static str {
        "Diesel"
    }

    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
        self.call(|db| insert(db, draft)).await
    }

    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
        self.call(move |db| get(db, id)).await
    }

    async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
        let after = after.map(Place::key).transpose()?;
        self.call(move |db| page(db, after)).await
    }

    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
        self.call(|db| update(db, habit)).await
    }

    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
        let write = |db: &mut SqliteConnection| {
            let rows: Vec<Habit> = drafts.into_iter().map(stamped).collect();
            for row in &rows {
                let insert = diesel::insert_into(habits::table).values(Model::from(row.clone()));
                insert.execute(db)?;
            }
            Ok(rows)
        };
        self.call(|db| immediate(db, write)).await
    }

    async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
        let write = |db: &mut SqliteConnection| {
            let rows = to_write(rows).into_iter();
            rows.map(|row| upsert(db, row)).collect()
        };
        self.call(|db| immediate(db, write)).await
    }

    async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>> {
        let read = move |db: &mut SqliteConnection| {
            let mut rows = Vec::new();
            stream_many(db, limit, &mut |row| rows.push(row))?;
            Ok(rows)
        };
        self.call(read).await
    }

    async fn stream_many(&self, limit: usize, visit: Visit<'_>) -> Outcome<()> {
        // Its iterator borrows the connection, and is used where the connection is.
        let mut lease = self.0.lease().await?;
        tokio::task::block_in_place(|| stream_many(&mut lease, limit, visit))
    }

    async fn count(&self, name: &str) -> Outcome<u64> {
        let name = name.to_owned();
        let read = move |db: &mut SqliteConnection| {
            let query = habits::table
                .filter(habits::name.eq(name))
                .filter(habits::deleted_at.is_null());
            let count: i64 = query.count().get_result(db)?;
            Ok(u64::try_from(count)?)
        };
        self.call(read).await
    }

    async fn transaction(&self, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
        let ten = |db: &mut SqliteConnection| ten_calls(db, row, drafts);
        self.call(|db| immediate(db, ten)).await
    }
}
