//! No owner sees or changes what belongs to another, by whichever method.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Result, Upsert};
use entity::{Device, Entry, EntryDraft, EntryPatch, Habit, Reminder};
use suite::intruder::{Through, intrude};
use suite::outside::Outside;
use suite::people::{ADA, BOB, Estate, everyone, habit_of, scope};
use suite::sample::{Sample, day};

#[twin_test(migration::Migrator, everywhere)]
async fn no_call_reaches_another_owners_rows(db: &TwinDatabase) -> Result<()> {
    let owners = [ADA, BOB];
    intrude::<Habit>(db, db.store(), owners, Through::Store).await?;
    intrude::<Entry>(db, db.store(), owners, Through::Store).await?;
    intrude::<Reminder>(db, db.store(), owners, Through::Store).await?;
    intrude::<Device>(db, db.store(), owners, Through::Store).await
}

#[twin_test(migration::Migrator, everywhere)]
async fn no_call_of_a_unit_reaches_another_owners_rows(db: &TwinDatabase) -> Result<()> {
    let owners = [BOB, ADA];
    intrude::<Habit>(db, db.store(), owners, Through::Unit).await?;
    intrude::<Entry>(db, db.store(), owners, Through::Unit).await?;
    intrude::<Reminder>(db, db.store(), owners, Through::Unit).await?;
    intrude::<Device>(db, db.store(), owners, Through::Unit).await
}

/// The writes that would hang a child on another owner's habit.
async fn a_child_stays_with_its_owners_habit<R: Sample>(
    db: &TwinDatabase,
    moved: impl Fn(R, uuid::Uuid) -> R,
) -> Result<()> {
    let outside = Outside::of(db).await;
    let theirs: Estate<R> = Estate::make(db.store(), ADA).await?;
    let mine: Estate<R> = Estate::make(db.store(), BOB).await?;
    let rows = db.store().repository::<R>(&scope(BOB));
    let system = db.store().repository::<R>(&everyone());
    let draft = || R::draft(theirs.habit, 20);
    let strayed = || moved(mine.living.clone(), theirs.habit);

    let before = outside.dump().await;
    let many = vec![R::draft(mine.habit, 21), draft()];
    let upserts = vec![Upsert::new(R::draft(mine.habit, 21)), Upsert::new(draft())];
    for (call, error) in [
        ("insert", rows.insert(draft()).await.err()),
        ("insert_many", rows.insert_many(many).await.err()),
        ("update", rows.update(strayed()).await.err()),
        ("update of the system", system.update(strayed()).await.err()),
        ("upsert", rows.upsert(Upsert::new(draft())).await.err()),
        (
            "upsert seen",
            rows.upsert(Upsert::seen(strayed())).await.err(),
        ),
        ("upsert_many", rows.upsert_many(upserts).await.err()),
    ] {
        let error = error.unwrap_or_else(|| panic!("{call} hung a child on another's habit"));
        match error.kind() {
            ErrorKind::ForeignKey { table, .. } => {
                assert_eq!(table.as_deref(), Some(R::TABLE.name), "{call}");
            }
            _ => panic!("{call}: {error:?}"),
        }
        assert_eq!(outside.dump().await, before, "{call}");
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn an_entry_does_not_hang_on_another_owners_habit(db: &TwinDatabase) -> Result<()> {
    a_child_stays_with_its_owners_habit::<Entry>(db, |mut entry, habit| {
        entry.habit_id = habit;
        entry.date = day(30);
        entry
    })
    .await
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_reminder_does_not_hang_on_another_owners_habit(db: &TwinDatabase) -> Result<()> {
    a_child_stays_with_its_owners_habit::<Reminder>(db, |mut reminder, habit| {
        reminder.habit_id = habit;
        reminder
    })
    .await
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_patch_does_not_move_an_entry_to_another_owners_habit(db: &TwinDatabase) -> Result<()> {
    let theirs = habit_of(db.store(), ADA, "run").await?;
    let mine = habit_of(db.store(), BOB, "read").await?;
    let entries = db.store().repository::<Entry>(&scope(BOB));
    let entry = entries.insert(EntryDraft::new(mine.id, day(1))).await?;

    let stray = || EntryPatch::new().habit_id(theirs.id);
    let one = entries.patch(entry.id, Expected::Any, stray()).await;
    let error = one.expect_err("a patch");
    assert!(
        matches!(error.kind(), ErrorKind::ForeignKey { .. }),
        "{error:?}"
    );
    let many = entries
        .patch_where(&Entry::HABIT_ID.eq(mine.id), stray())
        .await;
    let error = many.expect_err("a patch of many");
    assert!(
        matches!(error.kind(), ErrorKind::ForeignKey { .. }),
        "{error:?}"
    );
    assert_eq!(entries.get(entry.id).await?, entry);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn the_system_gives_no_row_to_an_owner_it_does_not_have(db: &TwinDatabase) -> Result<()> {
    let estate: Estate<Habit> = Estate::make(db.store(), ADA).await?;
    let outside = Outside::of(db).await;
    let before = outside.dump().await;
    let habits = db.store().repository::<Habit>(&everyone());

    let inserted = habits.insert(Habit::draft(estate.habit, 9)).await;
    let error = inserted.expect_err("an insert without an owner");
    assert!(
        matches!(error.kind(), ErrorKind::Permission { .. }),
        "{error:?}"
    );
    let inserted = habits
        .insert_many(vec![Habit::draft(estate.habit, 9)])
        .await;
    let error = inserted.expect_err("inserts without an owner");
    assert!(
        matches!(error.kind(), ErrorKind::Permission { .. }),
        "{error:?}"
    );
    let forged = estate.living.clone().given_to(BOB).altered();
    let updated = habits.update(forged).await;
    let error = updated.expect_err("a row that Bob does not have");
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(outside.dump().await, before);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn the_system_sees_and_changes_everybodys_rows(db: &TwinDatabase) -> Result<()> {
    let ada: Estate<Habit> = Estate::make(db.store(), ADA).await?;
    let bob: Estate<Habit> = Estate::make(db.store(), BOB).await?;
    let habits = db.store().repository::<Habit>(&everyone());
    assert_eq!(habits.get(ada.living.id).await?, ada.living);
    let all = Habit::USER_ID.is_in([ADA, BOB]);
    assert_eq!(habits.patch_where(&all, Habit::patch()).await?, 2);
    let restored = habits.restore(bob.deleted.id, Expected::Version(2)).await?;
    assert_eq!((restored.user_id, restored.version), (BOB, 3));
    let seen = Upsert::seen(restored.altered());
    let upserted = habits.upsert(seen).await?.into_record();
    assert_eq!((upserted.user_id, upserted.version), (BOB, 4));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn what_the_system_upserts_stays_with_its_owner(db: &TwinDatabase) -> Result<()> {
    let estate: Estate<Habit> = Estate::make(db.store(), ADA).await?;
    let habits = db.store().repository::<Habit>(&everyone());
    let forged = estate.living.clone().given_to(BOB).altered();
    let upserted = habits.upsert(Upsert::seen(forged)).await;
    let error = upserted.expect_err("the row is not Bob's");
    assert!(
        matches!(error.kind(), ErrorKind::Permission { .. }),
        "{error:?}"
    );
    assert_eq!(habits.get(estate.living.id).await?, estate.living);
    Ok(())
}
