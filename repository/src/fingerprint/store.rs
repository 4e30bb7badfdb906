//! A store that insists on a fingerprint.

use std::sync::Arc;

use super::Fingerprint;
#[cfg(feature = "postgres")]
use crate::driver::postgres::Postgres;
#[cfg(feature = "sqlite")]
use crate::driver::sqlite::Sqlite;
use crate::store::{Backend, StoreOptions};

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl StoreOptions {
    /// The schema that the database must have, down to types, checks, indexes, policies and privileges, and the
    /// migrations if the fingerprint knows them. Looked at once, with one statement that only reads and needs no
    /// right to change anything. Opening fails with [`NotMigrated`](crate::ErrorKind::NotMigrated) where a migration is
    /// pending, and with [`SchemaDiffers`](crate::ErrorKind::SchemaDiffers) where anything else is an error to the doctor. The
    /// fingerprint's domain is the [`domain`](Self::domain) too.
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
