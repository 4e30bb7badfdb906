//! A query that the application writes in each engine's SQL.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Error, ErrorKind, Expected, Result, Store};
use chrono::NaiveDate;
use entity::{Entry, EntryDraft, HabitDraft, Streak, habits, habits_in};
use suite::users::{ADA, BOB, NOBODY, everyone, habit_of, scope};
use uuid::Uuid;

const NONE: Streak = Streak {
    longest: 0,
    current: 0,
    last_day: None,
};

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn streak(longest: i64, current: i64, last_day: &str) -> Streak {
    Streak {
        longest,
        current,
        last_day: Some(date(last_day)),
    }
}

/// A habit of Ada's with entries on these days.
async fn kept_on(store: &Store, days: &[&str]) -> Result<Uuid> {
    let habit = habit_of(store, ADA, "run").await?.id;
    let entries = store.repository::<Entry>(&scope(ADA));
    let drafts = days.iter().map(|day| EntryDraft::new(habit, date(day)));
    entries.insert_many(drafts.collect()).await?;
    Ok(habit)
}

#[twin_test(migration::Migrator, everywhere)]
async fn streaks_are_counted_over_gaps_months_and_years(db: &TwinDatabase) -> Result<()> {
    let cases: &[(&[&str], Streak)] = &[
        (&[], NONE),
        (&["2026-03-01"], streak(1, 1, "2026-03-01")),
        (&["2026-03-01", "2026-03-03"], streak(1, 1, "2026-03-03")),
        // The order of insertion does not matter.
        (
            &["2026-03-03", "2026-03-01", "2026-03-02"],
            streak(3, 3, "2026-03-03"),
        ),
        // The longest streak need not be the last one.
        (
            &[
                "2026-01-01",
                "2026-01-02",
                "2026-01-03",
                "2026-01-05",
                "2026-01-06",
            ],
            streak(3, 2, "2026-01-06"),
        ),
        // Two streaks of the same length.
        (
            &["2026-01-01", "2026-01-02", "2026-02-01", "2026-02-02"],
            streak(2, 2, "2026-02-02"),
        ),
        // The end of a month and of a year.
        (
            &[
                "2025-12-30",
                "2025-12-31",
                "2026-01-01",
                "2026-01-31",
                "2026-02-01",
            ],
            streak(3, 2, "2026-02-01"),
        ),
        // February of a leap year has 29 days,
        (
            &["2024-02-28", "2024-02-29", "2024-03-01"],
            streak(3, 3, "2024-03-01"),
        ),
        (&["2024-02-28", "2024-03-01"], streak(1, 1, "2024-03-01")),
        // of another year 28,
        (&["2026-02-28", "2026-03-01"], streak(2, 2, "2026-03-01")),
        // and a century is a leap year only every 400 years.
        (&["1900-02-28", "1900-03-01"], streak(2, 2, "1900-03-01")),
        (&["2000-02-28", "2000-03-01"], streak(1, 1, "2000-03-01")),
        // The first and the last supported days.
        (
            &["0001-01-01", "0001-01-02", "9999-12-31"],
            streak(2, 1, "9999-12-31"),
        ),
    ];
    for (days, expected) in cases {
        let habit = kept_on(db.store(), days).await?;
        let found = habits(db.store(), &scope(ADA)).streak(habit).await?;
        assert_eq!(found, *expected, "{days:?}");
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_streak_of_years_is_counted_day_by_day(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let entries = db.store().repository::<Entry>(&scope(ADA));
    let days = date("2023-12-15").iter_days().take(1_500);
    let drafts = days.map(|day| EntryDraft::new(habit, day)).collect();
    entries.insert_many(drafts).await?;
    let found = habits(db.store(), &scope(ADA)).streak(habit).await?;
    assert_eq!(found, streak(1_500, 1_500, "2028-01-22"));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_deleted_entry_breaks_a_streak_until_it_is_restored(db: &TwinDatabase) -> Result<()> {
    let days = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"];
    let habit = kept_on(db.store(), &days).await?;
    let entries = db.store().repository::<Entry>(&scope(ADA));
    let habits = habits(db.store(), &scope(ADA));
    let third = Entry::DATE.eq(date("2026-01-03"));
    assert_eq!(entries.delete_where(&third).await?, 1);
    assert_eq!(habits.streak(habit).await?, streak(2, 1, "2026-01-04"));
    // A day with a living and a deleted entry counts once.
    let again = entries.insert(EntryDraft::new(habit, date("2026-01-03")));
    again.await?;
    assert_eq!(habits.streak(habit).await?, streak(4, 4, "2026-01-04"));
    assert_eq!(entries.delete_where(&Entry::HABIT_ID.eq(habit)).await?, 4);
    assert_eq!(habits.streak(habit).await?, NONE);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn another_owner_sees_no_streak_and_the_system_sees_all(db: &TwinDatabase) -> Result<()> {
    let habit = kept_on(db.store(), &["2026-01-01", "2026-01-02"]).await?;
    let other = kept_on(db.store(), &["2026-01-02"]).await?;
    let store = db.store();
    assert_eq!(habits(store, &scope(BOB)).streak(habit).await?, NONE);
    assert_eq!(habits(store, &scope(ADA)).streak(NOBODY).await?, NONE);
    let expected = streak(2, 2, "2026-01-02");
    assert_eq!(habits(store, &scope(ADA)).streak(habit).await?, expected);
    assert_eq!(habits(store, &everyone()).streak(habit).await?, expected);
    let expected = streak(1, 1, "2026-01-02");
    assert_eq!(habits(store, &scope(ADA)).streak(other).await?, expected);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_unit_sees_its_uncommitted_streak_and_rolls_it_back(db: &TwinDatabase) -> Result<()> {
    let habit = kept_on(db.store(), &["2026-01-01", "2026-01-02"]).await?;
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let inside = habits_in(&unit);
    let entries = unit.repository::<Entry>();
    let third = EntryDraft::new(habit, date("2026-01-03"));
    let third = entries.insert(third).await?;
    assert_eq!(inside.streak(habit).await?, streak(3, 3, "2026-01-03"));
    entries.delete(third.id, Expected::Version(1)).await?;
    assert_eq!(inside.streak(habit).await?, streak(2, 2, "2026-01-02"));
    let new = inside.insert(HabitDraft::new("new", "daily")).await?;
    assert_eq!(inside.streak(new.id).await?, NONE);
    unit.rollback().await?;
    let ended: Error = inside.streak(habit).await.expect_err("the unit is over");
    assert!(
        matches!(ended.kind(), ErrorKind::UnitEnded { .. }),
        "{ended:?}"
    );

    let unit = db.store().begin_read(&scope(ADA)).await?;
    let found = habits_in(&unit).streak(habit).await?;
    assert_eq!(found, streak(2, 2, "2026-01-02"));
    unit.commit().await
}
