//! Drift of a really migrated Postgres database.

mod columns;
mod guard;
mod keys;

use sea_orm::{ConnectionTrait, DatabaseConnection};
use suite::schema_sync::{Finding, Mend, Place, read_postgres, report};

use crate::case::{Expected, assert_all};
use crate::reference;

/// What is done to the database, and what must be found. Every mend of these is SQL.
const CASES: [&[(&str, Expected)]; 3] = [columns::CASES, guard::CASES, keys::CASES];

/// Mends that leave something for a person: what was lost has parts that one finding cannot bring back.
const NOT_WHOLE: [&str; 2] = [
    // Nobody knows that it was only renamed.
    "ALTER TABLE habits RENAME COLUMN cadence TO rhythm",
    "DROP TABLE devices",
];

#[tokio::test]
async fn a_drift_of_the_postgres_database_is_found_and_its_mend_mends_it() {
    let database = reference::migrated_postgres().await;
    let db = &database.connection;
    assert!(findings(db).await.is_empty());
    let mut outcomes = Vec::new();
    for (drift, expected) in CASES.into_iter().flatten() {
        run(db, "BEGIN").await.expect("a transaction");
        outcomes.push((
            (*drift).to_owned(),
            found_and_mended(db, drift, expected).await,
        ));
        run(db, "ROLLBACK").await.expect("a transaction that ends");
    }
    assert!(findings(db).await.is_empty(), "the drifts were rolled back");
    assert_all(outcomes);
}

async fn found_and_mended(
    db: &DatabaseConnection,
    drift: &str,
    expected: &Expected,
) -> Result<(), String> {
    run(db, drift).await?;
    let found = findings(db).await;
    expected.among(Place::PostgresDatabase, &found)?;
    if NOT_WHOLE.contains(&drift) {
        return Ok(());
    }
    for statement in statements(&found)? {
        run(db, &statement).await?;
    }
    let left = findings(db).await;
    match left.is_empty() {
        true => Ok(()),
        false => Err(format!("mended, and still {}", report(&left))),
    }
}

async fn findings(db: &DatabaseConnection) -> Vec<Finding> {
    let schema = read_postgres(db).await.expect("the schema");
    reference::sync().check(Place::PostgresDatabase, &schema)
}

/// The mends, each once: two findings about one index have the same.
fn statements(findings: &[Finding]) -> Result<Vec<String>, String> {
    let mut all: Vec<String> = Vec::new();
    for finding in findings {
        let Mend::Sql(statements) = &finding.mend else {
            return Err(format!("no SQL mends this: {finding}"));
        };
        for statement in statements {
            if !all.contains(statement) {
                all.push(statement.clone());
            }
        }
    }
    Ok(all)
}

async fn run(db: &DatabaseConnection, sql: &str) -> Result<(), String> {
    let done = db.execute_unprepared(sql).await;
    done.map(drop).map_err(|error| format!("{sql}: {error}"))
}
