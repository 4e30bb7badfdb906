//! Stores with other options than the defaults.

use catamaran::migrate::History;
use catamaran::testing::TwinDatabase;
use catamaran::{Result, Store, StoreOptions};

use crate::pace::PLENTY;

/// A store with other options, on the test's database. One in memory belongs to its store, so for it
/// this is another database, migrated by `H`.
///
/// # Errors
/// As [`StoreOptions::open`].
pub async fn open_with<H: History>(
    db: &TwinDatabase,
    with: impl FnOnce(StoreOptions) -> StoreOptions,
) -> Result<Store> {
    let options = if db.is_shared() {
        StoreOptions::new(db.url())
    } else {
        StoreOptions::new(db.url()).migrate::<H>()
    };
    with(options).open().await
}

/// A store whose time limits are never reached, on the test's database. For tests whose calls wait for each other.
///
/// # Errors
/// As [`StoreOptions::open`].
pub async fn open_patient(db: &TwinDatabase) -> Result<Store> {
    let options = StoreOptions::new(db.url());
    let options = options.acquire_timeout(PLENTY).lock_timeout(PLENTY);
    options.statement_timeout(PLENTY).open().await
}
