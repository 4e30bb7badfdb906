use std::collections::BTreeSet;
use std::marker::PhantomData;

use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use sea_orm_migration::{MigrationStatus, MigrationTrait, MigratorTrait, seaql_migrations};

use crate::model::clock::{Clock, SystemClock};

use super::{History, adapter::adapted};

/// A history as SeaORM reads it: it is asked what is applied, and runs nothing.
struct Listed<H>(PhantomData<H>);

impl<H: History> MigratorTrait for Listed<H> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        adapted::<H>()
    }
}

/// The names of the migrations that the database has; an empty set when it was never migrated.
///
/// Creates nothing. Fails with SeaORM's message when the database has a migration that the history lacks.
pub(super) async fn names<H: History, C: ConnectionTrait>(
    db: &C,
) -> Result<BTreeSet<String>, DbErr> {
    Ok(Listed::<H>::get_migration_with_status_read_only(db)
        .await?
        .into_iter()
        .filter(|migration| migration.status() == MigrationStatus::Applied)
        .map(|migration| migration.name().to_owned())
        .collect())
}

/// Records a migration as applied, in SeaORM's own table.
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

/// Takes the record of a migration back.
pub(super) async fn forget<C: ConnectionTrait>(db: &C, name: &str) -> Result<(), DbErr> {
    seaql_migrations::Entity::delete_many()
        .filter(seaql_migrations::Column::Version.eq(name))
        .exec(db)
        .await?;
    Ok(())
}
