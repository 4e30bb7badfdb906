//! Migrations that run outside of a transaction.

mod batches;
mod between;
mod indexes;
mod killed;
mod once;
mod recorded_otherwise;
mod sqlite_files;
mod unfinished;

use catamaran::migrate::Script;

use crate::support::{connect, texts};

/// A statement that no transaction may contain.
fn alone(url: &str) -> &'static str {
    match url.starts_with("sqlite") {
        true => "VACUUM",
        false => "CREATE INDEX CONCURRENTLY ix_a__x ON a (x)",
    }
}

fn table(name: &'static str) -> Script {
    Script::new().sql(format!("CREATE TABLE {name} (x int)"))
}

/// The tables, except the one of the checksums.
async fn tables(url: &str) -> Vec<String> {
    let sql = match url.starts_with("sqlite") {
        true => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1",
        false => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
        }
    };
    let mut tables = texts(&connect(url).await, sql).await;
    tables.retain(|table| table != "seaql_migrations_checksums");
    tables
}

async fn recorded(url: &str) -> Vec<String> {
    texts(
        &connect(url).await,
        "SELECT version FROM seaql_migrations ORDER BY 1",
    )
    .await
}
