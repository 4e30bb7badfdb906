//! The schema changes under an open store, whose connections have prepared their statements before.

use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{
    AnyRepository, Engine, ErrorKind, Expected, Query, Result, Retry, Store, StoreOptions,
};
use entity::{Habit, HabitPatch};
use futures_util::future::try_join_all;
use sea_orm::ConnectionTrait;
use suite::every_call;
use suite::kind::refused;
use suite::observer::connect;
use suite::pace::limit;
use suite::raw::execute_in;
use suite::stores::open_with;
use suite::users::{ADA, everyone, habit_of, scope};

const CONNECTIONS: usize = 3;

/// A store whose connections are all used at the same time.
async fn open(db: &TwinDatabase) -> Result<Store> {
    open_with::<migration::History>(db, |options| {
        options.connections(CONNECTIONS).acquire_timeout(limit())
    })
    .await
}

/// Every call, by Ada and by the system, on each connection.
async fn every_call(store: &Store, round: &str) -> Result<Vec<Vec<String>>> {
    let calls = (0..2 * CONNECTIONS).map(|number| async move {
        let who = match number % 2 {
            0 => scope(ADA),
            _ => everyone(),
        };
        every_call::on_habits(store, &who, &format!("{round} {number}")).await
    });
    try_join_all(calls).await
}

/// Runs statements over a connection of another program.
async fn change(db: &TwinDatabase, statements: &[&str]) {
    let other = connect(db.url()).await.expect("another connection");
    for sql in statements {
        let changed = other.execute_unprepared(sql).await;
        changed.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// Changes of the schema that the statements of the record still fit. Each is a list of statements.
fn changes(engine: Engine) -> &'static [&'static [&'static str]] {
    match engine {
        Engine::Postgres => &[
            &["ALTER TABLE habits ALTER COLUMN color TYPE varchar(500)"],
            &["ALTER TABLE habits ALTER COLUMN color TYPE text COLLATE \"C\""],
            &["ALTER TABLE habits ADD COLUMN extra text DEFAULT 'x'"],
            &["ALTER TABLE habits DROP COLUMN extra"],
            &["ALTER TABLE habits ALTER COLUMN name TYPE varchar"],
            // Another table of the name, with the columns in another order.
            &[
                "ALTER TABLE habits DROP COLUMN color",
                "ALTER TABLE habits ADD COLUMN color text COLLATE \"C\" NOT NULL DEFAULT '#0ea5e9'",
            ],
        ],
        Engine::Sqlite => &[
            &["ALTER TABLE habits ADD COLUMN extra TEXT DEFAULT 'x'"],
            &["ALTER TABLE habits DROP COLUMN extra"],
            &["CREATE INDEX ix_habits__color ON habits (color)"],
            &[
                "ALTER TABLE habits RENAME COLUMN color TO hue",
                "ALTER TABLE habits ADD COLUMN color TEXT NOT NULL DEFAULT '#0ea5e9'",
            ],
        ],
    }
}

#[twin_test(migration::Migrator)]
async fn every_call_works_after_the_schema_changed_under_an_open_store(
    db: &TwinDatabase,
) -> Result<()> {
    if !db.is_shared() {
        return Ok(());
    }
    let store = open(db).await?;
    let before = every_call(&store, "before").await?;
    for (round, statements) in changes(db.engine()).iter().enumerate() {
        change(db, statements).await;
        let after = every_call(&store, &format!("round {round}")).await;
        let after = after.unwrap_or_else(|error| {
            panic!("{statements:?}: {error:?} {:?}", error.driver_message())
        });
        assert_eq!(after, before, "{statements:?}");
    }
    Ok(())
}

/// The migrations are rolled back and applied again by another program.
#[twin_test(migration::Migrator)]
async fn every_call_works_after_the_tables_were_made_again(db: &TwinDatabase) -> Result<()> {
    if !db.is_shared() {
        return Ok(());
    }
    let store = open(db).await?;
    let before = every_call(&store, "before").await?;
    let options = catamaran::migrate::ConnectOptions::default();
    let other = catamaran::migrate::connect(db.url(), options);
    let other = other.await.expect("another connection");
    let again = <migration::Migrator as sea_orm_migration::MigratorTrait>::refresh(&other).await;
    again.expect("the migrations run again");
    assert_eq!(every_call(&store, "after").await?, before);
    Ok(())
}

/// A store on Postgres with warm connections: each has prepared the statement of a unit and the one of a single call.
async fn warm(connections: usize) -> Result<(TwinDatabase, Store, Habit)> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let store = StoreOptions::new(db.url());
    let store = store.connections(connections).open().await?;
    let habit = habit_of(&store, ADA, "run").await?;
    let mut units = Vec::new();
    for _ in 0..connections {
        let unit = store.begin_write(&scope(ADA)).await?;
        for _ in 0..2 {
            unit.repository::<Habit>().get(habit.id).await?;
        }
        units.push(unit);
    }
    for unit in units {
        unit.commit().await?;
    }
    Ok((db, store, habit))
}

/// Ends with the second try, however many connections have the old plans.
#[tokio::test]
async fn a_unit_of_work_succeeds_with_its_second_try_after_a_change_of_the_schema() -> Result<()> {
    let (db, store, habit) = warm(10).await?;
    change(
        &db,
        &["ALTER TABLE habits ALTER COLUMN color TYPE varchar(500)"],
    )
    .await;
    let mut tries = 0;
    let writing = store.writing(&scope(ADA)).retry(Retry::default().tries(2));
    let patched = writing.run_mut(async |unit| {
        tries += 1;
        let habits = unit.repository::<Habit>();
        habits.count(&Query::all()).await?;
        habits.get(habit.id).await?;
        let patch = HabitPatch::new().name("walk");
        habits.patch(habit.id, Expected::Any, patch).await
    });
    assert_eq!(patched.await?.name, "walk");
    assert_eq!(tries, 2, "the second statement had a plan before");
    // No other connection fails.
    let mut units = Vec::new();
    for _ in 0..10 {
        let unit = store.begin_write(&scope(ADA)).await?;
        for _ in 0..2 {
            unit.repository::<Habit>().get(habit.id).await?;
        }
        units.push(unit);
    }
    Ok(())
}

#[tokio::test]
async fn a_change_of_the_schema_ends_an_open_unit_with_a_retryable_kind() -> Result<()> {
    let (db, store, habit) = warm(1).await?;
    change(
        &db,
        &["ALTER TABLE habits ALTER COLUMN color TYPE varchar(500)"],
    )
    .await;
    let unit = store.begin_write(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    habits.count(&Query::all()).await?;
    let failed = habits.get(habit.id).await.expect_err("an old plan");
    assert_eq!(*failed.kind(), ErrorKind::SchemaChanged);
    assert!(failed.is_retryable());
    let ended = refused(unit.commit().await);
    assert!(matches!(ended, ErrorKind::UnitEnded { .. }), "{ended:?}");
    // The connection is reused, with new plans.
    let unit = store.begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>().count(&Query::all()).await?;
    unit.repository::<Habit>().get(habit.id).await?;
    unit.commit().await
}

#[tokio::test]
async fn a_call_after_a_savepoint_works_once_the_old_plans_are_forgotten() -> Result<()> {
    let (db, store, habit) = warm(1).await?;
    change(
        &db,
        &["ALTER TABLE habits ALTER COLUMN color TYPE varchar(500)"],
    )
    .await;
    let unit = store.begin_write(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    habits.count(&Query::all()).await?;
    let failed = unit
        .savepoint(async |unit| unit.repository::<Habit>().get(habit.id).await)
        .await;
    assert_eq!(refused(failed), ErrorKind::SchemaChanged);
    assert_eq!(habits.get(habit.id).await?, habit);
    unit.commit().await
}

/// Custom SQL, a function of the application or a pooler removed the prepared statements.
#[tokio::test]
async fn a_call_whose_prepared_statement_is_gone_prepares_it_again() -> Result<()> {
    let (_db, store, _) = warm(1).await?;
    let before = every_call::on_habits(&store, &scope(ADA), "before").await?;
    for (who, tag) in [(scope(ADA), "ada"), (everyone(), "all")] {
        let unit = store.begin_write(&everyone()).await?;
        let all = "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$";
        execute_in(&unit, all).await?;
        unit.commit().await?;
        let after = every_call::on_habits(&store, &who, tag).await?;
        assert_eq!(after, before);
    }
    Ok(())
}

/// What a record cannot read stays an error that names the column.
#[tokio::test]
async fn a_column_that_no_longer_fits_its_record_is_still_named() -> Result<()> {
    let (db, store, habit) = warm(2).await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    habits.get(habit.id).await?;
    change(
        &db,
        &["ALTER TABLE habits ALTER COLUMN is_archived DROP DEFAULT, \
         ALTER COLUMN is_archived TYPE point USING point(1, 2)"],
    )
    .await;
    for _ in 0..3 {
        let column = "is_archived".into();
        assert_eq!(
            refused(habits.get(habit.id).await),
            ErrorKind::Decode { column }
        );
    }
    change(
        &db,
        &["ALTER TABLE habits RENAME COLUMN is_archived TO archived"],
    )
    .await;
    for _ in 0..3 {
        let kind = refused(habits.get(habit.id).await);
        let ErrorKind::SchemaMismatch { reason } = kind else {
            panic!("{kind:?}")
        };
        assert!(reason.contains("is_archived"), "{reason}");
    }
    Ok(())
}

/// A parameter of a type that was dropped and made again.
#[tokio::test]
async fn a_type_that_was_made_again_is_looked_up_again() -> Result<()> {
    let (db, store, habit) = warm(1).await?;
    change(
        &db,
        &[
            "CREATE TYPE pace AS ENUM ('run')",
            "GRANT USAGE ON TYPE pace TO catamaran_app",
        ],
    )
    .await;
    let AnyRepository::Postgres(habits) = store.native::<Habit>(&scope(ADA)) else {
        panic!("the database is on Postgres")
    };
    let by_pace = async || {
        let sql = "SELECT name FROM habits WHERE name::pace = $1::pace";
        habits
            .query_as::<(String,)>(sql, vec!["run".to_owned().into()])
            .await
    };
    assert_eq!(by_pace().await?, [(habit.name.clone(),)]);
    change(
        &db,
        &["DROP TYPE pace", "CREATE TYPE pace AS ENUM ('walk', 'run')"],
    )
    .await;
    assert_eq!(by_pace().await?, [(habit.name.clone(),)]);
    Ok(())
}
