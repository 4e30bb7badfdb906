//! The record of applied migrations, in SeaORM's own table.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use sea_orm_migration::{MigrationStatus, MigrationTrait, MigratorTrait, seaql_migrations};

use crate::model::clock::{Clock, SystemClock};

use super::{History, adapter::adapted};

/// A history as a SeaORM migrator that only reads which migrations are applied.
struct Status<H>(PhantomData<H>);

impl<H: History> MigratorTrait for Status<H> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        adapted::<H>()
    }
}

/// The names of the applied migrations; empty if the database was never migrated.
///
/// Creates nothing. Fails with SeaORM's message if the database has a migration that the history lacks.
pub(super) async fn names<H: History, C: ConnectionTrait>(
    db: &C,
) -> Result<BTreeSet<String>, DbErr> {
    Ok(Status::<H>::get_migration_with_status_read_only(db)
        .await?
        .into_iter()
        .filter(|migration| migration.status() == MigrationStatus::Applied)
        .map(|migration| migration.name().to_owned())
        .collect())
}

/// Records a migration as applied.
pub(super) async fn record<C: ConnectionTrait>(db: &C, name: &str) -> Result<(), DbErr> {
    let row = seaql_migrations::ActiveModel {
        version: ActiveValue::Set(name.to_owned()),
        applied_at: ActiveValue::Set(SystemClock.now().timestamp()),
    };
    seaql_migrations::Entity::insert(row)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Deletes the record of a migration.
pub(super) async fn delete<C: ConnectionTrait>(db: &C, name: &str) -> Result<(), DbErr> {
    seaql_migrations::Entity::delete_many()
        .filter(seaql_migrations::Column::Version.eq(name))
        .exec(db)
        .await?;
    Ok(())
}
