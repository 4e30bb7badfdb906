//! Inserts of many rows in the system's scope, which are a `COPY` on Postgres, and bytes as a text.

use std::time::Duration;

use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{ErrorKind, Query, Result, Store, StoreOptions, Unit};
use suite::cancellation_points::drop_after_polls;
use suite::specimen::{Migrator, Specimen, SpecimenDraft};
use suite::users::everyone;

const ROWS: usize = 400;

fn drafts() -> Vec<SpecimenDraft> {
    let draft = |row| SpecimenDraft::new(format!("copied {row}"));
    (0..ROWS).map(draft).collect()
}

/// The number of rows after what was dropped has ended: on SQLite it holds the only connection that writes until then.
async fn count(store: &Store) -> Result<u64> {
    let counting = async |unit: &Unit| unit.repository::<Specimen>().count(&Query::all()).await;
    store.write(&everyone(), counting).await
}

#[twin_test(Migrator)]
async fn a_dropped_insert_of_many_rows_is_whole_or_nothing(db: &TwinDatabase) -> Result<()> {
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    let specimens = store.repository::<Specimen>(&everyone());
    let before = specimens.insert(SpecimenDraft::new("before")).await?;
    let mut rows = 1;
    for linger in [Duration::ZERO, Duration::from_millis(20)] {
        for polls in 1..12 {
            let inserting = specimens.insert_many(drafts());
            let inserted = drop_after_polls(inserting, polls, linger).await;
            // The next call has its own answer.
            assert_eq!(specimens.find(before.id).await?, Some(before.clone()));
            let now = count(&store).await?;
            let all = rows + ROWS as u64;
            match inserted {
                Some(inserted) => assert_eq!((inserted?.len(), now), (ROWS, all)),
                None => assert!(now == rows || now == all, "{now} rows after {polls} polls"),
            }
            rows = now;
        }
    }
    Ok(())
}

#[twin_test(Migrator)]
async fn a_unit_with_a_dropped_insert_of_many_rows_gives_no_wrong_answer(
    db: &TwinDatabase,
) -> Result<()> {
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    let specimens = store.repository::<Specimen>(&everyone());
    let first = specimens.insert(SpecimenDraft::new("first")).await?;
    let second = specimens.insert(SpecimenDraft::new("second")).await?;
    for linger in [Duration::ZERO, Duration::from_millis(20)] {
        for polls in 1..12 {
            let unit = store.begin_write(&everyone()).await?;
            let within = unit.repository::<Specimen>();
            let dropped = unit.savepoint(async |unit| {
                let copies = unit.repository::<Specimen>();
                let inserting = copies.insert_many(drafts());
                match drop_after_polls(inserting, polls, linger).await {
                    Some(inserted) => inserted.map(|_| ()),
                    None => Err(ErrorKind::PoolTimeout.into()),
                }
            });
            let was_dropped = dropped.await.is_err();
            for row in [&first, &second] {
                match within.find(row.id).await {
                    Ok(found) => assert_eq!(found.as_ref(), Some(row)),
                    Err(error) => {
                        assert!(was_dropped, "{error:?}");
                        assert!(
                            matches!(error.kind(), ErrorKind::UnitEnded { .. }),
                            "{error:?}"
                        );
                    }
                }
            }
            let _rolled_back = unit.rollback().await;
            assert_eq!(count(&store).await?, 2, "{polls} polls");
        }
    }
    Ok(())
}

/// The form of bytes in a text is a setting of the server.
#[tokio::test]
async fn bytes_are_the_same_whatever_their_form_on_the_server() -> Result<()> {
    let made = TwinDatabase::create::<Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let outside = suite::observer::connect(db.url())
        .await
        .expect("a connection");
    let set = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET bytea_output = escape', current_database()); END $$";
    let set = sea_orm::ConnectionTrait::execute_unprepared(&outside, set).await;
    set.expect("the setting");
    let store = StoreOptions::new(db.url()).open().await?;
    let specimens = store.repository::<Specimen>(&everyone());
    let draft = SpecimenDraft {
        blob: (0..=255).collect(),
        ..SpecimenDraft::new("bytes")
    };
    let kept = specimens.insert(draft).await?;
    assert_eq!(specimens.get(kept.id).await?, kept);
    // The first statement of a unit is sent with its begin, and its result is a text.
    let reading = async |unit: &Unit| unit.repository::<Specimen>().get(kept.id).await;
    assert_eq!(store.write(&everyone(), reading).await?, kept);
    Ok(())
}
