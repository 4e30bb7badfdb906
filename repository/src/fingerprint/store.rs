//! The store option that checks the schema when a store opens.

use std::sync::Arc;

use super::Fingerprint;
#[cfg(feature = "postgres")]
use crate::driver::postgres::Postgres;
#[cfg(feature = "sqlite")]
use crate::driver::sqlite::Sqlite;
use crate::store::{Backend, StoreOptions};

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl StoreOptions {
    /// Requires that the database has this schema, down to types, checks, indexes, policies and privileges.
    ///
    /// Opening checks it once, and also the migrations if the fingerprint [has them](Fingerprint::migrations). The
    /// check only reads, and needs no right to change anything. The fingerprint's domain also becomes the store's
    /// [`domain`](Self::domain).
    ///
    /// Opening fails with [`NotMigrated`](crate::ErrorKind::NotMigrated) if a migration is pending, and with
    /// [`SchemaDiffers`](crate::ErrorKind::SchemaDiffers) for every other difference that the doctor reports as an
    /// error.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.domain = Some(fingerprint.domain());
        self.hooks.check_schema = Some(Arc::new(move |backend, role| {
            let fingerprint = fingerprint.clone();
            Box::pin(async move {
                match backend {
                    #[cfg(feature = "sqlite")]
                    Backend::Sqlite(pool) => fingerprint.check::<Sqlite>(pool, role).await,
                    #[cfg(feature = "postgres")]
                    Backend::Postgres(pool) => fingerprint.check::<Postgres>(pool, role).await,
                }
            })
        }));
        self
    }
}
