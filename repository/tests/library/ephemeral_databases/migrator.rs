use std::sync::atomic::{AtomicBool, Ordering};

use catamaran::migrate::{History, Script, TwinMigration};
use sea_orm_migration::sea_orm::{self, ConnectionTrait, Database, DatabaseConnection, DbErr};

/// Makes one table, with a row that says that the migration ran.
pub struct Migrator;

struct MakeNotes;

static MIGRATED: AtomicBool = AtomicBool::new(false);

/// Whether this process has asked for the migration's statements, as it does to migrate a template.
pub fn has_migrated() -> bool {
    MIGRATED.load(Ordering::Relaxed)
}

fn up() -> Script {
    MIGRATED.store(true, Ordering::Relaxed);
    Script::new()
        .sql("CREATE TABLE notes (body text NOT NULL)")
        .sql("INSERT INTO notes (body) VALUES ('from the migration')")
}

impl TwinMigration for MakeNotes {
    fn name(&self) -> &'static str {
        "m20260101_000000_make_notes"
    }

    fn sqlite_up(&self) -> Script {
        up()
    }

    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE notes")
    }

    fn postgres_up(&self) -> Script {
        up()
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("DROP TABLE notes")
    }
}

impl History for Migrator {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
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
