//! A history as a SeaORM migrator.

use std::{fmt, marker::PhantomData};

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DbErr, DynIden,
    sea_query::{Alias, IntoIden},
};
use sea_orm_migration::{IntoSchemaManagerConnection, Migration, MigrationTrait, MigratorTrait};

use super::{History, TwinMigration, adapter::adapted, applied, batch::Batch, runner::run};

/// A [`History`] as a SeaORM migrator, for every interface that accepts a `MigratorTrait`.
///
/// Unlike SeaORM's own, `up`, `down`, `fresh`, `refresh` and `reset` each run as one locked, atomic batch on both
/// engines. A migration [outside of a transaction](super::Script::outside_transaction) splits its batch. `status` and the
/// methods that list migrations create no table. They fail if the database has migrations that the history lacks;
/// [`Error::from`](crate::Error) makes `SchemaDiffers` of that error.
/// `fresh` drops everything of the application in the database, on Postgres what the role owns in the schemas of the
/// search path, and nothing of others.
///
/// Given a pool, a batch runs in a transaction of its own, on SQLite over a connection of its own. Given a transaction,
/// it runs inside it. Then the caller commits, and must roll back after an error. On SQLite the caller must turn
/// foreign keys off before the transaction begins.
pub struct Migrator<H>(PhantomData<fn() -> H>);

impl<H> Migrator<H> {
    /// The migrator as a value, for interfaces that require one.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<H> Default for Migrator<H> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H> fmt::Debug for Migrator<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Migrator")
    }
}

/// A migrator is also a history, so that `up::<Migrator>(url)` compiles.
impl<H: History> History for Migrator<H> {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        H::migrations()
    }

    fn table() -> &'static str {
        H::table()
    }
}

/// A history as a SeaORM migrator with SeaORM's own methods, which only reads.
struct Status<H>(PhantomData<H>);

impl<H: History> MigratorTrait for Status<H> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        adapted::<H>()
    }

    fn migration_table_name() -> DynIden {
        Alias::new(H::table()).into_iden()
    }
}

#[async_trait]
impl<H: History> MigratorTrait for Migrator<H> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        adapted::<H>()
    }

    fn migration_table_name() -> DynIden {
        Alias::new(H::table()).into_iden()
    }

    async fn get_migration_with_status_read_only<C>(db: &C) -> Result<Vec<Migration>, DbErr>
    where
        C: ConnectionTrait,
    {
        // SeaORM's error for a migration that the history lacks has no kind.
        applied::names::<H, _>(db).await?;
        Status::<H>::get_migration_with_status_read_only(db).await
    }

    async fn get_migration_with_status<C>(db: &C) -> Result<Vec<Migration>, DbErr>
    where
        C: ConnectionTrait,
    {
        Self::get_migration_with_status_read_only(db).await
    }

    async fn get_pending_migrations<C>(db: &C) -> Result<Vec<Migration>, DbErr>
    where
        C: ConnectionTrait,
    {
        Self::get_pending_migrations_read_only(db).await
    }

    async fn get_applied_migrations<C>(db: &C) -> Result<Vec<Migration>, DbErr>
    where
        C: ConnectionTrait,
    {
        Self::get_applied_migrations_read_only(db).await
    }

    async fn status<C>(db: &C) -> Result<(), DbErr>
    where
        C: ConnectionTrait,
    {
        Ok(applied::status::<H, _>(db).await?)
    }

    async fn fresh<'c, C>(db: C) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        run::<H>(db.into_database_executor(), Batch::Fresh).await?;
        Ok(())
    }

    async fn refresh<'c, C>(db: C) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        run::<H>(db.into_database_executor(), Batch::Refresh).await?;
        Ok(())
    }

    async fn reset<'c, C>(db: C) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        run::<H>(db.into_database_executor(), Batch::Reset).await?;
        Ok(())
    }

    async fn up<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        run::<H>(db.into_database_executor(), Batch::Up { steps }).await?;
        Ok(())
    }

    async fn down<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        run::<H>(db.into_database_executor(), Batch::Down { steps }).await?;
        Ok(())
    }
}
