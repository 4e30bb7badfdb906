//! DOMAIN changed, and nothing else: both migrated databases, and the code where it can know, disagree.

mod constraints;
mod record;
mod tables;

use catamaran::domain::{Domain, Table as DomainTable};
use entity::domain::{DEVICES, HABIT_ENTRIES, HABITS, OUTBOX, REMINDERS};
use suite::schema_sync::Place::{self, PostgresDatabase, SqliteDatabase};
use suite::schema_sync::{Finding, read_postgres, read_sqlite};

use crate::case::{Expected, assert_all};
use crate::reference;

/// The table as DOMAIN would have it, and what is said where.
type Case = (&'static str, DomainTable, &'static [(Place, Expected)]);

const CASES: [&[Case]; 2] = [tables::CASES, constraints::CASES];

#[tokio::test]
async fn a_drift_of_domain_is_found_in_every_place_that_disagrees() {
    let sqlite = reference::migrated_sqlite().await;
    let sqlite = read_sqlite(&sqlite.connection).await.expect("the schema");
    let postgres = reference::migrated_postgres().await;
    let postgres = read_postgres(&postgres.connection)
        .await
        .expect("the schema");
    let mut outcomes = Vec::new();
    for (drift, changed, expected) in CASES.into_iter().flatten() {
        let mut sync = reference::sync();
        sync.domain = with(*changed);
        let mut findings: Vec<Finding> = sync.check_code();
        findings.extend(sync.check(SqliteDatabase, &sqlite));
        findings.extend(sync.check(PostgresDatabase, &postgres));
        for (place, expected) in *expected {
            outcomes.push(((*drift).to_owned(), expected.among(*place, &findings)));
        }
    }
    assert_all(outcomes);
}

/// DOMAIN with one table changed. A renamed one is known by its primary key.
fn with(changed: DomainTable) -> &'static Domain {
    let tables = [HABITS, HABIT_ENTRIES, REMINDERS, DEVICES, OUTBOX].map(|table| {
        let same = table.primary_key.name == changed.primary_key.name;
        if same { changed } else { table }
    });
    let tables = Box::leak(Box::new(tables));
    Box::leak(Box::new(Domain { tables }))
}
