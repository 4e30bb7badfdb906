//! Stores with other options than the defaults.

use catamaran::migrate::History;
use catamaran::testing::TwinDatabase;
use catamaran::{Result, Store, StoreOptions};

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
