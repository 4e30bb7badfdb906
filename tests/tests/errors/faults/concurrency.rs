//! Faults of concurrent use.

use std::time::Duration;

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{AnyRepository, Engine, Expected, Repository, Result, StoreOptions};
use entity::{Habit, HabitDraft, HabitPatch};
use sea_orm::ConnectionTrait;
use suite::observer::connect;
use suite::pace::limit;
use suite::users::adas;

use super::{ADAS, EVERYBODYS, Fault, MARKER, Provoked, faults, habits, told};

pub(super) fn faults() -> Vec<Fault> {
    faults! {
        Serialization: "A transaction that has read writes what another one wrote since" by outdated;
        Serialization: "Two units lock two rows in opposite order" by deadlock;
        LockTimeout: "A row is written that another unit has locked for longer than the lock timeout" by locked;
        SchemaChanged: "The type of a column changes while a unit is open that reads it again" by changed;
        PoolTimeout: "Every connection is held for longer than the acquire timeout" by no_connection;
        StatementTimeout: "A statement takes longer than the statement timeout" by slow;
    }
}

fn patch() -> HabitPatch {
    HabitPatch::new().name(MARKER)
}

async fn a_habit(db: &TwinDatabase) -> Result<Habit> {
    adas::<Habit>(db)
        .insert(HabitDraft::new(MARKER, "daily"))
        .await
}

/// Uses a plain connection, because write units take SQLite's lock before they read.
async fn outdated(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let made = a_habit(&db).await?;
    let connection = connect(db.url()).await?;
    let begin = match db.engine() {
        Engine::Sqlite => "BEGIN; SELECT name FROM habits",
        Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT name FROM habits",
    };
    connection.execute_unprepared(begin).await?;
    adas::<Habit>(&db)
        .patch(made.id, Expected::Any, patch())
        .await?;
    let sql = format!("UPDATE habits SET name = '{MARKER}'");
    let written = connection.execute_unprepared(&sql).await;
    told(written.map_err(Into::into))
}

/// Postgres compares the cached plan with the schema. In a unit, only a new try can prepare again.
async fn changed(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    if db.engine() == Engine::Sqlite {
        return Ok(Provoked::Not(
            "it prepares such a statement again by itself",
        ));
    }
    let made = a_habit(&db).await?;
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    for round in 0..2 {
        let unit = store.begin_write(&ADAS).await?;
        let rows = unit.repository::<Habit>();
        rows.count(&catamaran::Query::all()).await?;
        let read = rows.get(made.id).await;
        if round == 1 {
            return told(read);
        }
        read?;
        unit.commit().await?;
        let sql = "ALTER TABLE habits ALTER COLUMN color TYPE varchar(500)";
        connect(db.url()).await?.execute_unprepared(sql).await?;
    }
    unreachable!("the second round returns")
}

async fn deadlock(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    if db.engine() == Engine::Sqlite {
        return Ok(Provoked::Not("it has one writer at a time"));
    }
    let (one, two) = (a_habit(&db).await?.id, a_habit(&db).await?.id);
    let first = db.store().begin_write(&ADAS).await?;
    let second = db.store().begin_write(&ADAS).await?;
    let write =
        async |rows: &dyn Repository<Habit>, id| rows.patch(id, Expected::Any, patch()).await;
    let (firsts, seconds) = (first.repository::<Habit>(), second.repository::<Habit>());
    write(&*firsts, one).await?;
    write(&*seconds, two).await?;
    let (first, second) = tokio::join!(write(&*firsts, two), write(&*seconds, one));
    told(first.and(second))
}

async fn locked(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let made = a_habit(&db).await?;
    let unit = db.store().begin_write(&ADAS).await?;
    unit.repository::<Habit>()
        .patch(made.id, Expected::Any, patch())
        .await?;
    let store = StoreOptions::new(db.url())
        .lock_timeout(Duration::from_millis(50))
        .open()
        .await?;
    let rows = store.repository::<Habit>(&ADAS);
    told(rows.patch(made.id, Expected::Any, patch()).await)
}

async fn no_connection(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let store = StoreOptions::new(db.url())
        .connections(1)
        .acquire_timeout(limit())
        .open()
        .await?;
    let _held = store.begin_write(&ADAS).await?;
    let rows = store.repository::<Habit>(&ADAS);
    told(rows.insert(HabitDraft::new(MARKER, "daily")).await)
}

async fn slow(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let store = StoreOptions::new(db.url())
        .statement_timeout(limit())
        .open()
        .await?;
    told(match store.native::<Habit>(&EVERYBODYS) {
        AnyRepository::Sqlite(rows) => {
            let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                       SELECT count(*) FROM n";
            rows.query(sql, vec![], |row| row.get::<i64>(0)).await
        }
        AnyRepository::Postgres(rows) => {
            let sql = "SELECT 1::bigint FROM pg_sleep(600)";
            rows.query(sql, vec![], |row| row.get::<i64>(0)).await
        }
    })
}
