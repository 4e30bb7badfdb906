//! Adapts twin migrations to SeaORM's trait `MigrationTrait`.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use super::{History, MigrateError, TwinMigration, history::Step};
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
    reason = "with the lifetime written out, async_trait expands to a signature that differs from the trait's"
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

    /// By default SeaORM uses no transaction on SQLite, so a failed migration would stay half applied.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
