//! Up, down and up again lead to the same schema, and `plan` prints it.

use crate::support::{self, migrations};
use catamaran::Engine;
use catamaran::migrate::{Plan, pending, up};
use migration::{History, Migrator};
use sea_orm_migration::MigratorTrait;

async fn up_down_up(url: &str) {
    let report = up::<History>(url).await.expect("the first up");
    assert_eq!(report.applied.len(), migrations());
    assert!(up::<Migrator>(url).await.expect("the second up").is_empty());
    assert_eq!(pending::<History>(url).await.expect("pending"), [""; 0]);

    let db = support::connect(url).await;
    let first = support::schema(&db).await;
    assert!(
        first
            .iter()
            .any(|line| line.contains("uq_habit_entries__user_id_habit_id_date"))
    );

    // One step at a time, so that every `down` meets the schema that its own `up` left.
    for step in 0..migrations() {
        let before = support::schema(&db).await;
        Migrator::down(&db, Some(1)).await.expect("down");
        let after = support::schema(&db).await;
        Migrator::up(&db, Some(1)).await.expect("up again");
        assert_eq!(support::schema(&db).await, before, "step {step}");
        Migrator::down(&db, Some(1)).await.expect("down again");
        assert_eq!(support::schema(&db).await, after, "step {step}");
    }
    let bare = support::schema(&db).await;
    assert!(
        !bare
            .iter()
            .any(|line| line.contains("habit") || line.contains("catamaran_app")),
        "{bare:#?}"
    );
    let all = pending::<History>(url).await.expect("pending");
    assert_eq!(all.len(), migrations());

    Migrator::up(&db, None).await.expect("up");
    assert_eq!(support::schema(&db).await, first);
    Migrator::refresh(&db).await.expect("refresh");
    assert_eq!(support::schema(&db).await, first);
    Migrator::fresh(&db).await.expect("fresh");
    assert_eq!(support::schema(&db).await, first);
    Migrator::reset(&db).await.expect("reset");
    assert!(
        !support::schema(&db)
            .await
            .iter()
            .any(|line| line.contains("seaql"))
    );
}

#[tokio::test]
async fn sqlite_up_down_up_leads_to_the_same_schema() {
    let file = support::SqliteFile::new();
    up_down_up(&file.url()).await;
}

#[tokio::test]
async fn postgres_up_down_up_leads_to_the_same_schema() {
    let database = support::PostgresDatabase::new().await;
    up_down_up(&database.url()).await;
}

#[tokio::test]
async fn postgres_migrates_a_schema_that_is_not_public() {
    let database = support::PostgresDatabase::new().await;
    let db = support::connect(&database.url()).await;
    support::run(&db, "CREATE SCHEMA tenant1").await;
    up::<History>(&database.url()).await.expect("public");
    let public = support::schema(&db).await;

    support::run(&db, "SET search_path = tenant1").await;
    Migrator::up(&db, None).await.expect("tenant1");
    let tenant: Vec<String> = support::schema(&db)
        .await
        .iter()
        .map(|line| line.replace("tenant1.", "public."))
        .collect();
    let tables = |lines: &[String]| -> Vec<String> {
        lines
            .iter()
            .filter(|line| !line.starts_with("schema "))
            .cloned()
            .collect()
    };
    assert_eq!(tables(&tenant), tables(&public));

    Migrator::fresh(&db).await.expect("fresh tenant1");
    support::run(&db, "SET search_path = public").await;
    assert_eq!(
        support::schema(&db).await,
        public,
        "fresh touches its own schema only"
    );
}

#[test]
fn the_plan_matches_its_snapshot() {
    for engine in Engine::ALL {
        let plan = Plan::of::<History>(engine).expect("a sound history");
        insta::assert_snapshot!(format!("plan_{engine}"), plan);
    }
}

#[tokio::test]
async fn the_plan_of_a_migrated_database_is_empty() {
    let file = support::SqliteFile::new();
    let before = Plan::pending::<History>(&file.url()).await.expect("plan");
    assert_eq!(before.names().count(), migrations());
    assert!(
        !std::path::Path::new(&file.path()).exists(),
        "asking creates nothing"
    );
    up::<History>(&file.url()).await.expect("up");
    let after = Plan::pending::<History>(&file.url()).await.expect("plan");
    assert_eq!(after.names().count(), 0);
}
