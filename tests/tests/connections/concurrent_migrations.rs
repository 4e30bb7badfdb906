//! Another process migrates the tables while a store has prepared statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    AnyRepository, Engine, Error, ErrorKind, Expected, PageRequest, Query, Result, Store, Unit,
};
use entity::{Habit, HabitDraft, HabitPatch, postgres, sqlite};
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait};
use suite::kind::refused;
use suite::observer::{connect, texts_in};
use suite::stores::open_patient;
use suite::users::{ADA, adas, everything, habit_of, scope};

async fn migrate(db: &DatabaseConnection, sql: &str) -> Result<()> {
    db.execute_unprepared(sql).await?;
    Ok(())
}

/// Every statement of the repository that reads or writes one habit, so that all of them are prepared.
async fn use_it(store: &Store) -> Result<Habit> {
    let habits = store.repository::<Habit>(&scope(ADA));
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    let patch = HabitPatch::new().sort_order(7);
    let mut habit = habits.patch(made.id, Expected::Version(1), patch).await?;
    assert_eq!(habit.sort_order, 7);
    habit.color = "red".to_owned();
    let habit = habits.update(habit).await?;
    assert_eq!(habits.get(habit.id).await?, habit);
    let page = habits.list(&everything(), PageRequest::first(100)).await?;
    assert!(page.items.contains(&habit), "{page:?}");
    habits.delete(habit.id, Expected::Version(3)).await?;
    let habit = habits.restore(habit.id, Expected::Version(4)).await?;
    assert_eq!((habit.name.as_str(), habit.version), ("run", 5));
    Ok(habit)
}

#[twin_test(migration::Migrator)]
async fn adding_and_dropping_a_column_changes_no_answer(db: &TwinDatabase) -> Result<()> {
    let other = connect(db.url()).await?;
    use_it(db.store()).await?;
    for change in [
        "ALTER TABLE habits ADD COLUMN note text",
        "ALTER TABLE habits ADD COLUMN stars integer DEFAULT 3",
        "ALTER TABLE habits DROP COLUMN note",
        "CREATE INDEX ix_elsewhere ON habits (name)",
        "ALTER TABLE habits DROP COLUMN stars",
        "DROP INDEX ix_elsewhere",
    ] {
        migrate(&other, change).await?;
        for _ in 0..3 {
            use_it(db.store()).await?;
        }
    }
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_dropped_column_is_an_error_and_the_store_stays_usable(db: &TwinDatabase) -> Result<()> {
    let other = connect(db.url()).await?;
    let habit = use_it(db.store()).await?;
    let habits = adas::<Habit>(db);
    migrate(&other, "ALTER TABLE habits RENAME COLUMN color TO colour").await?;
    for _ in 0..3 {
        let read = refused(habits.get(habit.id).await);
        assert!(matches!(read, ErrorKind::SchemaMismatch { .. }), "{read:?}");
        let draft = HabitDraft::new("swim", "daily");
        let written = refused(habits.insert(draft).await);
        assert!(
            matches!(written, ErrorKind::SchemaMismatch { .. }),
            "{written:?}"
        );
    }
    migrate(&other, "ALTER TABLE habits RENAME COLUMN colour TO color").await?;
    assert_eq!(habits.get(habit.id).await?, habit);
    assert_eq!(habits.count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn tables_are_migrated_under_load_without_a_wrong_answer(db: &TwinDatabase) -> Result<()> {
    let other = connect(db.url()).await?;
    let store = open_patient(db).await?;
    let habit = use_it(&store).await?;
    let mut readers = tokio::task::JoinSet::new();
    let stop = Arc::new(AtomicBool::new(false));
    let reads = Arc::new(AtomicU32::new(0));
    for _ in 0..4 {
        let (store, habit) = (store.clone(), habit.clone());
        let (stop, reads) = (stop.clone(), reads.clone());
        readers.spawn(async move {
            let habits = store.repository::<Habit>(&scope(ADA));
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(habits.get(habit.id).await?, habit);
                let page = habits.list(&Query::all(), PageRequest::first(100)).await?;
                assert!(page.items.contains(&habit), "a row is gone: {page:?}");
                reads.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Error>(())
        });
    }
    for n in 0..30 {
        migrate(&other, &format!("ALTER TABLE habits ADD COLUMN c{n} text")).await?;
        habit_of(&store, ADA, "more").await?;
        // Each migration is followed by reads that began after it.
        let seen = reads.load(Ordering::Relaxed);
        while reads.load(Ordering::Relaxed) < seen + 8 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if let Some(ended) = readers.try_join_next() {
                return ended.expect("no panic");
            }
        }
        if n % 2 == 1 {
            migrate(&other, &format!("ALTER TABLE habits DROP COLUMN c{n}")).await?;
        }
    }
    stop.store(true, Ordering::Relaxed);
    readers.join_all().await.into_iter().collect()
}

#[twin_test(migration::Migrator)]
async fn every_spelling_of_a_star_is_refused(db: &TwinDatabase) -> Result<()> {
    for star in [
        "TABLE habits",
        "SELECT DISTINCT ON (user_id) * FROM habits",
        "SELECT name FROM habits UNION ALL TABLE habits",
    ] {
        let read = match db.store().native::<Habit>(&scope(ADA)) {
            AnyRepository::Sqlite(native) => native.query(star, vec![], |_| Ok(())).await,
            AnyRepository::Postgres(native) => native.query(star, vec![], |_| Ok(())).await,
        };
        let kind = refused(read);
        assert!(
            matches!(kind, ErrorKind::InvalidQuery { .. }),
            "{star}: {kind:?}"
        );
    }
    Ok(())
}

/// On every connection of the pool, whichever of them has prepared statements for the old table.
///
/// Custom SQL that selects `*` is refused. SeaORM reads columns by
/// name, and gets the current ones.
#[twin_test(migration::Migrator)]
async fn a_star_in_custom_sql_never_reads_another_column(db: &TwinDatabase) -> Result<()> {
    const STAR: &str = "SELECT * FROM habits";
    const NAMED: &str = "SELECT name FROM habits";
    let other = connect(db.url()).await?;
    habit_of(db.store(), ADA, "run").await?;
    for change in [
        "ALTER TABLE habits ADD COLUMN note text",
        "ALTER TABLE habits ADD COLUMN last text DEFAULT 'last'",
        "ALTER TABLE habits DROP COLUMN note",
    ] {
        let (star, named) = match db.store().native::<Habit>(&scope(ADA)) {
            AnyRepository::Sqlite(native) => (
                native.query(STAR, vec![], |row| row.get::<String>(2)).await,
                native
                    .query(NAMED, vec![], |row| row.get::<String>(0))
                    .await,
            ),
            AnyRepository::Postgres(native) => (
                native.query(STAR, vec![], |row| row.get::<String>(2)).await,
                native
                    .query(NAMED, vec![], |row| row.get::<String>(0))
                    .await,
            ),
        };
        assert!(matches!(refused(star), ErrorKind::InvalidQuery { .. }));
        assert_eq!(named?, ["run"]);
        let one_before = db.store().begin_read(&scope(ADA)).await?;
        let unit = db.store().begin_read(&scope(ADA)).await?;
        drop(one_before);
        for _ in 0..2 {
            let names = match &unit {
                Unit::Sqlite(native) => {
                    let rows = native.seaorm().query_all_raw(statement(db, STAR)).await?;
                    rows.iter().map(|row| row.try_get("", "name")).collect()
                }
                Unit::Postgres(native) => {
                    let rows = native.seaorm().query_all_raw(statement(db, STAR)).await?;
                    rows.iter().map(|row| row.try_get("", "name")).collect()
                }
            };
            let names: std::result::Result<Vec<String>, _> = names;
            assert_eq!(names?, ["run"]);
            assert_eq!(texts_in(&unit, NAMED).await?, ["run"]);
        }
        let counted = match &unit {
            Unit::Sqlite(native) => sqlite::habit::Entity::find()
                .all(&native.seaorm())
                .await?
                .len(),
            Unit::Postgres(native) => postgres::habit::Entity::find()
                .all(&native.seaorm())
                .await?
                .len(),
        };
        assert_eq!(counted, 1);
        unit.commit().await?;
        migrate(&other, change).await?;
    }
    Ok(())
}

fn statement(db: &TwinDatabase, sql: &str) -> sea_orm::Statement {
    let backend = match db.engine() {
        Engine::Sqlite => sea_orm::DbBackend::Sqlite,
        Engine::Postgres => sea_orm::DbBackend::Postgres,
    };
    sea_orm::Statement::from_string(backend, sql)
}
