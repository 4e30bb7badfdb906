//! Each race of the soak, once.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Result, Store};
use suite::soak::database::Database;
use suite::soak::races::{Race, longest_wait, two_stores};
use suite::soak::tally::Tally;
use suite::users::ADA;

/// The same store twice if the database is in memory.
async fn stores(db: &TwinDatabase) -> Result<[Store; 2]> {
    match db.is_shared() {
        true => two_stores(&Database::of(db)).await,
        false => Ok([db.store().clone(), db.store().clone()]),
    }
}

async fn run(db: &TwinDatabase, race: Race, writers: usize) -> Result<()> {
    let tally = Tally::default();
    race.run(stores(db).await?, writers, ADA, &tally).await?;
    let figures = tally.assert_kept();
    assert!(figures.acknowledged > 0, "{figures:?}");
    assert!(
        !figures.errors.is_empty(),
        "nobody met anybody: {figures:?}"
    );
    let longest = figures.latency.max();
    let most = longest_wait().as_micros();
    assert!(u128::from(longest) < most, "{longest} µs");
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn sixteen_writers_of_one_row_lose_no_update(db: &TwinDatabase) -> Result<()> {
    run(db, Race::Increments, 16).await
}

#[twin_test(migration::Migrator)]
async fn sixty_four_writers_of_one_row_lose_no_update(db: &TwinDatabase) -> Result<()> {
    run(db, Race::Increments, 64).await
}

#[twin_test(migration::Migrator)]
async fn one_of_many_inserts_of_one_key_succeeds(db: &TwinDatabase) -> Result<()> {
    run(db, Race::SameKeys, 64).await
}

#[twin_test(migration::Migrator)]
async fn one_of_many_bulk_inserts_in_opposite_order_succeeds_and_all_end(
    db: &TwinDatabase,
) -> Result<()> {
    run(db, Race::OppositeInserts, 64).await
}

#[twin_test(migration::Migrator, everywhere)]
async fn bulk_upserts_in_opposite_order_all_end(db: &TwinDatabase) -> Result<()> {
    run(db, Race::OppositeUpserts, 16).await
}

/// The library retries the calls that lose, so that callers see no error.
async fn unseen(db: &TwinDatabase, race: Race) -> Result<()> {
    let tally = Tally::default();
    race.run(stores(db).await?, 64, ADA, &tally).await?;
    assert_eq!(tally.assert_kept().acknowledged, 4 * 64);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn many_calls_that_modify_one_row_lose_no_update(db: &TwinDatabase) -> Result<()> {
    unseen(db, Race::Modify).await
}

#[twin_test(migration::Migrator)]
async fn many_units_that_lock_one_row_lose_no_update(db: &TwinDatabase) -> Result<()> {
    unseen(db, Race::Locked).await
}

#[twin_test(migration::Migrator)]
async fn many_serializable_units_of_one_row_lose_no_update(db: &TwinDatabase) -> Result<()> {
    unseen(db, Race::Serializable).await
}
