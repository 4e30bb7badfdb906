//! A table without a primary key has one id twice. No call about one row changes both rows.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Expected, Result, Upsert};
use entity::{Device, DeviceDraft, DevicePatch};
use suite::kind::refused;
use suite::observer::Observer;
use suite::raw::execute;
use suite::specimen::{Specimen, SpecimenDraft, SpecimenPatch};
use suite::users::{ADA, BOB, OwnerRows, adas, everybodys, everyone, scope};
use uuid::Uuid;

/// Drops the primary key, and inserts each of these rows a second time.
async fn duplicate(db: &TwinDatabase, table: &str, ids: &[Uuid]) -> Result<()> {
    let unkeyed = match db.engine() {
        Engine::Sqlite => format!(
            "CREATE TABLE unkeyed AS SELECT * FROM {table}; DROP TABLE {table}; \
             ALTER TABLE unkeyed RENAME TO {table}"
        ),
        Engine::Postgres => format!("ALTER TABLE {table} DROP CONSTRAINT pk_{table} CASCADE"),
    };
    execute(db.store(), &unkeyed).await?;
    for id in ids {
        let again = format!("INSERT INTO {table} SELECT * FROM {table} WHERE id = '{id}'");
        execute(db.store(), &again).await?;
    }
    Ok(())
}

fn several(table: &'static str, id: Uuid) -> ErrorKind {
    ErrorKind::DuplicateId {
        table,
        id: id.into(),
    }
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_call_about_one_row_never_changes_two(db: &TwinDatabase) -> Result<()> {
    let estate = OwnerRows::<Device>::make(db.store(), ADA).await?;
    let (living, deleted) = (estate.living, estate.deleted);
    let single = adas::<Device>(db)
        .insert(DeviceDraft::new("single"))
        .await?;
    duplicate(db, "devices", &[living.id, deleted.id]).await?;
    let outside = Observer::of(db).await;
    let before = outside.dump().await;
    let [dead, alive] = [deleted.id, living.id].map(|id| several("devices", id));
    let patch = || DevicePatch::new().platform("changed");
    let mut changed = living.clone();
    changed.platform = "changed".to_owned();
    let mut other = single.clone();
    other.platform = "changed".to_owned();
    for owner in [scope(ADA), everyone()] {
        let rows = db.store().repository::<Device>(&owner);
        for expected in [Expected::Any, Expected::Version(living.version)] {
            assert_eq!(
                refused(rows.patch(living.id, expected, patch()).await),
                alive
            );
            assert_eq!(refused(rows.delete(living.id, expected).await), alive);
            let nothing = rows.patch(living.id, expected, DevicePatch::new()).await;
            assert_eq!(refused(nothing), alive);
        }
        let stale = Expected::Version(living.version + 1);
        assert_eq!(refused(rows.patch(living.id, stale, patch()).await), alive);
        assert_eq!(refused(rows.delete(living.id, stale).await), alive);
        assert_eq!(refused(rows.update(changed.clone()).await), alive);
        for expected in [Expected::Any, Expected::Version(deleted.version)] {
            assert_eq!(refused(rows.restore(deleted.id, expected).await), dead);
        }
        // Both rows are living already.
        assert_eq!(refused(rows.restore(living.id, Expected::Any).await), alive);
        let upsert = || Upsert::seen(changed.clone());
        assert_eq!(refused(rows.upsert(upsert()).await), alive);
        let both = vec![Upsert::seen(other.clone()), upsert()];
        assert_eq!(refused(rows.upsert_many(both).await), alive);
        assert_eq!(outside.dump().await, before);
    }
    // A row whose id is unique is still written.
    for owner in [scope(ADA), everyone()] {
        let rows = db.store().repository::<Device>(&owner);
        rows.patch(single.id, Expected::Any, patch()).await?;
        rows.delete(single.id, Expected::Any).await?;
        rows.restore(single.id, Expected::Any).await?;
    }
    Ok(())
}

/// Two owners have a row with the same id. A call of one owner is about that owner's row.
#[twin_test(migration::Migrator, everywhere)]
async fn a_row_of_another_owner_with_the_same_id_is_left_alone(db: &TwinDatabase) -> Result<()> {
    let mine = OwnerRows::<Device>::make(db.store(), ADA).await?.living;
    duplicate(db, "devices", &[]).await?;
    let bobs = format!(
        "INSERT INTO devices (id, user_id, platform, created_at, updated_at, version) \
         SELECT id, '{BOB}', 'bobs', created_at, updated_at, version FROM devices WHERE id = '{}'",
        mine.id
    );
    execute(db.store(), &bobs).await?;
    let outside = Observer::of(db).await;
    let rows = adas::<Device>(db);
    let patched = rows.patch(mine.id, Expected::Any, DevicePatch::new().platform("mine"));
    assert_eq!(patched.await?.version, mine.version + 1);
    rows.delete(mine.id, Expected::Any).await?;
    let untouched = format!("user_id = '{BOB}' AND platform = 'bobs' AND deleted_at IS NULL");
    assert_eq!(outside.count("devices", &untouched).await, 1);
    // In the system's scope there are two rows, one of them deleted.
    let rows = everybodys::<Device>(db);
    assert_eq!(rows.restore(mine.id, Expected::Any).await?.user_id, ADA);
    let before = outside.dump().await;
    let deleted = rows.delete(mine.id, Expected::Any).await;
    assert_eq!(refused(deleted), several("devices", mine.id));
    assert_eq!(outside.dump().await, before);
    Ok(())
}

/// The failed call ends its unit, or only its savepoint.
#[twin_test(migration::Migrator, everywhere)]
async fn a_call_that_meets_a_duplicate_is_rolled_back_with_its_savepoint(
    db: &TwinDatabase,
) -> Result<()> {
    let living = OwnerRows::<Device>::make(db.store(), ADA).await?.living;
    duplicate(db, "devices", &[living.id]).await?;
    let outside = Observer::of(db).await;
    for owner in [scope(ADA), everyone()] {
        let before = outside.dump().await;
        let unit = db.store().begin_write(&owner).await?;
        let patch = || DevicePatch::new().platform("changed");
        let call = unit
            .repository::<Device>()
            .patch(living.id, Expected::Any, patch())
            .await;
        assert_eq!(refused(call), several("devices", living.id));
        let ended = refused(unit.commit().await);
        assert!(matches!(ended, ErrorKind::UnitEnded { .. }), "{ended:?}");
        assert_eq!(outside.dump().await, before);

        let unit = db.store().begin_write(&owner).await?;
        let locked = unit
            .savepoint(async |unit| unit.repository::<Device>().lock(&[living.id]).await)
            .await;
        assert_eq!(refused(locked), several("devices", living.id));
        let deleted = unit
            .savepoint(async |unit| {
                unit.repository::<Device>()
                    .delete(living.id, Expected::Any)
                    .await
            })
            .await;
        assert_eq!(refused(deleted), several("devices", living.id));
        unit.commit().await?;
        assert_eq!(outside.dump().await, before);
    }
    Ok(())
}

/// A record without owner, version and soft delete, so that a delete removes rows.
#[twin_test(suite::specimen::Migrator, everywhere)]
async fn a_hard_delete_removes_one_row_or_none(db: &TwinDatabase) -> Result<()> {
    let rows = everybodys::<Specimen>(db);
    let twice = rows.insert(SpecimenDraft::new("twice")).await?;
    let once = rows.insert(SpecimenDraft::new("once")).await?;
    duplicate(db, "specimens", &[twice.id]).await?;
    let outside = Observer::of(db).await;
    let seen = several("specimens", twice.id);
    for rows in [rows] {
        assert_eq!(refused(rows.delete(twice.id, Expected::Any).await), seen);
        let patch = SpecimenPatch::new().label("changed");
        assert_eq!(
            refused(rows.patch(twice.id, Expected::Any, patch).await),
            seen
        );
        assert_eq!(refused(rows.update(twice.clone()).await), seen);
        assert_eq!(outside.count("specimens", "label = 'twice'").await, 2);
    }
    everybodys::<Specimen>(db)
        .delete(once.id, Expected::Any)
        .await?;
    assert_eq!(outside.count("specimens", "label = 'once'").await, 0);
    Ok(())
}
