//! No method of a repository shows or changes the rows of another owner. On Postgres the store logs in as a plain role.
//! The rows are read back with `psql` and `sqlite3`.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Expected, Once, Result, Store, Upsert};
use entity::{Device, Entry, EntryDraft, EntryPatch, Habit, HabitDraft, Reminder};
use suite::cross_owner::{Attempt, Through, WAYS, assert_no_access, attempt, attempts};
use suite::kind::refused;
use suite::login::Role;
use suite::native_client::NativeClient;
use suite::sample::{Sample, day};
use suite::users::{ADA, BOB, OwnerRows, everyone, habit_of, scope};
use uuid::Uuid;

#[twin_test(migration::Migrator, everywhere)]
async fn no_call_reaches_another_owners_rows(db: &TwinDatabase) -> Result<()> {
    for through in WAYS {
        let owners = match through {
            Through::Store => [ADA, BOB],
            Through::Unit | Through::Attempt => [BOB, ADA],
        };
        let owners = owners.map(|owner| Uuid::from_u128(owner.as_u128() + 16 * through as u128));
        assert_no_access::<Habit>(db, db.store(), owners, through).await?;
        assert_no_access::<Entry>(db, db.store(), owners, through).await?;
        assert_no_access::<Reminder>(db, db.store(), owners, through).await?;
        assert_no_access::<Device>(db, db.store(), owners, through).await?;
    }
    Ok(())
}

/// A store with the least privileges. On Postgres it logs in as a role that owns nothing and is a
/// member of nothing.
async fn plain_store(db: &TwinDatabase) -> Result<(Store, Option<Role>)> {
    match db.engine() {
        Engine::Sqlite => Ok((db.store().clone(), None)),
        Engine::Postgres => {
            let role = Role::granted(db).await;
            let store = role.options().domain(&entity::DOMAIN).open().await?;
            Ok((store, Some(role)))
        }
    }
}

/// One row of the matrix: one kind of access to each record, in each way, in both directions.
async fn row(db: &TwinDatabase, tried: Attempt) -> Result<()> {
    let (store, _role) = plain_store(db).await?;
    attempt::<Habit>(db, &store, [ADA, BOB], tried).await?;
    attempt::<Entry>(db, &store, [ADA, BOB], tried).await?;
    attempt::<Reminder>(db, &store, [ADA, BOB], tried).await?;
    attempt::<Device>(db, &store, [ADA, BOB], tried).await?;
    store.close();
    Ok(())
}

macro_rules! matrix {
    ($($name:ident: $attempt:ident,)*) => {
        mod matrix {
            use super::*;

            $(
                #[twin_test(migration::Migrator)]
                async fn $name(db: &TwinDatabase) -> Result<()> {
                    row(db, Attempt::$attempt).await
                }
            )*

            #[test]
            fn every_kind_of_access_has_an_expected_result() {
                let rows = [$(Attempt::$attempt),*];
                for attempt in attempts() {
                    assert!(rows.contains(&attempt), "{attempt:?} has no row in the matrix");
                }
                assert_eq!(attempts().count(), rows.len());
            }
        }
    };
}

matrix! {
    find_gives_nothing: Find,
    get_finds_no_row: Get,
    exists_says_no: Exists,
    count_of_their_row_is_zero: CountTheirs,
    count_is_of_the_own_rows: Count,
    list_has_the_own_rows: List,
    list_backwards_has_the_own_rows: ListBackwards,
    list_refuses_their_cursor: ListByTheirCursor,
    stream_has_the_own_rows: Stream,
    insert_does_not_take_their_id: InsertTheirId,
    insert_many_does_not_take_their_id: InsertManyWithTheirId,
    update_of_their_row_is_refused: Update,
    update_of_their_row_under_the_own_name_finds_none: UpdateForged,
    patch_finds_no_row: Patch,
    patch_of_a_version_finds_no_row: PatchTheVersion,
    patch_of_nothing_finds_no_row: PatchNothing,
    modify_finds_no_row: Modify,
    lock_passes_over_their_rows: Lock,
    lock_takes_the_own_rows_alone: LockAmongMine,
    upsert_does_not_take_their_id: UpsertTheirId,
    upsert_of_their_row_is_refused: UpsertSeen,
    upsert_of_their_row_under_the_own_name_is_refused: UpsertForged,
    upsert_many_does_not_take_their_id: UpsertManyWithTheirId,
    delete_finds_no_row: Delete,
    delete_of_a_version_finds_no_row: DeleteTheVersion,
    restore_finds_no_row: RestoreDeleted,
    restore_of_a_version_finds_no_row: RestoreTheVersion,
    restore_of_a_living_row_finds_none: RestoreLiving,
    patch_where_does_not_reach_their_id: PatchWhereTheirId,
    patch_where_does_not_reach_their_owner: PatchWhereTheirOwner,
    delete_where_does_not_reach_their_id: DeleteWhereTheirId,
    delete_where_does_not_reach_their_owner: DeleteWhereTheirOwner,
    patch_where_anything_reaches_the_own_rows: PatchWhereAnything,
    delete_where_anything_reaches_the_own_rows: DeleteWhereAnything,
    purge_reaches_the_own_rows: Purge,
}

/// Two owners may use the same key, and neither learns of the other.
#[twin_test(migration::Migrator)]
async fn an_operation_key_belongs_to_its_owner(db: &TwinDatabase) -> Result<()> {
    const KEY: Uuid = Uuid::from_u128(7);
    let (store, _role) = plain_store(db).await?;
    let once = async |owner| {
        let name = format!("of {owner}");
        let owner = scope(owner);
        let unit = store.writing(&owner).once(KEY, async |unit| {
            let habits = unit.repository::<Habit>();
            habits.insert(HabitDraft::new(&name, "daily")).await
        });
        unit.await
    };
    assert!(matches!(once(ADA).await?, Once::Done(_)));
    assert!(!store.was_done(&scope(BOB), KEY).await?);
    assert!(matches!(once(BOB).await?, Once::Done(habit) if habit.user_id == BOB));
    assert!(matches!(once(ADA).await?, Once::Before));
    assert!(store.was_done(&scope(BOB), KEY).await?);
    // Bob forgets only his own key.
    let later = catamaran::Clock::now(&catamaran::SystemClock) + chrono::TimeDelta::days(1);
    assert_eq!(store.forget_keys(&scope(BOB), later).await?, 1);
    assert!(!store.was_done(&scope(BOB), KEY).await?);
    assert!(store.was_done(&scope(ADA), KEY).await?);
    let witness = NativeClient::of(db).await;
    let kept = witness.texts("SELECT user_id FROM catamaran_operation_keys");
    assert_eq!(kept.await, [ADA.to_string()]);
    Ok(())
}

/// Nobody can find out whether an entry of another owner's habit exists for a day.
#[twin_test(migration::Migrator, everywhere)]
async fn a_guess_at_another_owners_day_tells_nothing(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let adas = db.store().repository::<Entry>(&scope(ADA));
    adas.insert(EntryDraft::new(habit.id, day(1))).await?;
    let bobs = db.store().repository::<Entry>(&scope(BOB));
    let told = async |habit: Uuid, nth| {
        let draft = || EntryDraft::new(habit, day(nth));
        [
            refused(bobs.insert(draft()).await),
            refused(bobs.insert_many(vec![draft()]).await),
            refused(bobs.upsert(Upsert::new(draft())).await),
        ]
    };
    let taken = told(habit.id, 1).await;
    assert!(
        taken
            .iter()
            .all(|kind| matches!(kind, ErrorKind::ForeignKey { .. })),
        "{taken:?}"
    );
    // The same error as for a free day, and for a habit that does not exist.
    assert_eq!(told(habit.id, 2).await, taken);
    assert_eq!(told(suite::users::NOBODY, 1).await, taken);
    Ok(())
}

/// Writes of a child that refers to another owner's habit.
async fn a_child_stays_with_its_owners_habit<R: Sample>(
    db: &TwinDatabase,
    moved: impl Fn(R, Uuid) -> R,
) -> Result<()> {
    let outside = NativeClient::of(db).await;
    let theirs: OwnerRows<R> = OwnerRows::make(db.store(), ADA).await?;
    let mine: OwnerRows<R> = OwnerRows::make(db.store(), BOB).await?;
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
async fn an_entry_cannot_refer_to_another_owners_habit(db: &TwinDatabase) -> Result<()> {
    a_child_stays_with_its_owners_habit::<Entry>(db, |mut entry, habit| {
        entry.habit_id = habit;
        entry.date = day(30);
        entry
    })
    .await
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_reminder_cannot_refer_to_another_owners_habit(db: &TwinDatabase) -> Result<()> {
    a_child_stays_with_its_owners_habit::<Reminder>(db, |mut reminder, habit| {
        reminder.habit_id = habit;
        reminder
    })
    .await
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_patch_cannot_move_an_entry_to_another_owners_habit(db: &TwinDatabase) -> Result<()> {
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
async fn the_system_cannot_give_a_row_to_another_owner(db: &TwinDatabase) -> Result<()> {
    let estate: OwnerRows<Habit> = OwnerRows::make(db.store(), ADA).await?;
    let outside = NativeClient::of(db).await;
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
    let ada: OwnerRows<Habit> = OwnerRows::make(db.store(), ADA).await?;
    let bob: OwnerRows<Habit> = OwnerRows::make(db.store(), BOB).await?;
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
async fn a_row_upserted_by_the_system_keeps_its_owner(db: &TwinDatabase) -> Result<()> {
    let estate: OwnerRows<Habit> = OwnerRows::make(db.store(), ADA).await?;
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

/// The documented rule for every key, so that it also holds for new tables.
#[test]
fn every_key_of_an_owned_table_includes_the_owner() {
    let owned = |name: &str| {
        let table = entity::DOMAIN
            .tables
            .iter()
            .find(|table| table.name == name);
        table.and_then(|table| table.owner)
    };
    let mut keys = 0;
    for table in entity::DOMAIN.tables {
        let Some(owner) = table.owner else { continue };
        let indexes = table.indexes.iter().filter(|index| index.unique);
        let unique = table.unique_keys.iter().map(|key| (key.name, key.columns));
        for (name, columns) in unique.chain(indexes.map(|index| (index.name, index.columns))) {
            assert_eq!(columns.first(), Some(&owner), "{name}");
            keys += 1;
        }
        for key in table.foreign_keys {
            let Some(parents_owner) = owned(key.references) else {
                continue;
            };
            let pairs = key.columns.iter().zip(key.referenced_columns);
            let mut owners = pairs.filter(|pair| *pair == (&owner, &parents_owner));
            assert!(owners.next().is_some(), "{}", key.name);
            keys += 1;
        }
    }
    assert!(keys >= 4, "only {keys} keys were looked at");
}
