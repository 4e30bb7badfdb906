//! Whether DOMAIN, the records, both entity sets and both migrated databases say the same, and whether a
//! drift of any of them is found.

mod case;
mod domain_drift;
mod entity_drift;
mod postgres_drift;
mod reference;
mod sqlite_drift;

use suite::schema_sync::{Place, read_postgres, read_sqlite, report};

#[tokio::test]
async fn the_reference_domain_is_in_sync() {
    let sync = reference::sync();
    let mut findings = sync.check_code();
    let sqlite = reference::migrated_sqlite().await;
    let schema = read_sqlite(&sqlite.connection).await.expect("the schema");
    findings.extend(sync.check(Place::SqliteDatabase, &schema));
    let postgres = reference::migrated_postgres().await;
    let schema = read_postgres(&postgres.connection)
        .await
        .expect("the schema");
    findings.extend(sync.check(Place::PostgresDatabase, &schema));
    assert!(findings.is_empty(), "{}", report(&findings));
}
