//! Drift of a really migrated SQLite database.

mod columns;
mod constraints;
mod indexes;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use suite::schema_sync::{Finding, Mend, Place, read_sqlite, report};

use crate::case::{Expected, assert_all};
use crate::reference;

/// What is done to the database.
enum Drift {
    /// A statement.
    Sql(&'static str),
    /// The table is made again with a part of its CREATE TABLE replaced, as a careless migration would.
    Rebuilt(&'static str, &'static str, &'static str),
}

use Drift::{Rebuilt, Sql};

const CASES: [&[(Drift, Expected)]; 3] = [columns::CASES, indexes::CASES, constraints::CASES];

#[tokio::test]
async fn a_drift_of_the_sqlite_database_is_found_and_its_mend_mends_it() {
    let database = reference::migrated_sqlite().await;
    let db = &database.connection;
    assert!(findings(db).await.is_empty());
    // A rebuilt parent must not take its children with it.
    run(db, "PRAGMA foreign_keys = OFF")
        .await
        .expect("a setting");
    let mut outcomes = Vec::new();
    for (drift, expected) in CASES.into_iter().flatten() {
        run(db, "BEGIN").await.expect("a transaction");
        let name = match drift {
            Sql(sql) => (*sql).to_owned(),
            Rebuilt(table, from, to) => format!("{table}: {from} -> {to}"),
        };
        outcomes.push((name, found_and_mended(db, drift, expected).await));
        run(db, "ROLLBACK").await.expect("a transaction that ends");
    }
    assert!(findings(db).await.is_empty(), "the drifts were rolled back");
    assert_all(outcomes);
}

/// Found; and mended, where SQLite has statements for that.
async fn found_and_mended(
    db: &DatabaseConnection,
    drift: &Drift,
    expected: &Expected,
) -> Result<(), String> {
    match drift {
        Sql(sql) => run(db, sql).await?,
        Rebuilt(table, from, to) => rebuild(db, table, from, to).await?,
    }
    let found = findings(db).await;
    expected.among(Place::SqliteDatabase, &found)?;
    let mut mends: Vec<&Vec<String>> = Vec::new();
    for finding in &found {
        match &finding.mend {
            Mend::Sql(statements) if mends.contains(&statements) => {}
            Mend::Sql(statements) => mends.push(statements),
            Mend::Words(_) => return Ok(()),
        }
    }
    for statement in mends.into_iter().flatten() {
        run(db, statement).await?;
    }
    let left = findings(db).await;
    match left.is_empty() {
        true => Ok(()),
        false => Err(format!("mended, and still {}", report(&left))),
    }
}

async fn findings(db: &DatabaseConnection) -> Vec<Finding> {
    let schema = read_sqlite(db).await.expect("the schema");
    reference::sync().check(Place::SqliteDatabase, &schema)
}

async fn rebuild(db: &DatabaseConnection, table: &str, from: &str, to: &str) -> Result<(), String> {
    let sql = format!(
        "SELECT sql FROM sqlite_master WHERE tbl_name = '{table}' AND sql IS NOT NULL ORDER BY type DESC"
    );
    let rows = db
        .query_all_raw(Statement::from_string(DbBackend::Sqlite, sql))
        .await;
    let rows = rows.map_err(|error| error.to_string())?;
    run(db, &format!("DROP TABLE {table}")).await?;
    for (place, row) in rows.iter().enumerate() {
        let sql: String = row.try_get_by_index(0).map_err(|error| error.to_string())?;
        match place {
            0 if !sql.contains(from) => return Err(format!("no {from:?} in {sql}")),
            0 => run(db, &sql.replacen(from, to, 1)).await?,
            _ => run(db, &sql).await?,
        }
    }
    Ok(())
}

async fn run(db: &DatabaseConnection, sql: &str) -> Result<(), String> {
    let done = db.execute_unprepared(sql).await;
    done.map(drop).map_err(|error| format!("{sql}: {error}"))
}
