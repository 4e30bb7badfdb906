//! Locks, full pools, lost connections, full disks, damaged and read-only files.

use std::time::Duration;

use catamaran::testing::{EphemeralDatabase, Target, TwinDatabase, twin_test};
use catamaran::{
    AnyRepository, Engine, ErrorKind, Expected, Query, Result, Scope, Store, StoreOptions,
};
use entity::{Habit, HabitDraft, HabitPatch};
use sea_orm::ConnectionTrait;
use suite::kind::refused;
use suite::pace::limit;
use suite::raw;
use suite::stores::open_with;
use suite::users::{ADA, adas, everybodys, everyone};

const ADAS: Scope = Scope::owner(ADA);

#[twin_test(migration::Migrator, everywhere)]
async fn waiting_too_long_for_a_held_lock_is_a_timeout(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    let patch = || HabitPatch::new().name("walk");
    let unit = db.store().begin_write(&ADAS).await?;
    unit.repository::<Habit>()
        .patch(made.id, Expected::Any, patch())
        .await?;
    if db.target() == Target::SqliteMemory {
        // A database in memory has one connection, so that other calls wait for the pool.
        let short =
            open_with::<migration::History>(db, |options| options.acquire_timeout(limit())).await?;
        let _held = short.begin_write(&ADAS).await?;
        let waiting = short.repository::<Habit>(&ADAS);
        let kind = refused(waiting.insert(HabitDraft::new("x", "daily")).await);
        assert_eq!(kind, ErrorKind::PoolTimeout);
        return unit.rollback().await;
    }
    let short = open_with::<migration::History>(db, |options| {
        options.lock_timeout(Duration::from_millis(50))
    })
    .await?;
    let waiting = short.repository::<Habit>(&ADAS);
    let error = waiting
        .patch(made.id, Expected::Any, patch())
        .await
        .expect_err("it is locked");
    assert_eq!(*error.kind(), ErrorKind::LockTimeout);
    assert!(error.is_retryable());
    for kind in [
        refused(waiting.delete(made.id, Expected::Any).await),
        refused(
            waiting
                .patch_where(&catamaran::Filter::all(), patch())
                .await,
        ),
    ] {
        assert_eq!(kind, ErrorKind::LockTimeout);
    }
    // Reads do not wait.
    assert_eq!(waiting.get(made.id).await?, made);
    unit.commit().await?;
    assert_eq!(
        waiting
            .patch(made.id, Expected::Any, patch())
            .await?
            .version,
        3
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_database_that_is_opened_for_reading_refuses_every_write(
    db: &TwinDatabase,
) -> Result<()> {
    if !db.is_shared() {
        // A read-only database in memory would be empty.
        return Ok(());
    }
    let made = adas::<Habit>(db)
        .insert(HabitDraft::new("run", "daily"))
        .await?;
    let url = match db.engine() {
        Engine::Sqlite => format!("{}?mode=ro", db.url()),
        Engine::Postgres => {
            let mut url: url::Url = db.url().parse().expect("the test's own URL");
            url.query_pairs_mut()
                .append_pair("options", "-c default_transaction_read_only=on");
            url.into()
        }
    };
    let store = Store::open(url).await?;
    let habits = store.repository::<Habit>(&ADAS);
    assert_eq!(habits.get(made.id).await?, made);
    assert_eq!(habits.count(&Query::all()).await?, 1);
    let draft = || HabitDraft::new("walk", "daily");
    for kind in [
        refused(habits.insert(draft()).await),
        refused(habits.insert_many(vec![draft()]).await),
        refused(habits.update(made.clone()).await),
        refused(
            habits
                .patch(made.id, Expected::Any, HabitPatch::new().name("x"))
                .await,
        ),
        refused(habits.upsert(catamaran::Upsert::new(draft())).await),
        refused(habits.delete(made.id, Expected::Any).await),
        refused(habits.delete_where(&catamaran::Filter::all()).await),
    ] {
        assert!(matches!(kind, ErrorKind::ReadOnly { .. }), "{kind:?}");
    }
    assert_eq!(habits.get(made.id).await?, made);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_read_unit_refuses_every_write_and_stays_usable(db: &TwinDatabase) -> Result<()> {
    let made = adas::<Habit>(db)
        .insert(HabitDraft::new("run", "daily"))
        .await?;
    let unit = db.store().begin_read(&ADAS).await?;
    let habits = unit.repository::<Habit>();
    let read_only = ErrorKind::ReadOnly {
        reason: "the unit of work was opened for reading".into(),
    };
    let draft = || HabitDraft::new("walk", "daily");
    let patch = || HabitPatch::new().name("x");
    for kind in [
        refused(habits.insert(draft()).await),
        refused(habits.insert_many(vec![draft()]).await),
        refused(habits.update(made.clone()).await),
        refused(habits.patch(made.id, Expected::Any, patch()).await),
        refused(habits.patch_where(&catamaran::Filter::all(), patch()).await),
        refused(habits.upsert(catamaran::Upsert::new(draft())).await),
        refused(habits.delete(made.id, Expected::Any).await),
        refused(habits.delete_where(&catamaran::Filter::all()).await),
        refused(habits.restore(made.id, Expected::Any).await),
        refused(habits.purge(made.created_at, 1).await),
    ] {
        assert_eq!(kind, read_only);
    }
    assert_eq!(habits.get(made.id).await?, made);
    unit.commit().await
}

#[twin_test(migration::Migrator)]
async fn a_lost_connection_fails_the_unit_that_uses_it_and_no_read(
    db: &TwinDatabase,
) -> Result<()> {
    if db.engine() == Engine::Sqlite {
        // SQLite has no server that could end a connection.
        return Ok(());
    }
    let made = adas::<Habit>(db)
        .insert(HabitDraft::new("run", "daily"))
        .await?;
    for scope in [ADAS, Scope::system("as much as an owner")] {
        let store = StoreOptions::new(db.url())
            .connections(1)
            .application_name("to be ended")
            .open()
            .await?;
        let habits = store.repository::<Habit>(&scope);
        let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'to be ended' \
             AND datname = current_database()";
        assert_eq!(habits.get(made.id).await?, made);
        raw::execute(db.store(), end).await?;
        assert_eq!(habits.get(made.id).await?, made);
        let unit = store.begin_write(&scope).await?;
        let in_unit = unit.repository::<Habit>();
        assert_eq!(in_unit.get(made.id).await?, made);
        raw::execute(db.store(), end).await?;
        let error = in_unit
            .get(made.id)
            .await
            .expect_err("its connection was ended");
        assert_eq!(*error.kind(), ErrorKind::ConnectionLost);
        assert!(error.is_retryable());
        drop((in_unit, unit));
        assert_eq!(
            habits.get(made.id).await?,
            made,
            "on a new connection, {scope:?}"
        );
    }
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn custom_sql_that_takes_too_long_is_a_statement_timeout(db: &TwinDatabase) -> Result<()> {
    let store =
        open_with::<migration::History>(db, |options| options.statement_timeout(limit())).await?;
    let AnyRepository::Postgres(habits) = store.native::<Habit>(&ADAS) else {
        // SQLite has no such timeout.
        return Ok(());
    };
    let slow = habits.query("SELECT pg_sleep(600)::text", vec![], |row| {
        row.get::<String>(0)
    });
    assert_eq!(refused(slow.await), ErrorKind::StatementTimeout);
    let quick = habits.query("SELECT 'quick'", vec![], |row| row.get::<String>(0));
    assert_eq!(quick.await?, ["quick"]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn custom_sql_with_too_many_values_is_too_large(db: &TwinDatabase) -> Result<()> {
    let values = || (0..70_000).map(catamaran::Value::Int).collect::<Vec<_>>();
    let kind = match db.store().native::<Habit>(&ADAS) {
        AnyRepository::Sqlite(habits) => {
            let sql = format!("SELECT 1 WHERE 1 IN ({})", vec!["?"; 70_000].join(", "));
            refused(
                habits
                    .query(sql.leak(), values(), |row| row.get::<i32>(0))
                    .await,
            )
        }
        AnyRepository::Postgres(habits) => {
            let parameters = (1..=70_000).map(|number| format!("${number}"));
            let list = parameters.collect::<Vec<_>>().join(", ");
            let sql = format!("SELECT 1 WHERE 1 IN ({list})");
            refused(
                habits
                    .query(sql.leak(), values(), |row| row.get::<i32>(0))
                    .await,
            )
        }
    };
    assert_eq!(kind, ErrorKind::StatementTooLarge);
    // Statements of a repository are split.
    let query: Query<Habit> = Habit::SORT_ORDER.is_in(0..70_000).into();
    assert_eq!(everybodys::<Habit>(db).count(&query).await?, 0);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_full_disk_is_an_error_and_keeps_the_rows(db: &TwinDatabase) -> Result<()> {
    if db.engine() == Engine::Postgres {
        // The test does not fill the server's disk.
        return Ok(());
    }
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    let large = || HabitDraft::new("x".repeat(1_000_000), "daily");
    let grown = || HabitPatch::new().name("x".repeat(1_000_000));
    let unit = db.store().begin_write(&everyone()).await?;
    // The setting ends with the unit.
    raw::execute_in(&unit, "PRAGMA max_page_count = 1").await?;
    let rows = unit.repository::<Habit>();
    let patched = rows.patch(made.id, Expected::Any, grown()).await;
    assert_eq!(refused(patched), ErrorKind::StorageFull);
    unit.rollback().await?;
    let everything = everybodys::<Habit>(db);
    assert_eq!(everything.count(&Query::all()).await?, 1);
    assert_eq!(habits.get(made.id).await?, made);
    // There is space again.
    let many = habits.insert_many(vec![large(), large()]).await?;
    assert_eq!(many.len(), 2);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_damaged_file_is_a_corruption_error(db: &TwinDatabase) -> Result<()> {
    use std::io::{Seek, SeekFrom, Write};

    let Some(path) = db.url().strip_prefix("sqlite://") else {
        // The test does not damage the server's files.
        return Ok(());
    };
    let habits = adas::<Habit>(db);
    let drafts = (0..2_000).map(|number| HabitDraft::new(format!("{number}"), "daily"));
    habits.insert_many(drafts.collect()).await?;
    db.store().close();
    // Moves the journal into the file, which is damaged below.
    let connection = sea_orm::Database::connect(db.url()).await?;
    connection
        .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
        .await?;
    connection.close().await?;
    let pages = std::fs::metadata(path).expect("the file").len() / 4_096;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .open(path)
        .expect("the file");
    for page in pages / 2..pages {
        file.seek(SeekFrom::Start(page * 4_096)).expect("a page");
        file.write_all(&[0xff; 4_096]).expect("a page");
    }
    drop(file);
    let read = async || -> Result<Vec<Habit>> {
        let store = db.open_another().await?;
        let habits = store.repository::<Habit>(&Scope::system("reads everything"));
        let page = catamaran::PageRequest::first(10_000);
        Ok(habits.list(&Query::all(), page).await?.items)
    };
    assert_eq!(refused(read().await), ErrorKind::Corrupt);
    Ok(())
}

/// A store that may not write cannot set the journal mode to WAL.
#[tokio::test]
async fn a_read_only_file_without_a_journal_can_be_read() -> Result<()> {
    let made = EphemeralDatabase::sqlite_file::<migration::Migrator>().await;
    let made = made.expect("a file");
    let store = Store::open(format!("{}?mode=ro", made.url())).await?;
    let habits = store.repository::<Habit>(&ADAS);
    assert_eq!(habits.count(&Query::all()).await?, 0);
    Ok(())
}
