use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm_migration::{
    MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr},
};

/// Makes one table, with a row that says that the migration ran.
pub struct Migrator;

struct MakeNotes;

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// How often this process has migrated a database.
pub fn runs() -> usize {
    RUNS.load(Ordering::Relaxed)
}

impl MigrationName for MakeNotes {
    fn name(&self) -> &str {
        "m20260101_000000_make_notes"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait is declared so, and async-trait would make a written lifetime another one"
)]
#[async_trait::async_trait]
impl MigrationTrait for MakeNotes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        let connection = manager.get_connection();
        let statements = [
            "CREATE TABLE notes (body text NOT NULL)",
            "INSERT INTO notes (body) VALUES ('from the migration')",
        ];
        for statement in statements {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(MakeNotes)]
    }
}

pub async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    Database::connect(url).await
}

pub async fn add(connection: &DatabaseConnection, body: &str) -> Result<(), DbErr> {
    let sql = format!("INSERT INTO notes (body) VALUES ('{body}')");
    connection.execute_unprepared(&sql).await.map(drop)
}

pub async fn bodies(connection: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    texts(connection, "SELECT body AS text FROM notes ORDER BY body").await
}

/// The column `text` of every row.
pub async fn texts(connection: &DatabaseConnection, sql: &str) -> Result<Vec<String>, DbErr> {
    let rows = connection.query_all_raw(sea_orm::Statement::from_string(
        connection.get_database_backend(),
        sql,
    ));
    rows.await?
        .iter()
        .map(|row| row.try_get("", "text"))
        .collect()
}
