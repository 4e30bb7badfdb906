//! The migrations that run when a store is opened.

use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;

use super::{ConnectOptions, History, apply, connect::up_at};
use crate::driver::DatabaseUrl;
use crate::model::error::Result;
use crate::store::{Migrate, StoreOptions};

impl StoreOptions {
    /// Applies the pending migrations before the store is opened.
    ///
    /// It is the only way to migrate a database in memory. For other databases the role of the URL must be allowed to
    /// change the schema.
    ///
    /// Opening fails with [`SchemaDiffers`](crate::ErrorKind::SchemaDiffers) if the database has migrations that the
    /// history lacks, and with [`Migration`](crate::ErrorKind::Migration) if one fails. A
    /// [`history_table`](Self::history_table) is not needed; another one than that of the history is refused.
    #[must_use]
    pub fn migrate<H: History>(mut self) -> Self {
        self.hooks.migrate = Some(Migrate {
            table: H::table(),
            apply: apply_all::<H>,
            before_opening: before_opening::<H>,
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

fn before_opening<'a, H: History>(
    url: &'a DatabaseUrl,
    schemas: &'a [String],
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
        up_at::<H>(url, options).await?;
        Ok(())
    })
}
