//! `upsert`, `upsert_many`.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ConflictReason, Expected, Query, Result, Scope, Upsert, Upserted};
use chrono::NaiveDate;
use entity::{Device, DeviceDraft, Entry, EntryDraft, Habit, HabitDraft};
use suite::clock::{ManualClock, instant};
use suite::kind::{conflict, refused, stale, unique};
use suite::pages::forwards;
use suite::stores::open_with;
use suite::users::{ADA, adas};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0x1d);

fn draft(name: &str) -> HabitDraft {
    HabitDraft::new(name, "daily").id(ID)
}

/// The row as a caller saw it, in a version, with a name that the caller wants.
fn seen(stored: &Habit, version: i64, name: &str) -> Upsert<Habit> {
    Upsert::seen(Habit {
        version,
        name: name.to_owned(),
        ..stored.clone()
    })
}

#[twin_test(migration::Migrator, everywhere)]
async fn upserting_a_missing_row_inserts_it(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let new = habits.upsert(Upsert::new(draft("run"))).await?;
    let Upserted::Inserted(first) = new else {
        panic!("it was not there: {new:?}");
    };
    assert_eq!((first.id, first.version, first.user_id), (ID, 1, ADA));
    assert_eq!(habits.get(ID).await?, first);
    for (id, version) in [(2, 1), (3, 77)] {
        let id = Uuid::from_u128(id);
        let ghost = Habit {
            id,
            version,
            ..first.clone()
        };
        let outcome = habits.upsert(Upsert::seen(ghost)).await?;
        let Upserted::Inserted(made) = outcome else {
            panic!("it was not there: {outcome:?}");
        };
        assert_eq!((made.id, made.version), (id, 1), "it is a new row");
        assert_eq!(habits.get(id).await?, made);
    }
    let nameless = habits
        .upsert(Upsert::new(HabitDraft::new("walk", "daily")))
        .await?;
    assert!(matches!(nameless, Upserted::Inserted(_)));
    assert_eq!(habits.get(nameless.record().id).await?, *nameless.record());
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn upserting_equal_contents_leaves_the_row_unchanged(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    habits.insert(draft("run")).await?;
    let stored = habits
        .patch(ID, Expected::Any, entity::HabitPatch::new().color("red"))
        .await?;
    let same = draft("run").color("red");
    for row in [
        Upsert::new(same),
        seen(&stored, 2, "run"),
        seen(&stored, 1, "run"),
        seen(&stored, 99, "run"),
    ] {
        let outcome = habits.upsert(row).await?;
        assert_eq!(outcome, Upserted::Unchanged(stored.clone()));
    }
    assert_eq!(habits.get(ID).await?, stored);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn upserting_other_contents_needs_the_current_version(db: &TwinDatabase) -> Result<()> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z");
    let store = open_with::<migration::History>(db, |options| options.clock(clock.clone())).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    habits.insert(draft("run")).await?;
    let stored = habits.update(habits.get(ID).await?).await?;
    assert_eq!(
        refused(habits.upsert(Upsert::new(draft("walk"))).await),
        conflict::<Habit>(ID, ConflictReason::Exists)
    );
    for other in [1, 3] {
        assert_eq!(
            refused(habits.upsert(seen(&stored, other, "walk")).await),
            stale::<Habit>(ID, other, 2)
        );
    }
    assert_eq!(habits.get(ID).await?, stored, "nothing was written");
    clock.set("2026-02-02T00:00:00Z");
    let outcome = habits.upsert(seen(&stored, 2, "walk")).await?;
    let expected = Habit {
        name: "walk".to_owned(),
        version: 3,
        updated_at: instant("2026-02-02T00:00:00Z"),
        ..stored
    };
    assert_eq!(outcome, Upserted::Updated(expected.clone()));
    assert_eq!(habits.get(ID).await?, expected);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn upserting_a_deleted_row_is_a_conflict(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let stored = habits.insert(draft("run")).await?;
    habits.delete(ID, Expected::Any).await?;
    for row in [
        Upsert::new(draft("run")),
        Upsert::new(draft("walk")),
        seen(&stored, 1, "run"),
        seen(&stored, 2, "walk"),
    ] {
        assert_eq!(
            refused(habits.upsert(row).await),
            conflict::<Habit>(ID, ConflictReason::Deleted)
        );
    }
    assert_eq!(habits.count(&Query::all()).await?, 0);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn an_upsert_compares_null_like_any_value(db: &TwinDatabase) -> Result<()> {
    let devices = adas::<Device>(db);
    let at = instant("2026-05-05T05:05:05Z");
    let made = devices.insert(DeviceDraft::new("ios")).await?;
    let same = devices.upsert(Upsert::seen(made.clone())).await?;
    assert_eq!(same, Upserted::Unchanged(made.clone()));
    let set = Device {
        last_sync_at: Some(at),
        ..made
    };
    let Upserted::Updated(set) = devices.upsert(Upsert::seen(set)).await? else {
        panic!("from NULL to a time");
    };
    let cleared = Device {
        last_sync_at: None,
        ..set
    };
    let Upserted::Updated(cleared) = devices.upsert(Upsert::seen(cleared)).await? else {
        panic!("from a time to NULL");
    };
    assert_eq!((cleared.version, cleared.last_sync_at), (3, None));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn upsert_many_applies_a_repeated_id_after_the_row_before_it(
    db: &TwinDatabase,
) -> Result<()> {
    let habits = adas::<Habit>(db);
    let rows = vec![
        Upsert::new(HabitDraft::new("other", "daily")),
        Upsert::new(draft("run")),
        Upsert::new(draft("run")),
        Upsert::new(HabitDraft::new("another", "daily")),
        Upsert::new(draft("run")),
    ];
    let outcomes = habits.upsert_many(rows).await?;
    let [
        Upserted::Inserted(other),
        Upserted::Inserted(first),
        Upserted::Unchanged(second),
        Upserted::Inserted(another),
        Upserted::Unchanged(third),
    ] = &outcomes[..]
    else {
        panic!("{outcomes:?}");
    };
    assert_eq!((&*other.name, &*another.name), ("other", "another"));
    assert_eq!((first, first), (second, third));
    assert_eq!(habits.count(&Query::all()).await?, 3);
    // A row with the version that the row before it creates is written again, as by two calls.
    let rows = vec![
        seen(first, 1, "walk"),
        seen(first, 2, "swim"),
        seen(first, 3, "swim"),
    ];
    let outcomes = habits.upsert_many(rows).await?;
    let versions: Vec<(i64, &str)> = outcomes
        .iter()
        .map(|outcome| (outcome.record().version, &*outcome.record().name))
        .collect();
    assert_eq!(versions, [(2, "walk"), (3, "swim"), (3, "swim")]);
    assert!(matches!(outcomes[2], Upserted::Unchanged(_)));
    assert_eq!(habits.get(ID).await?.version, 3);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn upsert_many_of_a_repeated_id_with_other_contents_keeps_nothing(
    db: &TwinDatabase,
) -> Result<()> {
    let habits = adas::<Habit>(db);
    let rows = vec![
        Upsert::new(HabitDraft::new("other", "daily")),
        Upsert::new(draft("run")),
        Upsert::new(draft("walk")),
    ];
    assert_eq!(
        refused(habits.upsert_many(rows).await),
        conflict::<Habit>(ID, ConflictReason::Exists)
    );
    assert_eq!(habits.count(&Query::all()).await?, 0);
    let first = habits.insert(draft("run")).await?;
    let rows = vec![seen(&first, 1, "walk"), seen(&first, 1, "swim")];
    assert_eq!(
        refused(habits.upsert_many(rows).await),
        stale::<Habit>(ID, 1, 2)
    );
    assert_eq!(habits.get(ID).await?, first);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn upsert_many_returns_outcomes_in_the_order_of_the_rows(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts = (0..300_u128).map(|number| {
        HabitDraft::new(format!("n{number}"), "daily").id(Uuid::from_u128(1_000 - number))
    });
    let made = habits.insert_many(drafts.collect()).await?;
    let mut rows = Vec::new();
    for (number, habit) in made.iter().enumerate() {
        rows.push(match number % 3 {
            0 => Upsert::seen(habit.clone()),
            1 => seen(habit, 1, "new"),
            _ => Upsert::new(HabitDraft::new(format!("i{number}"), "daily")),
        });
    }
    let outcomes = habits.upsert_many(rows).await?;
    assert_eq!(outcomes.len(), 300);
    for (number, outcome) in outcomes.iter().enumerate() {
        match (number % 3, outcome) {
            (0, Upserted::Unchanged(row)) => assert_eq!(*row, made[number]),
            (1, Upserted::Updated(row)) => {
                assert_eq!((row.id, row.version), (made[number].id, 2));
                assert_eq!(row.name, "new");
            }
            (_, Upserted::Inserted(row)) => assert_eq!(row.name, format!("i{number}")),
            (_, other) => panic!("{number}: {other:?}"),
        }
        assert_eq!(habits.get(outcome.record().id).await?, *outcome.record());
    }
    assert_eq!(habits.upsert_many(vec![]).await?, []);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn upsert_many_of_forty_thousand_rows_can_be_repeated(db: &TwinDatabase) -> Result<()> {
    let devices = adas::<Device>(db);
    let id = |number: u128| Uuid::from_u128(number + 1);
    let drafts = (0..20_000).map(|number| DeviceDraft::new("old").id(id(number * 2)));
    let made = devices.insert_many(drafts.collect()).await?;
    let rows: Vec<Upsert<Device>> = (0..40_000)
        .map(|number: u128| match number % 4 {
            // Rows to change, equal rows, and missing rows.
            0 => Upsert::seen(Device {
                platform: "new".to_owned(),
                ..made[number as usize / 2].clone()
            }),
            2 => Upsert::new(DeviceDraft::new("old").id(id(number))),
            _ => Upsert::new(DeviceDraft::new("in").id(id(number))),
        })
        .collect();
    let outcomes = devices.upsert_many(rows.clone()).await?;
    assert_eq!(outcomes.len(), 40_000);
    for (number, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.record().id, id(number as u128));
        let right = match number % 4 {
            0 => {
                matches!(outcome, Upserted::Updated(row) if row.version == 2 && row.platform == "new")
            }
            2 => matches!(outcome, Upserted::Unchanged(row) if row.version == 1),
            _ => matches!(outcome, Upserted::Inserted(row) if row.version == 1),
        };
        assert!(right, "{number}: {outcome:?}");
    }
    assert_eq!(devices.count(&Query::all()).await?, 40_000);
    // Repeating the call, as after a lost answer, changes nothing.
    let again = devices.upsert_many(rows).await?;
    for (first, second) in outcomes.into_iter().zip(again) {
        assert_eq!(second, Upserted::Unchanged(first.into_record()));
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn upsert_many_upserts_all_rows_or_none(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let stored = habits.insert(draft("run")).await?;
    let mut rows: Vec<Upsert<Habit>> = (0..3_000)
        .map(|number| Upsert::new(HabitDraft::new(format!("n{number}"), "daily")))
        .collect();
    rows.insert(1_500, Upsert::new(draft("walk")));
    assert_eq!(
        refused(habits.upsert_many(rows).await),
        conflict::<Habit>(ID, ConflictReason::Exists)
    );
    assert_eq!(forwards(&*habits, &Query::all(), 9).await?, [stored]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn an_upsert_that_breaks_another_unique_key_is_a_unique_error(
    db: &TwinDatabase,
) -> Result<()> {
    let habit = adas::<Habit>(db).insert(draft("run")).await?;
    let entries = adas::<Entry>(db);
    let day = NaiveDate::from_ymd_opt(2026, 2, 2).expect("a day");
    let stored = entries.insert(EntryDraft::new(habit.id, day)).await?;
    let taken = || {
        unique(
            "habit_entries",
            &["user_id", "habit_id", "date"],
            "uq_habit_entries__user_id_habit_id_date",
        )
    };
    let clash = Upsert::new(EntryDraft::new(habit.id, day).amount(5));
    assert_eq!(refused(entries.upsert(clash).await), taken());
    let other = entries
        .insert(EntryDraft::new(habit.id, day.succ_opt().expect("a day")))
        .await?;
    let moved = Upsert::seen(Entry { date: day, ..other });
    assert_eq!(refused(entries.upsert(moved).await), taken());
    assert_eq!(entries.get(stored.id).await?, stored);
    Ok(())
}
