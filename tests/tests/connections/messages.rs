//! An owner's call in one message: its prepared statements, and values that a literal could change. Postgres only; the
//! same values on both engines are tested in `conformance`.

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
    // The patch, and the look-up of the version.
    assert_eq!(prepared(&store).await?.len(), kept.len() + 2);
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
