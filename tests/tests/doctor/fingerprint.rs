//! An application refuses to run on a schema that it was not built for.

use catamaran::doctor::Fingerprint;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Result, Store, StoreOptions};
use migration::Migrator;
use suite::login::Role;
use suite::raw;

async fn open(url: &str) -> Result<Store> {
    let fingerprint = Fingerprint::of::<Migrator>(&entity::DOMAIN);
    StoreOptions::new(url).fingerprint(fingerprint).open().await
}

/// Why the store does not open.
async fn refused(db: &TwinDatabase) -> String {
    let error = open(db.url()).await.expect_err("another schema");
    match error.kind() {
        ErrorKind::SchemaDiffers { reason } => reason.clone(),
        other => panic!("{other:?}"),
    }
}

#[twin_test(Migrator)]
async fn a_migrated_database_has_the_fingerprint_of_the_code(db: &TwinDatabase) -> Result<()> {
    open(db.url()).await?;
    Ok(())
}

#[twin_test(Migrator)]
async fn a_schema_that_was_changed_by_hand_is_refused(db: &TwinDatabase) -> Result<()> {
    raw::execute(db.store(), "CREATE INDEX ix_habits__name ON habits (name)").await?;
    let reason = refused(db).await;
    assert!(reason.contains("changed by other means"), "{reason}");
    raw::execute(db.store(), "DROP INDEX ix_habits__name").await?;
    open(db.url()).await?;
    Ok(())
}

#[twin_test(Migrator)]
async fn a_migration_that_is_missing_or_unknown_is_named(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    raw::execute(store, "DROP TABLE catamaran_operation_keys").await?;
    let last = "m20261122_000008_operation_keys";
    let forget = format!("DELETE FROM seaql_migrations WHERE version = '{last}'");
    raw::execute(store, &forget).await?;
    assert_eq!(refused(db).await, format!("it lacks {last}"));
    let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2999_later', 0)";
    raw::execute(store, later).await?;
    assert_eq!(
        refused(db).await,
        format!("it lacks {last}, and has m2999_later, which the application does not know")
    );
    Ok(())
}

#[twin_test(Migrator)]
async fn a_weaker_policy_is_refused_and_a_plain_role_may_look(db: &TwinDatabase) -> Result<()> {
    if db.engine() == Engine::Sqlite {
        // Which has neither.
        return Ok(());
    }
    let role = Role::member(db).await;
    open(&role.url()).await?;
    raw::execute(
        db.store(),
        "ALTER POLICY owner_habits ON habits USING (true)",
    )
    .await?;
    let error = open(&role.url()).await.expect_err("another schema");
    assert!(
        matches!(error.kind(), ErrorKind::SchemaDiffers { .. }),
        "{error:?}"
    );
    Ok(())
}

#[test]
fn a_fingerprint_is_a_text_too() {
    let fingerprint = Fingerprint::of::<Migrator>(&entity::DOMAIN);
    assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint.clone()));
    assert_ne!(
        fingerprint.on(Engine::Sqlite),
        fingerprint.on(Engine::Postgres)
    );
    assert_eq!(fingerprint.on(Engine::Sqlite).len(), 64);
    assert!("sqlite".parse::<Fingerprint>().is_err());
}
