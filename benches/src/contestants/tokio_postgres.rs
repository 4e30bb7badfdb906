//! The floor on Postgres: tokio-postgres with prepared statements, COPY for an insert of many rows, and one round trip
//! for a read under row level security.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use futures_util::TryStreamExt;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, GenericClient, NoTls, Row, Statement};
use uuid::Uuid;

use super::pool::Pool;
use super::sqlx_postgres::{
    COUNT, FIRST, GET, INSERT, MANY_BY_ID, NEXT, UPDATE, UPSERT_MANY, claims,
};
use crate::contestant::{
    CONFLICT, Contestant, MISSING, Outcome, PAGE, Place, Rows, Upsert, Visit, all_written, renamed,
};
use crate::dataset::{OWNER, now, stamped, to_write};

/// Connections: as many as the default of Catamaran and of sqlx.
const CONNECTIONS: usize = 10;

const COPY: &str = "COPY habits (id, user_id, name, cadence, color, sort_order, is_archived, created_at, updated_at, \
                    version, deleted_at) FROM STDIN BINARY";

const TYPES: [Type; 11] = [
    Type::UUID,
    Type::UUID,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::INT4,
    Type::BOOL,
    Type::TIMESTAMPTZ,
    Type::TIMESTAMPTZ,
    Type::INT8,
    Type::TIMESTAMPTZ,
];

struct Session {
    client: Client,
    statements: Statements,
}

struct Statements {
    insert: Statement,
    get: Statement,
    first: Statement,
    next: Statement,
    update: Statement,
    many: Statement,
    upsert_many: Statement,
    count: Statement,
}

impl Session {
    async fn open(url: &str) -> Outcome<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        // It ends when the client is dropped; an error shows in the calls of the client.
        tokio::spawn(connection);
        let statements = Statements {
            insert: client.prepare(INSERT).await?,
            get: client.prepare(GET).await?,
            first: client.prepare(FIRST).await?,
            next: client.prepare(NEXT).await?,
            update: client.prepare(UPDATE).await?,
            many: client.prepare(MANY_BY_ID).await?,
            upsert_many: client.prepare(UPSERT_MANY).await?,
            count: client.prepare(COUNT).await?,
        };
        Ok(Session { client, statements })
    }
}

fn habit(row: &Row) -> Result<Habit, tokio_postgres::Error> {
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

fn values(row: &Habit) -> [&(dyn ToSql + Sync); 11] {
    [
        &row.id,
        &row.user_id,
        &row.name,
        &row.cadence,
        &row.color,
        &row.sort_order,
        &row.is_archived,
        &row.created_at,
        &row.updated_at,
        &row.version,
        &row.deleted_at,
    ]
}

type Db<'a, C> = (&'a C, &'a Statements);

async fn insert<C: GenericClient>((db, own): Db<'_, C>, draft: HabitDraft) -> Outcome<Habit> {
    let habit = stamped(draft);
    db.execute(&own.insert, &values(&habit)).await?;
    Ok(habit)
}

async fn get<C: GenericClient>((db, own): Db<'_, C>, id: Uuid) -> Outcome<Option<Habit>> {
    let row = db.query_opt(&own.get, &[&id, &OWNER]).await?;
    Ok(row.as_ref().map(habit).transpose()?)
}

async fn page<C: GenericClient>(
    (db, own): Db<'_, C>,
    after: Option<(DateTime<Utc>, Uuid)>,
) -> Outcome<Rows> {
    let limit = PAGE as i64;
    let rows = match after {
        None => db.query(&own.first, &[&OWNER, &limit]).await?,
        Some((updated_at, id)) => {
            let values: [&(dyn ToSql + Sync); 4] = [&OWNER, &updated_at, &id, &limit];
            db.query(&own.next, &values).await?
        }
    };
    let rows: Result<_, _> = rows.iter().map(habit).collect();
    Ok(Rows::by_key(rows?))
}

async fn update<C: GenericClient>((db, own): Db<'_, C>, row: Habit) -> Outcome<Option<Habit>> {
    let at = now();
    let values: [&(dyn ToSql + Sync); 9] = [
        &row.name,
        &row.cadence,
        &row.color,
        &row.sort_order,
        &row.is_archived,
        &at,
        &row.id,
        &OWNER,
        &row.version,
    ];
    let row = db.query_opt(&own.update, &values).await?;
    Ok(row.as_ref().map(habit).transpose()?)
}

/// The calls of [`ten_calls`](crate::contestant::ten_calls).
async fn ten_calls<C: GenericClient>(
    db: Db<'_, C>,
    row: Habit,
    drafts: [HabitDraft; 2],
) -> Outcome<Habit> {
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

async fn upsert_many<C: GenericClient>(
    (db, own): Db<'_, C>,
    rows: Vec<Upsert>,
) -> Outcome<Vec<Habit>> {
    fn column<'a, T>(rows: &'a [Habit], value: impl Fn(&'a Habit) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    let rows = to_write(rows);
    let values: [&(dyn ToSql + Sync); 11] = [
        &column(&rows, |row| row.id),
        &column(&rows, |row| row.user_id),
        &column(&rows, |row| row.name.as_str()),
        &column(&rows, |row| row.cadence.as_str()),
        &column(&rows, |row| row.color.as_str()),
        &column(&rows, |row| row.sort_order),
        &column(&rows, |row| row.is_archived),
        &column(&rows, |row| row.created_at),
        &column(&rows, |row| row.updated_at),
        &column(&rows, |row| row.version),
        &column(&rows, |row| row.deleted_at),
    ];
    let written = db.execute(&own.upsert_many, &values).await?;
    all_written(&rows, written)?;
    Ok(rows)
}

/// tokio-postgres over a pool.
pub(super) struct TokioPostgres {
    sessions: Pool<Session>,
    /// The begin of a transaction of the owner's.
    begin: String,
}

impl TokioPostgres {
    pub(super) async fn open(url: &str) -> Outcome<Self> {
        let mut sessions = Vec::new();
        for _ in 0..CONNECTIONS {
            sessions.push(Session::open(url).await?);
        }
        let begin = format!(
            "BEGIN; SELECT set_config('role', 'catamaran_app', true), \
             set_config('request.jwt.claims', '{}', true)",
            claims()
        );
        Ok(TokioPostgres {
            sessions: Pool::new(sessions),
            begin,
        })
    }
}

/// A call on a session of the pool.
macro_rules! call {
    ($self:ident, $call:ident, $argument:expr) => {{
        let session = $self.sessions.lease().await?;
        $call((&session.client, &session.statements), $argument).await
    }};
}

#[async_trait]
impl Contestant for TokioPostgres {
    fn name(&self) -> &'static str {
        "tokio-postgres"
    }

    fn can(&self, _workload: crate::Workload) -> bool {
        true
    }

    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
        call!(self, insert, draft)
    }

    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
        call!(self, get, id)
    }

    async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
        let after = after.map(Place::key).transpose()?;
        call!(self, page, after)
    }

    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
        call!(self, update, habit)
    }

    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
        let rows: Vec<Habit> = drafts.into_iter().map(stamped).collect();
        let session = self.sessions.lease().await?;
        let sink = session.client.copy_in(COPY).await?;
        let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &TYPES));
        for row in &rows {
            writer.as_mut().write(&values(row)).await?;
        }
        writer.finish().await?;
        Ok(rows)
    }

    async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
        let mut session = self.sessions.lease().await?;
        let Session { client, statements } = &mut *session;
        let transaction = client.transaction().await?;
        let rows = upsert_many((&transaction, statements), rows).await?;
        transaction.commit().await?;
        Ok(rows)
    }

    async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>> {
        let session = self.sessions.lease().await?;
        let many = &session.statements.many;
        let limit = limit as i64;
        let rows = session.client.query(many, &[&OWNER, &limit]).await?;
        let rows: Result<_, _> = rows.iter().map(habit).collect();
        Ok(rows?)
    }

    async fn stream_many(&self, limit: usize, visit: Visit<'_>) -> Outcome<()> {
        let session = self.sessions.lease().await?;
        let many = &session.statements.many;
        let limit = limit as i64;
        let values: [&(dyn ToSql + Sync); 2] = [&OWNER, &limit];
        let rows = session.client.query_raw(many, values).await?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.try_next().await? {
            visit(habit(&row)?);
        }
        Ok(())
    }

    async fn count(&self, name: &str) -> Outcome<u64> {
        let session = self.sessions.lease().await?;
        let count = &session.statements.count;
        let row = session.client.query_one(count, &[&name]).await?;
        let count: i64 = row.try_get(0)?;
        Ok(u64::try_from(count)?)
    }

    async fn transaction(&self, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
        let mut session = self.sessions.lease().await?;
        let Session { client, statements } = &mut *session;
        let transaction = client.transaction().await?;
        let row = ten_calls((&transaction, statements), row, drafts).await?;
        transaction.commit().await?;
        Ok(row)
    }

    async fn get_as_owner(&self, id: Uuid) -> Outcome<Option<Habit>> {
        let session = self.sessions.lease().await?;
        let Session { client, statements } = &*session;
        // Sent one after another without waiting, so that all of it is one round trip.
        let (begun, found, committed) = tokio::join!(
            biased;
            client.batch_execute(&self.begin),
            get((client, statements), id),
            client.batch_execute("COMMIT"),
        );
        begun?;
        committed?;
        found
    }
}
