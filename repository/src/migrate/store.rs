//! The migrations that run when a store is opened.

use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;

use super::connect::with_connection;
use super::{ConnectOptions, History, apply};
use crate::driver::ApplyMigrations;
use crate::model::error::Result;
use crate::store::{Migrate, StoreOptions};

impl StoreOptions {
    /// Applies the pending migrations before the store is opened.
    ///
    /// It is the only way to migrate a database in memory. For other databases the role of the URL must be allowed to
    /// change the schema.
    #[must_use]
    pub fn migrate<H: History>(mut self) -> Self {
        self.hooks.migrate = Some(Migrate {
            apply: apply_all::<H>,
            before_opening,
        });
        self
    }
}

fn apply_all<H: History>(db: &DatabaseConnection) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        apply::<H>(db).await?;
        Ok(())
    })
}

fn before_opening<'a>(
    url: &'a str,
    schemas: &'a [String],
    migrate: ApplyMigrations,
) -> BoxFuture<'a, Result<()>> {
    #[cfg(feature = "postgres")]
    let schemas = crate::driver::postgres::listed(schemas);
    #[cfg(not(feature = "postgres"))]
    let schemas = schemas.join(", ");
    Box::pin(async move {
        let options = ConnectOptions {
            schema: Some(&schemas),
            ..ConnectOptions::default()
        };
        with_connection(url, options, migrate).await?
    })
}
