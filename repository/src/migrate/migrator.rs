use std::{fmt, marker::PhantomData};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{
    IntoSchemaManagerConnection, Migration, MigrationName, MigrationTrait, MigratorTrait,
    SchemaManager,
};
use tracing::info;

use crate::model::engine::Engine;

use super::{History, MigrateError, TwinMigration, batch::Batch, history::Step, runner::run};

/// A [`History`] as a SeaORM migrator: everything that takes a `MigratorTrait` takes it.
///
/// `up`, `down`, `fresh`, `refresh` and `reset` are each one locked, atomic batch on both engines, unlike
/// SeaORM's own, and `status` and its relatives read without creating SeaORM's table. Given a pool, they use a
/// transaction of their own (on SQLite over a connection of their own). Given a transaction, they run inside it:
/// the caller commits, must roll back after an error, and on SQLite must have turned foreign keys off before it.
pub struct Migrator<H>(PhantomData<fn() -> H>);

impl<H> Migrator<H> {
    /// The migrator as a value, for interfaces that ask for one.
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

/// A migrator is also the history that it runs, so that `up::<Migrator>(url)` reads as it should.
impl<H: History> History for Migrator<H> {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        H::migrations()
    }
}

#[async_trait]
impl<H: History> MigratorTrait for Migrator<H> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        H::migrations()
            .into_iter()
            .map(|migration| Box::new(Adapter(migration)) as Box<dyn MigrationTrait>)
            .collect()
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
        info!("Checking migration status");
        for migration in Self::get_migration_with_status_read_only(db).await? {
            info!("Migration '{}'... {}", migration.name(), migration.status());
        }
        Ok(())
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

/// A twin migration behind SeaORM's trait, for tools that run migrations one by one.
struct Adapter(Box<dyn TwinMigration>);

impl Adapter {
    fn step(&self, manager: &SchemaManager<'_>) -> Result<Step, MigrateError> {
        let backend = manager.get_database_backend();
        Engine::of_backend(backend)
            .map(|engine| Step::of(self.0.as_ref(), engine))
            .ok_or(MigrateError::UnsupportedConnection {
                backend: backend.as_str(),
            })
    }
}

impl MigrationName for Adapter {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait gives the trait's signature, which elides it, another shape"
)]
#[async_trait]
impl MigrationTrait for Adapter {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in self.step(manager)?.up.statements() {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in self.step(manager)?.down.statements() {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }

    /// SeaORM's default is none on SQLite, which leaves half a migration behind when one fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
