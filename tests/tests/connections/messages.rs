//! An owner's call in one message: its prepared statements, and values that a literal could change. Postgres only; the
//! same values on both engines are tested in `conformance`.

use std::time::Duration;

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{Expected, Filter, Query, Result, Store, StoreOptions};
use entity::{Habit, HabitDraft, HabitPatch};
use suite::observer::texts_in;
use suite::users::{ADA, everyone, scope};

async fn store() -> Result<(TwinDatabase, Store)> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    Ok((db, store))
}

/// The names of the statements that the only connection has prepared by SQL.
async fn prepared(store: &Store) -> Result<Vec<String>> {
    const NAMES: &str =
        "SELECT name FROM pg_prepared_statements WHERE from_sql ORDER BY prepare_time, name";
    let unit = store.begin_read(&everyone()).await?;
    let names = texts_in(&unit, NAMES).await?;
    unit.rollback().await?;
    Ok(names)
}

/// A filter of a shape of its own: so many names or notes.
fn any_of(count: usize) -> Filter<Habit> {
    let one = |index: usize| match index % 2 {
        0 => Habit::NAME.eq("run"),
        _ => Habit::CADENCE.eq("run"),
    };
    (1..count).fold(one(0), |filter, index| filter.or(one(index)))
}

#[tokio::test]
async fn a_connection_keeps_a_hundred_statements() -> Result<()> {
    let (_db, store) = store().await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    habits.insert(HabitDraft::new("run", "daily")).await?;
    // Forwards, backwards, and over those that were removed in between.
    for round in [1..=60, 41..=160, 1..=60] {
        for count in round {
            let query: Query<Habit> = any_of(count).into();
            assert_eq!(habits.count(&query).await?, 1, "{count}");
        }
        assert!(prepared(&store).await?.len() <= 100);
    }
    assert_eq!(prepared(&store).await?.len(), 100);
    Ok(())
}

#[tokio::test]
async fn a_refused_statement_stays_prepared() -> Result<()> {
    let (_db, store) = store().await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    let run = habits.insert(HabitDraft::new("run", "daily")).await?;
    let again = || HabitDraft {
        id: Some(run.id),
        ..HabitDraft::new("again", "daily")
    };
    let kept = prepared(&store).await?;
    for _ in 0..3 {
        assert!(habits.insert(again()).await.is_err());
        assert_eq!(prepared(&store).await?, kept);
    }
    // Refused at its first use.
    let patch = || HabitPatch::new().sort_order(1);
    for _ in 0..3 {
        assert!(
            habits
                .patch(run.id, Expected::Version(9), patch())
                .await
                .is_err()
        );
    }
    habits.patch(run.id, Expected::Version(1), patch()).await?;
    assert_eq!(prepared(&store).await?.len(), kept.len() + 1);
    Ok(())
}

/// The server shows what is prepared on a connection to everyone who uses it.
#[tokio::test]
async fn a_prepared_statement_shows_no_value_of_an_owner() -> Result<()> {
    const SHOWN: &str =
        "SELECT coalesce(string_agg(statement, ';'), '') FROM pg_prepared_statements";
    let (_db, store) = store().await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    habits.insert(HabitDraft::new("secret", "daily")).await?;
    let secret: Query<Habit> = Habit::NAME.eq("secret").into();
    assert_eq!(habits.count(&secret).await?, 1);
    let unit = store.begin_read(&everyone()).await?;
    let shown = texts_in(&unit, SHOWN).await?.concat();
    assert!(shown.contains("PREPARE catamaran_2"), "{shown}");
    assert!(
        !shown.contains("secret") && !shown.contains(&ADA.to_string()),
        "{shown}"
    );
    unit.commit().await
}

/// A call that is dropped while its message is on the way.
#[tokio::test]
async fn a_dropped_call_leaves_no_name_that_the_server_lacks() -> Result<()> {
    let (db, store) = store().await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    let outside = suite::observer::connect(db.url())
        .await
        .expect("a connection");
    let run = async |sql: &str| {
        let ran = sea_orm::ConnectionTrait::execute_unprepared(&outside, sql).await;
        ran.expect(sql);
    };
    for count in 1..=110 {
        habits.count(&any_of(count).into()).await?;
    }
    for count in 111..=135 {
        let lock = "BEGIN; LOCK TABLE habits; SELECT pg_sleep(0.05); COMMIT";
        let query: Query<Habit> = any_of(count).into();
        let dropped = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let counting = habits.count(&query);
            let _dropped = tokio::time::timeout(Duration::from_millis(5), counting).await;
        };
        tokio::join!(run(lock), dropped);
        for again in [1, 50, 110] {
            assert_eq!(
                habits.count(&any_of(again).into()).await?,
                0,
                "{count}, {again}"
            );
        }
    }
    assert!(prepared(&store).await?.len() <= 120);
    Ok(())
}

#[tokio::test]
async fn texts_are_the_same_after_a_message() -> Result<()> {
    let (_db, store) = store().await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    let long = "läuft; ".repeat(2_000);
    for text in [
        "",
        "it's",
        "\\",
        "\\'; DROP TABLE habits; --",
        "'' U&'\\0027' E'\\n' $1 $$",
        "tab\tline\nreturn\r\u{1}\u{7f}",
        "\u{fffd}\u{1f600}e\u{301}\u{10ffff}",
        "{\"sub\":\"x\"}; COMMIT",
        &long,
    ] {
        let kept = habits.insert(HabitDraft::new("x", text)).await?;
        assert_eq!(kept.cadence, text);
        assert_eq!(habits.get(kept.id).await?.cadence, text);
        let by_text: Query<Habit> = Habit::CADENCE.eq(text).into();
        assert_eq!(habits.count(&by_text).await?, 1, "{text:?}");
    }
    Ok(())
}
