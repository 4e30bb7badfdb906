//! Connections, disks and files.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{AnyRepository, Engine, Expected, PageRequest, Query, Result, Store, StoreOptions};
use entity::{Device, Habit, HabitDraft, HabitPatch};
use sea_orm::ConnectionTrait;
use suite::observer::{Observer, connect, texts};
use suite::raw;
use suite::users::adas;
use uuid::Uuid;

use super::{EVERYBODYS, Fault, MARKER, Provoked, faults, habits, told};

pub(super) fn faults() -> Vec<Fault> {
    faults! {
        ConnectionLost: "The connection ends, or the file can no longer be read, during a read" by lost_reading;
        CommitUnknown: "The same, while a single write waits for its result" by lost_writing;
        Unavailable: "The database's file is replaced under the open store" by replaced;
        StorageFull: "The disk is full" by full;
        Exhausted: "A limit of the server is reached: temporary files" by exhausted;
        Corrupt: "A page of a table is overwritten" by damaged;
    }
}

/// How the server lists the connections of [`other_store`].
const NAME: &str = "to be ended";

async fn other_store(db: &TwinDatabase) -> Result<Store> {
    let options = StoreOptions::new(db.url()).application_name(NAME);
    options.connections(1).open().await
}

async fn a_habit(db: &TwinDatabase) -> Result<Uuid> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new(MARKER, "daily")).await?;
    Ok(made.id)
}

/// Ends the other store's connection as soon as it waits for something inside the server.
async fn end_when_waiting(db: &TwinDatabase) {
    let outside = Observer::of(db).await;
    let waiting = format!(
        "SELECT pid::text FROM pg_stat_activity WHERE application_name = '{NAME}' AND state = 'active' \
         AND datname = current_database() AND wait_event_type IN ('Lock', 'Timeout')"
    );
    while outside.texts(&waiting).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let end = waiting.replace("pid::text", "pg_terminate_backend(pid, 5000)::text");
    outside.texts(&end).await;
}

/// Empties the journal while the store has it open, so that pages which it has not read are lost.
fn empty_journal(db: &TwinDatabase) {
    let file = db.url().trim_start_matches("sqlite://");
    let journal = OpenOptions::new().write(true).open(format!("{file}-wal"));
    let journal = journal.expect("the journal of a file that was written");
    journal.set_len(0).expect("an empty journal");
}

async fn lost_reading(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let id = a_habit(&db).await?;
    let store = other_store(&db).await?;
    let rows = store.native::<Habit>(&EVERYBODYS);
    told(match rows {
        AnyRepository::Sqlite(_) => {
            // Connects and reads the schema first.
            let devices = store.repository::<Device>(&EVERYBODYS);
            devices.count(&Query::all()).await?;
            empty_journal(&db);
            let rows = store.repository::<Habit>(&EVERYBODYS);
            rows.find(id).await.map(|_| ())
        }
        AnyRepository::Postgres(rows) => {
            let sql = "SELECT 1::bigint FROM pg_sleep(600)";
            let slow = rows.query(sql, vec![], |row| row.get::<i64>(0));
            let (slow, ()) = tokio::join!(slow, end_when_waiting(&db));
            slow.map(|_| ())
        }
    })
}

async fn lost_writing(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let id = a_habit(&db).await?;
    let store = other_store(&db).await?;
    let rows = store.repository::<Habit>(&EVERYBODYS);
    let patch = || HabitPatch::new().name(MARKER);
    told(match db.engine() {
        Engine::Sqlite => {
            empty_journal(&db);
            rows.patch(id, Expected::Any, patch()).await
        }
        Engine::Postgres => {
            let unit = db.store().begin_write(&EVERYBODYS).await?;
            let holding = unit.repository::<Habit>();
            holding.patch(id, Expected::Any, patch()).await?;
            let waiting = rows.patch(id, Expected::Any, patch());
            let (written, ()) = tokio::join!(waiting, end_when_waiting(&db));
            written
        }
    })
}

async fn replaced(at: Target) -> Result<Provoked> {
    let (db, other) = (habits(at).await, habits(at).await);
    if db.engine() == Engine::Postgres {
        return Ok(Provoked::Not("a server is no file"));
    }
    a_habit(&db).await?;
    let [file, new] = [&db, &other].map(|db| db.url().trim_start_matches("sqlite://"));
    std::fs::rename(new, file).expect("another file at its place");
    told(adas::<Habit>(&db).count(&Query::all()).await)
}

async fn full(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    told(match db.store().native::<Habit>(&EVERYBODYS) {
        AnyRepository::Sqlite(_) => {
            let unit = db.store().begin_write(&EVERYBODYS).await?;
            raw::execute_in(&unit, "PRAGMA max_page_count = 1").await?;
            let filling = format!(
                "CREATE TABLE filling AS SELECT '{}' AS f",
                MARKER.repeat(100_000)
            );
            raw::execute_in(&unit, &filling).await
        }
        AnyRepository::Postgres(rows) => {
            // The server writes to a device that has no space: the same answer of the same system call.
            let sql = "COPY (SELECT repeat('Zq7Marker', 100000)) TO '/dev/full'";
            rows.execute(sql, vec![]).await.map(|_| ())
        }
    })
}

async fn exhausted(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    if db.engine() == Engine::Sqlite {
        return Ok(Provoked::Not(
            "it has no such limit; memory that runs out (7) has this kind by its code",
        ));
    }
    let sql = format!(
        "SET LOCAL temp_file_limit = 0; SET LOCAL work_mem = 64; \
         SELECT i, '{MARKER}' FROM generate_series(1, 200000) AS s (i) ORDER BY random()"
    );
    told(raw::execute(db.store(), &sql).await)
}

/// Opens the database and reads every habit.
async fn read_all(url: &str) -> Result<()> {
    let store = Store::open(url).await?;
    let habits = store.repository::<Habit>(&EVERYBODYS);
    let read = habits.list(&Query::all(), PageRequest::first(5_000)).await;
    store.close();
    read.map(|_| ())
}

async fn damaged(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let drafts = (0..2_000).map(|_| HabitDraft::new(MARKER, "daily"));
    adas::<Habit>(&db).insert_many(drafts.collect()).await?;
    let file = match db.engine() {
        Engine::Sqlite => db.url().trim_start_matches("sqlite://").to_owned(),
        Engine::Postgres => {
            let path = "SELECT pg_relation_filepath('habits')";
            Observer::of(&db).await.texts(path).await.remove(0)
        }
    };
    db.store().close();
    match db.engine() {
        Engine::Sqlite => {
            // Moves the journal into the file, which is damaged below.
            let connection = connect(db.url()).await?;
            let whole = "PRAGMA wal_checkpoint(TRUNCATE)";
            connection.execute_unprepared(whole).await?;
            connection.close().await?;
            overwrite_second_half(&file);
            told(read_all(db.url()).await)
        }
        Engine::Postgres => told(read_damaged_copy(db.url(), &file).await?),
    }
}

fn overwrite_second_half(file: &str) {
    let mut file = OpenOptions::new()
        .write(true)
        .open(file)
        .expect("the database's file");
    let pages = file.metadata().expect("its size").len() / 4_096;
    for page in pages / 2..pages {
        file.seek(SeekFrom::Start(page * 4_096)).expect("a page");
        file.write_all(&[0xff; 4_096]).expect("a page");
    }
}

/// Copies the database file by file, so that no page of the copy is in the server's memory, and has the server
/// itself overwrite the copy's table.
async fn read_damaged_copy(url: &str, path: &str) -> Result<Result<()>> {
    let mut copy: url::Url = url.parse().expect("the test's own URL");
    let original = copy.path().trim_start_matches('/').to_owned();
    let name = format!("{original}_damaged");
    copy.set_path(&name);
    let mut admin = copy.clone();
    admin.set_path("postgres");
    let admin = connect(admin.as_str()).await?;
    // A database that somebody is connected to cannot be copied.
    let others = format!("SELECT pid::text FROM pg_stat_activity WHERE datname = '{original}'");
    while !texts(&admin, &others).await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let create = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{original}\" STRATEGY FILE_COPY");
    admin.execute_unprepared(&create).await?;
    let oid = format!("SELECT oid::text FROM pg_database WHERE datname = '{name}'");
    let oid = texts(&admin, &oid).await?.remove(0);
    let (_, table) = path.rsplit_once('/').expect("base/database/table");
    let damage = format!(
        "DO $$ DECLARE damage oid; BEGIN \
         damage := lo_from_bytea(0, decode(repeat('ff', 8192), 'hex')); \
         PERFORM lo_export(damage, 'base/{oid}/{table}'); PERFORM lo_unlink(damage); END $$"
    );
    admin.execute_unprepared(&damage).await?;
    let read = read_all(copy.as_str()).await;
    let drop = format!("DROP DATABASE \"{name}\" WITH (FORCE)");
    admin.execute_unprepared(&drop).await?;
    Ok(read)
}
