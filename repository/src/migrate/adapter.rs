//! Adapts twin migrations to SeaORM's trait `MigrationTrait`.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use super::{
    History, MigrateError, TwinMigration,
    guard::{prepared, statement_failed},
    history::{DOWN, Step, UP},
};
use crate::model::engine::Engine;

/// The migrations of a history, for SeaORM's interfaces.
pub(super) fn adapted<H: History>() -> Vec<Box<dyn MigrationTrait>> {
    H::migrations()
        .into_iter()
        .map(|migration| Box::new(Adapter(migration)) as Box<dyn MigrationTrait>)
        .collect()
}

/// A twin migration as a SeaORM migration, for tools that run migrations one by one.
struct Adapter(Box<dyn TwinMigration>);

impl Adapter {
    fn step(&self, manager: &SchemaManager<'_>) -> Result<Step, MigrateError> {
        Ok(Step::of(self.0.as_ref(), engine(manager)?))
    }
}

/// Runs a script in the transaction that SeaORM has begun.
async fn run(
    manager: &SchemaManager<'_>,
    step: &Step,
    direction: &'static str,
) -> Result<(), DbErr> {
    let script = match direction {
        UP => &step.up,
        _ => &step.down,
    };
    if script.is_outside_transaction() {
        let migration = step.name;
        return Err(MigrateError::InCallersTransaction { migration }.into());
    }
    let engine = engine(manager)?;
    for text in prepared(engine, step.name, direction, script)? {
        let failed = |source| statement_failed(step.name, direction, &text, source);
        let connection = manager.get_connection();
        connection
            .execute_unprepared(&text.sql)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

fn engine(manager: &SchemaManager<'_>) -> Result<Engine, MigrateError> {
    let backend = manager.get_database_backend();
    Engine::of_backend(backend).ok_or(MigrateError::UnsupportedConnection {
        backend: backend.as_str(),
    })
}

impl MigrationName for Adapter {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "with the lifetime written out, async_trait expands to a signature that differs from the trait's"
)]
#[async_trait]
impl MigrationTrait for Adapter {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &self.step(manager)?, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &self.step(manager)?, DOWN).await
    }

    /// By default SeaORM uses no transaction on SQLite, so a failed migration would stay half applied.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
