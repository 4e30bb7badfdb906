//! Writes of one statement that wait for the writer together: committed together on SQLite, with an outcome for each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Query, Repository, Result, StoreOptions};
use entity::{Habit, HabitDraft, HabitPatch};
use sea_orm::ConnectionTrait;
use suite::observer::connect;
use suite::pace::{PLENTY, limit, scaled};
use suite::users::{ADA, BOB, NOBODY, habit_of, scope};
use tokio::runtime::{self, Runtime};
use tokio::task::JoinSet;

type Habits = Arc<dyn Repository<Habit>>;

/// Runs calls at the same time, while a unit of another owner holds the writer of SQLite. Returns their outcomes by the
/// number of the call.
async fn together<T: Send + 'static, F>(
    db: &TwinDatabase,
    store: &catamaran::Store,
    calls: usize,
    call: impl Fn(Habits, usize) -> F,
) -> Result<BTreeMap<usize, Result<T>>>
where
    F: Future<Output = Result<T>> + Send + 'static,
{
    let unit = store.begin_write(&scope(BOB)).await?;
    let mut running = JoinSet::new();
    for number in 0..calls {
        let call = call(store.repository(&scope(ADA)), number);
        running.spawn(async move { (number, call.await) });
    }
    if db.engine() == catamaran::Engine::Sqlite {
        // All of them wait now: none can end while the unit is open.
        let while_they_come = scaled(Duration::from_millis(50));
        let first = tokio::time::timeout(while_they_come, running.join_next()).await;
        assert!(first.is_err(), "a write ended while a unit held the writer");
    }
    unit.commit().await?;
    let mut outcomes = BTreeMap::new();
    while let Some(ended) = running.join_next().await {
        let (number, outcome) = ended.expect("no call panics");
        outcomes.insert(number, outcome);
    }
    Ok(outcomes)
}

async fn names_of_ada(db: &TwinDatabase) -> Result<Vec<String>> {
    let habits = db.store().repository::<Habit>(&scope(ADA));
    let page = catamaran::PageRequest::first(1_000);
    let rows = habits.list(&Query::all(), page).await?.items;
    let mut names: Vec<String> = rows.into_iter().map(|habit| habit.name).collect();
    names.sort();
    Ok(names)
}

#[twin_test(migration::Migrator, everywhere)]
async fn writes_that_wait_together_each_have_their_own_outcome(db: &TwinDatabase) -> Result<()> {
    let stored = habit_of(db.store(), ADA, "stored").await?;
    let patched = habit_of(db.store(), ADA, "patched").await?;
    let deleted = habit_of(db.store(), ADA, "deleted").await?;
    let ids = (stored.id, patched.id, deleted.id);
    let outcomes = together(db, db.store(), 21, |habits, number| async move {
        let (stored, patched, deleted) = ids;
        match number {
            0 => {
                habits
                    .insert(HabitDraft::new("same", "daily").id(stored))
                    .await
            }
            1 => {
                let patch = HabitPatch::new().name("renamed");
                habits.patch(patched, Expected::Version(1), patch).await
            }
            2 => {
                let patch = HabitPatch::new().name("stale");
                habits.patch(stored, Expected::Version(7), patch).await
            }
            3 => {
                let patch = HabitPatch::new().name("nobody's");
                habits.patch(NOBODY, Expected::Any, patch).await
            }
            4 => {
                habits.delete(deleted, Expected::Version(1)).await?;
                habits.restore(deleted, Expected::Version(2)).await
            }
            number => {
                let name = format!("new {number:02}");
                habits.insert(HabitDraft::new(name, "daily")).await
            }
        }
    })
    .await?;
    for (number, outcome) in &outcomes {
        let kind = outcome.as_ref().map_err(|error| error.kind());
        match (number, kind) {
            (0, Err(ErrorKind::Unique { constraint, .. })) => {
                assert_eq!(constraint.as_deref(), Some("pk_habits"));
            }
            (2, Err(ErrorKind::Conflict { .. })) | (3, Err(ErrorKind::NotFound { .. })) => {}
            (1, Ok(habit)) => assert_eq!((habit.version, &*habit.name), (2, "renamed")),
            (4, Ok(habit)) => assert_eq!((habit.version, habit.deleted_at), (3, None)),
            (5.., Ok(habit)) => assert_eq!(habit.name, format!("new {number:02}")),
            (number, kind) => panic!("call {number}: {kind:?}"),
        }
    }
    let mut expected: Vec<String> = (4..21).map(|number| format!("new {number:02}")).collect();
    expected[0] = "deleted".to_owned();
    expected.extend(["renamed", "stored"].map(str::to_owned));
    assert_eq!(names_of_ada(db).await?, expected);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn writes_that_wait_together_can_be_dropped(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(BOB)).await?;
    let mut running = JoinSet::new();
    for number in 0..40 {
        let habits = db.store().repository::<Habit>(&scope(ADA));
        running.spawn(async move {
            let draft = HabitDraft::new(format!("{number:02}"), "daily");
            let insert = habits.insert(draft);
            match number % 2 {
                0 => Some(insert.await),
                // Dropped before the unit ends, or at any point of the commit.
                _ => {
                    let after = Duration::from_micros(number * number * 10);
                    tokio::time::timeout(after, insert).await.ok()
                }
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    unit.commit().await?;
    let mut told = Vec::new();
    while let Some(ended) = running.join_next().await {
        if let Some(inserted) = ended.expect("no call panics") {
            told.push(inserted?.name);
        }
    }
    let names = names_of_ada(db).await?;
    assert!(told.len() >= 20, "{told:?}");
    for name in &told {
        assert!(names.contains(name), "{name} was told to be written");
    }
    // The writer goes on.
    habit_of(db.store(), ADA, "after").await?;
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_write_that_waits_for_too_long_is_refused_and_not_written_later(
    db: &TwinDatabase,
) -> Result<()> {
    let store = StoreOptions::new(db.url())
        .connections(1)
        .acquire_timeout(limit())
        .open()
        .await?;
    let unit = store.begin_write(&scope(BOB)).await?;
    let mut running = JoinSet::new();
    for number in 0..5 {
        let habits = store.repository::<Habit>(&scope(ADA));
        running.spawn(async move {
            let draft = HabitDraft::new(format!("{number}"), "daily");
            habits.insert(draft).await
        });
    }
    while let Some(ended) = running.join_next().await {
        let error = ended
            .expect("no call panics")
            .expect_err("the writer is not free");
        assert_eq!(*error.kind(), ErrorKind::PoolTimeout);
    }
    unit.commit().await?;
    habit_of(&store, ADA, "after").await?;
    assert_eq!(names_of_ada(db).await?, ["after"]);
    Ok(())
}

/// A database whose trigger ends the insert of a habit with this name by this statement.
async fn with_trigger(name: &str, statement: &str) -> Result<TwinDatabase> {
    let db = file().await;
    let trigger = format!(
        "CREATE TRIGGER ending AFTER INSERT ON habits WHEN NEW.name = '{name}' BEGIN {statement}; END"
    );
    let connection = connect(db.url()).await?;
    connection.execute_unprepared(&trigger).await?;
    connection.close().await?;
    Ok(db)
}

/// The names that were written by twenty inserts together, of which every fifth is named `bad`. No other is refused.
async fn twenty(
    db: &TwinDatabase,
    store: &catamaran::Store,
    is_expected: impl Fn(&ErrorKind) -> bool,
) -> Result<()> {
    let outcomes = together(db, store, 20, |habits, number| async move {
        let name = match number % 5 {
            2 => "bad".to_owned(),
            _ => format!("{number:02}"),
        };
        habits.insert(HabitDraft::new(name, "daily")).await
    })
    .await?;
    for (number, outcome) in outcomes {
        match outcome {
            Ok(habit) => assert_ne!(habit.name, "bad"),
            Err(error) => {
                assert_eq!(number % 5, 2, "{number}: {error:?}");
                assert!(is_expected(error.kind()), "{error:?}");
            }
        }
    }
    let good = (0..20).filter(|number| number % 5 != 2);
    let good: Vec<String> = good.map(|number| format!("{number:02}")).collect();
    assert_eq!(names_of_ada(db).await?, good);
    habit_of(store, ADA, "after").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_makes_sqlite_roll_back_fails_alone() -> Result<()> {
    let db = with_trigger("bad", "SELECT RAISE(ROLLBACK, 'no')").await?;
    twenty(&db, db.store(), |kind| {
        matches!(kind, ErrorKind::Check { .. })
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_takes_too_long_fails_alone() -> Result<()> {
    let slow = suite::slow::COUNT;
    let db = with_trigger("bad", &format!("UPDATE habits SET sort_order = ({slow})")).await?;
    let store = StoreOptions::new(db.url())
        .statement_timeout(limit())
        .acquire_timeout(PLENTY)
        .open()
        .await?;
    twenty(&db, &store, |kind| *kind == ErrorKind::StatementTimeout).await
}

fn path_of(db: &TwinDatabase) -> String {
    let path = db.url().trim_start_matches("sqlite://");
    path.split('?').next().unwrap_or(path).to_owned()
}

/// The commits in a write-ahead log: the frames that name the size of the database after them,
/// <https://sqlite.org/fileformat2.html#walformat>.
fn commits_in(log: &[u8]) -> usize {
    const HEADER: usize = 32;
    const FRAME: usize = 24;
    let page = log[8..12].try_into().map(u32::from_be_bytes);
    let page = page.expect("four bytes") as usize;
    let frames = log[HEADER..].chunks_exact(FRAME + page);
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_writes_that_wait_together_are_few_commits() -> Result<()> {
    let db = file().await;
    habit_of(db.store(), ADA, "first").await?;
    let path = format!("{}-wal", path_of(&db));
    let log = || std::fs::read(&path).expect("a write-ahead log");
    let before = commits_in(&log());
    let outcomes = together(&db, db.store(), 20, |habits, number| async move {
        habits
            .insert(HabitDraft::new(format!("{number:02}"), "daily"))
            .await
    })
    .await?;
    assert!(outcomes.values().all(Result::is_ok));
    // The unit that held the writer wrote nothing. One commit, and more only for writes that came late.
    let commits = commits_in(&log()) - before;
    assert!((1..=5).contains(&commits), "{commits}");
    Ok(())
}

/// The pages of a write-ahead log, and the commits in place that are due a checkpoint, stay few.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_copied_into_the_database_without_waiting_for_the_disk_in_place() -> Result<()> {
    let db = file().await;
    let store = StoreOptions::new(db.url())
        .synchronous(catamaran::Synchronous::Normal)
        .open()
        .await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    // Each row takes several pages, so a thousand pages are written again and again.
    let name = "x".repeat(200);
    for _ in 0..1_500 {
        habits
            .insert(HabitDraft::new(name.clone(), "daily"))
            .await?;
    }
    let path = format!("{}-wal", path_of(&db));
    let size = std::fs::metadata(path).expect("a write-ahead log").len();
    assert!(size < 16 * 1024 * 1024, "{size} bytes");
    Ok(())
}

fn runtime(workers: usize, blocking: usize) -> Runtime {
    let mut builder = match workers {
        0 => runtime::Builder::new_current_thread(),
        workers => {
            let mut builder = runtime::Builder::new_multi_thread();
            builder.worker_threads(workers);
            builder
        }
    };
    let built = builder.max_blocking_threads(blocking).enable_all().build();
    built.expect("a runtime")
}

async fn file() -> TwinDatabase {
    TwinDatabase::create::<migration::Migrator>(Target::SqliteFile)
        .await
        .expect("a file for the test")
}

/// A thread may keep a runtime and drive it only during its calls.
#[test]
fn a_write_that_waited_leaves_nothing_on_the_runtime_of_its_caller() -> Result<()> {
    let driven = runtime(2, 8);
    let idle = runtime(0, 1);
    let db = driven.block_on(file());
    let store = db.store().clone();
    let unit = driven.block_on(store.begin_write(&scope(BOB)))?;
    let commit = driven.spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        unit.commit().await
    });
    idle.block_on(habit_of(&store, ADA, "waited"))?;
    driven
        .block_on(commit)
        .expect("the commit does not panic")?;
    // Another one gave up.
    let unit = driven.block_on(store.begin_write(&scope(BOB)))?;
    let gave_up = idle.block_on(async {
        let insert = habit_of(&store, ADA, "gave up");
        tokio::time::timeout(Duration::from_millis(50), insert).await
    });
    assert!(gave_up.is_err());
    driven.block_on(unit.commit())?;
    driven.block_on(habit_of(&store, ADA, "after"))?;
    driven.block_on(async { store.begin_write(&scope(BOB)).await?.commit().await })?;
    assert_eq!(driven.block_on(names_of_ada(&db))?, ["after", "waited"]);
    drop(idle);
    Ok(())
}

#[test]
fn calls_that_block_all_threads_of_their_runtime_for_blocking_work_end() -> Result<()> {
    let runtime = runtime(2, 4);
    let db = runtime.block_on(file());
    let store = db.store().clone();
    let handle = runtime.handle();
    let calls: Vec<_> = (0..12)
        .map(|number| {
            let (store, handle) = (store.clone(), handle.clone());
            runtime.spawn_blocking(move || match number % 3 {
                0 => handle.block_on(habit_of(&store, ADA, "alone")).map(|_| ()),
                1 => handle.block_on(async {
                    let unit = store.begin_write(&scope(ADA)).await?;
                    let draft = HabitDraft::new("in a unit", "daily");
                    unit.repository::<Habit>().insert(draft).await?;
                    unit.commit().await
                }),
                _ => {
                    let habits = store.repository::<Habit>(&scope(ADA));
                    let drafts = vec![HabitDraft::new("one of many", "daily"); 3];
                    handle.block_on(habits.insert_many(drafts)).map(|_| ())
                }
            })
        })
        .collect();
    for call in calls {
        runtime.block_on(call).expect("no call panics")?;
    }
    assert_eq!(runtime.block_on(names_of_ada(&db))?.len(), 20);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_waits_is_told_that_the_file_was_replaced() -> Result<()> {
    let db = file().await;
    let path = path_of(&db);
    let other = format!("{path}.other");
    let connection = connect(db.url()).await?;
    let copy = format!("VACUUM INTO '{other}'");
    connection.execute_unprepared(&copy).await?;
    connection.close().await?;
    let store = db.open_another().await?;
    habit_of(&store, ADA, "in the old file").await?;
    let unit = store.begin_write(&scope(BOB)).await?;
    let mut waiting = JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        waiting.spawn(async move { habit_of(&store, ADA, "waited").await });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    for end in ["", "-wal", "-shm"] {
        // There may be no log.
        let _removed = std::fs::remove_file(format!("{path}{end}"));
    }
    std::fs::rename(&other, &path).expect("the same folder");
    unit.rollback().await?;
    let mut told = 0;
    while let Some(ended) = waiting.join_next().await {
        if let Err(error) = ended.expect("no write panics") {
            assert!(
                matches!(error.kind(), ErrorKind::Unavailable { .. }),
                "{error:?}"
            );
            told += 1;
        }
    }
    assert!(told > 0, "nobody was told");
    Ok(())
}

/// Another program locks the database for a while, after a commit of writes together and after a rollback.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_write_waits_for_the_lock_of_another_connection() -> Result<()> {
    let db = file().await;
    let store = db.store();
    let outcomes = together(&db, store, 3, |habits, number| async move {
        let draft = HabitDraft::new(format!("together {number}"), "daily");
        habits.insert(draft).await
    });
    assert!(outcomes.await?.values().all(Result::is_ok));
    let unit = store.begin_write(&scope(ADA)).await?;
    unit.rollback().await?;
    let other = connect(db.url()).await?;
    for number in 0..3 {
        other.execute_unprepared("BEGIN IMMEDIATE").await?;
        let insert = tokio::spawn({
            let store = store.clone();
            async move { habit_of(&store, ADA, &format!("waited {number}")).await }
        });
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(!insert.is_finished(), "a write beside the lock of another");
        other.execute_unprepared("ROLLBACK").await?;
        insert.await.expect("no write panics")?;
    }
    other.close().await?;
    Ok(())
}
