//! Twin migrations behind SeaORM's trait.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use super::{History, MigrateError, TwinMigration, history::Step};
use crate::model::engine::Engine;

/// The migrations of a history, as SeaORM takes them.
pub(super) fn adapted<H: History>() -> Vec<Box<dyn MigrationTrait>> {
    H::migrations()
        .into_iter()
        .map(|migration| Box::new(Adapter(migration)) as Box<dyn MigrationTrait>)
        .collect()
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
