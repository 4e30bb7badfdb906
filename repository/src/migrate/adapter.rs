//! Adapts twin migrations to SeaORM's trait `MigrationTrait`.

use std::marker::PhantomData;

use async_trait::async_trait;
use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use super::{
    Direction, History, MigrateError, TwinMigration, guard::execute, history::Step,
    table::HistoryTable,
};
use crate::model::engine::Engine;

/// The migrations of a history, for SeaORM's interfaces.
pub(super) fn adapted<H: History>() -> Vec<Box<dyn MigrationTrait>> {
    H::migrations()
        .into_iter()
        .map(|migration| Box::new(Adapter::<H>(migration, PhantomData)) as Box<dyn MigrationTrait>)
        .collect()
}

/// A twin migration as a SeaORM migration, for tools that run migrations one by one.
struct Adapter<H>(Box<dyn TwinMigration>, PhantomData<fn() -> H>);

impl<H: History> Adapter<H> {
    fn step(&self, manager: &SchemaManager<'_>) -> Result<Step, MigrateError> {
        let table = HistoryTable::of::<H>()?;
        Step::of(self.0.as_ref(), engine(manager)?, table)
    }
}

/// Runs a script in the transaction that SeaORM has begun.
async fn run(manager: &SchemaManager<'_>, step: &Step, direction: Direction) -> Result<(), DbErr> {
    let read = step.script(direction);
    if read.script.is_outside_transaction() {
        let migration = step.name.to_owned();
        return Err(MigrateError::InCallersTransaction { migration }.into());
    }
    let connection = manager.get_connection();
    Ok(execute(connection, step.name, direction, &read.texts).await?)
}

fn engine(manager: &SchemaManager<'_>) -> Result<Engine, MigrateError> {
    let backend = manager.get_database_backend();
    Engine::of_backend(backend).ok_or(MigrateError::UnsupportedConnection {
        backend: backend.as_str(),
    })
}

impl<H: History> MigrationName for Adapter<H> {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "with the lifetime written out, async_trait expands to a signature that differs from the trait's"
)]
#[async_trait]
impl<H: History> MigrationTrait for Adapter<H> {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &self.step(manager)?, Direction::Up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &self.step(manager)?, Direction::Down).await
    }

    /// By default SeaORM uses no transaction on SQLite, so a failed migration would stay half applied.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
