//! No method of a repository shows or changes the rows of another owner. On Postgres the store logs in as a plain role.
//! The rows are read back with `psql` and `sqlite3`.

use catamaran::domain::Domain;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Expected, OnceOutcome, Result, Store, Upsert};
use entity::{Device, Entry, EntryDraft, EntryPatch, Habit, HabitDraft, Reminder};
use suite::cross_owner::{Access, Through, WAYS, accesses, assert_no_access, assert_no_access_by};
use suite::keys::{self, Badge, Desk, Folder, Pass, Shelf};
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
            Through::Unit | Through::Savepoint => [BOB, ADA],
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
async fn plain_store(db: &TwinDatabase, domain: &'static Domain) -> Result<(Store, Option<Role>)> {
    match db.engine() {
        Engine::Sqlite => Ok((db.store().clone(), None)),
        Engine::Postgres => {
            let role = Role::granted(db).await;
            let store = role.options().domain(domain).open().await?;
            Ok((store, Some(role)))
        }
    }
}

/// One row of the matrix: one kind of access to each record, in each way, in both directions.
async fn row(db: &TwinDatabase, tried: Access) -> Result<()> {
    let (store, _role) = plain_store(db, &entity::DOMAIN).await?;
    assert_no_access_by::<Habit>(db, &store, [ADA, BOB], tried).await?;
    assert_no_access_by::<Entry>(db, &store, [ADA, BOB], tried).await?;
    assert_no_access_by::<Reminder>(db, &store, [ADA, BOB], tried).await?;
    assert_no_access_by::<Device>(db, &store, [ADA, BOB], tried).await?;
    store.close();
    Ok(())
}

/// The same over records with each kind of key: a text, a number, several columns, and keys that begin with the owner.
async fn row_of_keys(db: &TwinDatabase, tried: Access) -> Result<()> {
    let (store, _role) = plain_store(db, &keys::DOMAIN).await?;
    assert_no_access_by::<Badge>(db, &store, [ADA, BOB], tried).await?;
    assert_no_access_by::<Pass>(db, &store, [ADA, BOB], tried).await?;
    assert_no_access_by::<Desk>(db, &store, [ADA, BOB], tried).await?;
    assert_no_access_by::<Folder>(db, &store, [ADA, BOB], tried).await?;
    assert_no_access_by::<Shelf>(db, &store, [ADA, BOB], tried).await?;
    store.close();
    Ok(())
}

macro_rules! matrix {
    ($($name:ident: $access:ident,)*) => {
        mod keys_of_each_kind {
            use super::*;

            $(
                #[twin_test(keys::Migrator)]
                async fn $name(db: &TwinDatabase) -> Result<()> {
                    row_of_keys(db, Access::$access).await
                }
            )*
        }

        mod matrix {
            use super::*;

            $(
                #[twin_test(migration::Migrator)]
                async fn $name(db: &TwinDatabase) -> Result<()> {
                    row(db, Access::$access).await
                }
            )*

            #[test]
            fn every_kind_of_access_has_an_expected_result() {
                let rows = [$(Access::$access),*];
                for access in accesses() {
                    assert!(rows.contains(&access), "{access:?} has no row in the matrix");
                }
                assert_eq!(accesses().count(), rows.len());
            }
        }
    };
}

matrix! {
    find_does_not_return_another_owners_row: Find,
    get_does_not_return_another_owners_row: Get,
    exists_is_false_for_another_owners_row: Exists,
    count_by_id_excludes_another_owners_row: CountTheirs,
    count_excludes_other_owners_rows: Count,
    list_excludes_other_owners_rows: List,
    list_backwards_excludes_other_owners_rows: ListBackwards,
    list_refuses_another_owners_cursor: ListByTheirCursor,
    stream_excludes_other_owners_rows: Stream,
    insert_with_another_owners_id_is_refused: InsertTheirId,
    insert_many_with_another_owners_id_is_refused: InsertManyWithTheirId,
    update_of_another_owners_row_is_refused: Update,
    update_of_another_owners_row_with_a_forged_owner_finds_no_row: UpdateForged,
    patch_does_not_find_another_owners_row: Patch,
    patch_with_a_version_does_not_find_another_owners_row: PatchTheVersion,
    an_empty_patch_does_not_find_another_owners_row: PatchNothing,
    modify_does_not_find_another_owners_row: Modify,
    lock_skips_another_owners_row: Lock,
    lock_of_several_rows_skips_another_owners_row: LockAmongMine,
    upsert_with_another_owners_id_is_refused: UpsertTheirId,
    upsert_of_another_owners_row_is_refused: UpsertSeen,
    upsert_of_another_owners_row_with_a_forged_owner_is_refused: UpsertForged,
    upsert_many_with_another_owners_id_is_refused: UpsertManyWithTheirId,
    delete_does_not_find_another_owners_row: Delete,
    delete_with_a_version_does_not_find_another_owners_row: DeleteTheVersion,
    restore_does_not_find_another_owners_row: RestoreDeleted,
    restore_with_a_version_does_not_find_another_owners_row: RestoreTheVersion,
    restore_does_not_find_another_owners_living_row: RestoreLiving,
    patch_where_by_id_skips_another_owners_row: PatchWhereTheirId,
    patch_where_by_owner_skips_another_owners_rows: PatchWhereTheirOwner,
    delete_where_by_id_skips_another_owners_row: DeleteWhereTheirId,
    delete_where_by_owner_skips_another_owners_rows: DeleteWhereTheirOwner,
    patch_where_without_a_filter_changes_only_own_rows: PatchWhereAnything,
    delete_where_without_a_filter_deletes_only_own_rows: DeleteWhereAnything,
    purge_removes_only_own_rows: Purge,
}

/// Two owners may use the same key, and neither learns of the other.
#[twin_test(migration::Migrator)]
async fn an_operation_key_belongs_to_its_owner(db: &TwinDatabase) -> Result<()> {
    const KEY: Uuid = Uuid::from_u128(7);
    let (store, _role) = plain_store(db, &entity::DOMAIN).await?;
    let once = async |owner| {
        let name = format!("of {owner}");
        let owner = scope(owner);
        let unit = store.writing(&owner).once(KEY, async |unit| {
            let habits = unit.repository::<Habit>();
            habits.insert(HabitDraft::new(&name, "daily")).await
        });
        unit.await
    };
    assert!(matches!(once(ADA).await?, OnceOutcome::Done(_)));
    assert!(!store.was_done(&scope(BOB), KEY).await?);
    assert!(matches!(once(BOB).await?, OnceOutcome::Done(habit) if habit.user_id == BOB));
    assert!(matches!(once(ADA).await?, OnceOutcome::AlreadyDone));
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
    assert!(keys >= 4, "only {keys} keys were checked");
}
