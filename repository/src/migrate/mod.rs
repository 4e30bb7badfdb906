//! Migrations.

use std::pin::Pin;

use sea_orm::DatabaseConnection;
use sea_orm_migration::MigratorTrait;

use crate::error::{Error, Result};

/// Applies the pending migrations of one migrator.
pub(crate) type Run =
    for<'c> fn(&'c DatabaseConnection) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'c>>;

pub(crate) fn run<M: MigratorTrait>(
    db: &DatabaseConnection,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
    Box::pin(async move { M::up(db, None).await.map_err(Error::from) })
}
