//! Among the living entries of a habit there is one for each day.

use std::sync::Arc;

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    ConflictReason, Error, ErrorKind, Expected, Query, Repository, Result, Upsert, Visibility,
};
use entity::{Entry, EntryDraft, EntryPatch, HabitDraft, habits_in};
use suite::sample::day;
use suite::users::{ADA, habit_of, scope};
use uuid::Uuid;

#[track_caller]
fn assert_taken<T: std::fmt::Debug>(outcome: Result<T>) {
    let error = outcome.expect_err("the day is taken");
    let ErrorKind::Unique {
        table,
        columns,
        constraint,
    } = error.kind()
    else {
        panic!("{error:?}");
    };
    assert_eq!(table, "habit_entries");
    assert_eq!(columns[..], ["user_id", "habit_id", "date"]);
    assert_eq!(
        constraint.as_deref(),
        Some("uq_habit_entries__user_id_habit_id_date")
    );
}

#[track_caller]
fn assert_version<T: std::fmt::Debug>(outcome: Result<T>, expected: i64, actual: i64) {
    let error = outcome.expect_err("another version");
    let reason = ConflictReason::Version { expected, actual };
    assert!(
        matches!(error.kind(), ErrorKind::Conflict { reason: found, .. } if *found == reason),
        "{error:?}"
    );
}

async fn one_entry(db: &TwinDatabase) -> Result<(Arc<dyn Repository<Entry>>, Uuid, Entry)> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let entries = db.store().repository::<Entry>(&scope(ADA));
    let entry = entries.insert(EntryDraft::new(habit, day(0))).await?;
    Ok((entries, habit, entry))
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_second_living_entry_for_a_day_is_refused_to_every_write(
    db: &TwinDatabase,
) -> Result<()> {
    let (entries, habit, first) = one_entry(db).await?;
    let again = || EntryDraft::new(habit, day(0));
    let next = entries.insert(EntryDraft::new(habit, day(1))).await?;
    let moved = Entry {
        date: day(0),
        ..next.clone()
    };
    let patch = || EntryPatch::new().date(day(0));

    assert_taken(entries.insert(again()).await);
    assert_taken(
        entries
            .insert_many(vec![EntryDraft::new(habit, day(2)), again()])
            .await,
    );
    let twice = vec![
        EntryDraft::new(habit, day(3)),
        EntryDraft::new(habit, day(3)),
    ];
    assert_taken(entries.insert_many(twice).await);
    assert_taken(entries.upsert(Upsert::new(again())).await);
    assert_taken(entries.update(moved.clone()).await);
    assert_taken(entries.upsert(Upsert::seen(moved)).await);
    assert_taken(entries.patch(next.id, Expected::Any, patch()).await);
    let both = Entry::HABIT_ID.eq(habit);
    assert_taken(
        entries
            .patch_where(&both, EntryPatch::new().date(day(9)))
            .await,
    );

    let all = Query::all().visibility(Visibility::All);
    assert_eq!(entries.count(&all).await?, 2);
    assert_eq!(entries.get(first.id).await?, first);
    assert_eq!(entries.get(next.id).await?, next);
    // Another habit may have the same day.
    let other = habit_of(db.store(), ADA, "read").await?.id;
    entries.insert(EntryDraft::new(other, day(0))).await?;
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_deleted_entry_frees_its_day_and_is_restored_once_it_is_free(
    db: &TwinDatabase,
) -> Result<()> {
    let (entries, habit, first) = one_entry(db).await?;
    entries.delete(first.id, Expected::Version(1)).await?;
    let second = entries.insert(EntryDraft::new(habit, day(0))).await?;
    assert_taken(entries.restore(first.id, Expected::Any).await);
    assert_taken(entries.restore(first.id, Expected::Version(2)).await);
    assert_eq!(entries.find(first.id).await?, None);

    entries.delete(second.id, Expected::Any).await?;
    let back = entries.restore(first.id, Expected::Version(2)).await?;
    assert_eq!(
        (back.id, back.version, back.deleted_at),
        (first.id, 3, None)
    );
    assert_taken(entries.restore(second.id, Expected::Any).await);
    // Any number of deleted entries may have the same day.
    let all = Query::all().visibility(Visibility::Deleted);
    for deleted in 2..5 {
        entries.delete_where(&Entry::HABIT_ID.eq(habit)).await?;
        assert_eq!(entries.count(&all).await?, deleted);
        entries.insert(EntryDraft::new(habit, day(0))).await?;
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_restore_compares_versions_and_keeps_a_living_row(db: &TwinDatabase) -> Result<()> {
    let (entries, _, entry) = one_entry(db).await?;
    assert_eq!(entries.restore(entry.id, Expected::Any).await?, entry);
    assert_eq!(
        entries.restore(entry.id, Expected::Version(1)).await?,
        entry
    );
    assert_version(entries.restore(entry.id, Expected::Version(5)).await, 5, 1);

    entries.delete(entry.id, Expected::Any).await?;
    assert_version(entries.restore(entry.id, Expected::Version(1)).await, 1, 2);
    assert_eq!(entries.find(entry.id).await?, None);
    // Every other write treats a deleted row as missing.
    let updated = entries.update(entry.clone()).await;
    assert!(updated.is_err_and(|error| error.is_not_found()));
    let deleted = entries.delete(entry.id, Expected::Any).await;
    assert!(deleted.is_err_and(|error| error.is_not_found()));
    let upserted = entries.upsert(Upsert::seen(entry.clone())).await;
    let error = upserted.expect_err("the row is deleted");
    let deleted = ConflictReason::Deleted;
    assert!(
        matches!(error.kind(), ErrorKind::Conflict { reason, .. } if *reason == deleted),
        "{error:?}"
    );
    assert_eq!(
        entries
            .restore(entry.id, Expected::Version(2))
            .await?
            .version,
        3
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_day_can_be_given_to_another_entry_in_one_unit(db: &TwinDatabase) -> Result<()> {
    let (entries, habit, first) = one_entry(db).await?;
    let second = db
        .store()
        .write(&scope(ADA), async |unit| {
            let entries = unit.repository::<Entry>();
            entries.delete(first.id, Expected::Any).await?;
            let second = entries.insert(EntryDraft::new(habit, day(0))).await?;
            let habits = habits_in(unit);
            let other = habits.insert(HabitDraft::new("read", "daily")).await?;
            let patch = EntryPatch::new().habit_id(other.id);
            let moved = entries
                .patch(second.id, Expected::Version(1), patch)
                .await?;
            entries.restore(first.id, Expected::Version(2)).await?;
            Ok::<_, Error>(moved)
        })
        .await?;
    assert_eq!(entries.get(second.id).await?, second);
    assert_eq!(entries.get(first.id).await?.version, 3);
    Ok(())
}
