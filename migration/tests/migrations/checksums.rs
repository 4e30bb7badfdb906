//! What was applied is recorded with the checksum of its text, beside what SeaORM's tools read and write.

use catamaran::doctor::{Code, Doctor, Report};
use catamaran::migrate::{History, Migrator, Plan, up};
use catamaran::{Engine, Fingerprint, Scope, StoreOptions};
use sea_orm::{DbErr, sea_query::Table};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

use crate::cli::{migration, succeeds};
use crate::history;
use crate::support::{self, Same, on_both};

const ONE: Same = Same("m1_one", "CREATE TABLE one (id INTEGER)", "DROP TABLE one");
const EDITED: Same = Same(
    "m1_one",
    "CREATE TABLE one (id INTEGER, more INTEGER)",
    "DROP TABLE one",
);
const OTHER_LINES: Same = Same(
    "m1_one",
    "\u{feff}\r\nCREATE TABLE one (id INTEGER);\r\n",
    "DROP TABLE IF EXISTS one",
);
const TWO: Same = Same("m2_two", "CREATE TABLE two (id INTEGER)", "DROP TABLE two");

history!(First: ONE);
history!(Both: ONE, TWO);
history!(BothEdited: EDITED, TWO);
history!(BothInOtherLines: OTHER_LINES, TWO);

/// The migration `m1_one` by SeaORM alone.
struct Plain;

impl MigrationName for Plain {
    fn name(&self) -> &str {
        "m1_one"
    }
}

#[async_trait]
impl MigrationTrait for Plain {
    #[expect(elided_lifetimes_in_paths, reason = "as async_trait expands it")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table("one")
            .col(sea_orm_migration::schema::integer("id"));
        manager.create_table(table).await
    }
    #[expect(elided_lifetimes_in_paths, reason = "as async_trait expands it")]
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("one").take()).await
    }
}

struct Seaorm;

impl MigratorTrait for Seaorm {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Plain)]
    }
}

async fn edited<H: History>(url: &str) -> Vec<String> {
    let report = doctor::<H>(url).await;
    assert!(report.skipped.is_empty(), "{report}");
    let findings = report.findings.iter();
    findings
        .filter(|finding| finding.code == Code::MigrationEdited)
        .map(|finding| finding.name.clone())
        .collect()
}

async fn doctor<H: History>(url: &str) -> Report {
    let doctor = Doctor::new(&entity::DOMAIN)
        .migrations::<H>()
        .without_scratch();
    doctor.database(url).check().await
}

#[tokio::test]
async fn a_checksum_is_recorded_with_each_migration_and_deleted_with_it() {
    on_both(async |url| {
        up::<Both>(url).await.expect("up");
        let db = support::connect(url).await;
        let engine = match url.starts_with("sqlite") {
            true => Engine::Sqlite,
            false => Engine::Postgres,
        };
        let plan = Plan::of::<Both>(engine).expect("a plan");
        let expected = plan.checksums();
        let expected: Vec<String> = expected
            .map(|(name, sum)| format!("{name} {sum}"))
            .collect();
        let all = "SELECT version || ' ' || checksum FROM seaql_migrations_checksums ORDER BY 1";
        assert_eq!(support::texts(&db, all).await, expected);

        Migrator::<Both>::down(&db, Some(1)).await.expect("down");
        assert_eq!(support::texts(&db, all).await, expected[..1]);
        Migrator::<Both>::reset(&db).await.expect("reset");
        assert_eq!(support::tables(&db).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn an_edited_migration_is_a_finding_and_byte_order_mark_line_ends_and_the_way_down_are_none()
{
    on_both(async |url| {
        up::<First>(url).await.expect("up");
        assert_eq!(edited::<First>(url).await, [""; 0]);
        assert_eq!(edited::<BothInOtherLines>(url).await, [""; 0]);
        assert_eq!(edited::<BothEdited>(url).await, ["m1_one"]);
        // `up` still works, and does not change what was recorded.
        let report = up::<BothEdited>(url).await.expect("up");
        assert_eq!(report.applied, ["m2_two"]);
        assert_eq!(edited::<BothEdited>(url).await, ["m1_one"]);
        assert_eq!(edited::<Both>(url).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn the_fix_of_an_edited_migration_accepts_the_later_text() {
    on_both(async |url| {
        up::<First>(url).await.expect("up");
        let report = doctor::<BothEdited>(url).await;
        let mut found = report.findings.iter();
        let found = found.find(|finding| finding.code == Code::MigrationEdited);
        let fix = found.expect("a finding").fix.to_string();
        let sql = &fix[fix.find("UPDATE").expect("a statement")..];
        support::run(&support::connect(url).await, sql.trim()).await;
        assert_eq!(edited::<BothEdited>(url).await, [""; 0]);
        assert_eq!(edited::<Both>(url).await, ["m1_one"]);
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_seaorm_applied_has_no_checksum_and_is_no_finding() {
    on_both(async |url| {
        let db = support::connect(url).await;
        Seaorm::up(&db, None).await.expect("up by SeaORM");
        assert!(up::<First>(url).await.expect("nothing to do").is_empty());
        assert_eq!(support::tables(&db).await, ["one", "seaql_migrations"]);
        assert_eq!(edited::<BothEdited>(url).await, [""; 0]);

        up::<BothEdited>(url).await.expect("up");
        assert_eq!(edited::<Both>(url).await, [""; 0]);
        Migrator::<Both>::down(&db, Some(2))
            .await
            .expect("down of both");
        assert_eq!(
            support::tables(&db).await,
            ["seaql_migrations", "seaql_migrations_checksums"]
        );
    })
    .await;
}

/// All within one second, the resolution of SeaORM's table.
#[tokio::test]
async fn a_checksum_does_not_count_once_seaorm_has_reverted_its_migration() {
    on_both(async |url| {
        let db = support::connect(url).await;
        up::<First>(url).await.expect("up");
        Seaorm::down(&db, None).await.expect("down by SeaORM");
        assert_eq!(edited::<BothEdited>(url).await, [""; 0]);
        Seaorm::up(&db, None).await.expect("up by SeaORM");
        assert_eq!(edited::<BothEdited>(url).await, [""; 0]);
        Seaorm::down(&db, None).await.expect("down by SeaORM");

        up::<BothEdited>(url).await.expect("up");
        assert_eq!(edited::<BothEdited>(url).await, [""; 0]);
        assert_eq!(edited::<Both>(url).await, ["m1_one"]);
        Seaorm::reset(&db).await.expect_err("SeaORM lacks m2");
    })
    .await;
}

#[tokio::test]
async fn a_database_of_an_older_version_is_no_finding_and_gets_a_checksum_for_what_is_applied_next()
{
    on_both(async |url| {
        up::<First>(url).await.expect("up");
        let db = support::connect(url).await;
        support::run(&db, "DROP TABLE seaql_migrations_checksums").await;
        assert_eq!(edited::<BothEdited>(url).await, [""; 0]);
        assert!(up::<First>(url).await.expect("nothing to do").is_empty());
        assert_eq!(
            support::tables(&db).await,
            ["one", "seaql_migrations"],
            "nothing is created"
        );

        up::<Both>(url).await.expect("up");
        let names = "SELECT version FROM seaql_migrations_checksums";
        assert_eq!(support::texts(&db, names).await, ["m2_two"]);
        assert_eq!(edited::<BothEdited>(url).await, [""; 0]);
        // A table that belongs to someone else is not read.
        support::run(&db, "DROP TABLE seaql_migrations_checksums").await;
        support::run(
            &db,
            "CREATE TABLE seaql_migrations_checksums (other INTEGER)",
        )
        .await;
        assert_eq!(edited::<BothEdited>(url).await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_and_up_warn_of_an_edited_migration_and_the_doctor_names_it() {
    on_both(async |url| {
        succeeds(&["up", "-u", url]);
        let clean = succeeds(&["status", "-u", url]);
        assert!(!clean.contains("Warning"), "{clean}");
        let db = support::connect(url).await;
        let edit = "UPDATE seaql_migrations_checksums SET checksum = 'of another text' WHERE version LIKE '%habits'";
        support::run(&db, edit).await;

        let warning = "Warning: migration 'm20261122_000002_habits' was edited after it was applied";
        for command in ["status", "up"] {
            let text = succeeds(&[command, "-u", url]);
            assert!(text.contains(warning), "{command}: {text}");
        }
        succeeds(&["down", "-u", url]);
        let text = succeeds(&["up", "-u", url]);
        assert!(text.contains(warning) && text.contains("has been applied"), "{text}");
        assert_eq!(text.matches("Warning").count(), 1, "{text}");

        let output = migration(&["doctor", "--no-scratch", "--url", url]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout);
        let names = text.contains("CAT092") && text.contains("m20261122_000002_habits");
        assert!(names && text.contains("drift: 0 errors, 1 warning"), "{text}");
        let output = migration(&["doctor", "--no-scratch", "--fail-on", "error", "--url", url]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    })
    .await;
}

/// The application needs the names of the migrations at most.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_the_application_needs_no_privilege_on_the_checksums() {
    let database = support::PostgresDatabase::new().await;
    let db = support::connect(&database.url()).await;
    up::<migration::History>(&database.url()).await.expect("up");
    let may = "SELECT bool_or(has_table_privilege('catamaran_app', 'seaql_migrations_checksums', p))::text \
               FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p";
    assert_eq!(support::texts(&db, may).await, ["false"]);
    let role = support::unique("service");
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'secret' IN ROLE catamaran_app");
    support::run(&db, &create).await;
    support::run(&db, &format!("GRANT SELECT ON seaql_migrations TO {role}")).await;

    let url = database.url_as(&role);
    let fingerprint = Fingerprint::of(&entity::DOMAIN).migrations::<migration::History>();
    let store = StoreOptions::new(&url)
        .migrate::<migration::History>()
        .fingerprint(fingerprint);
    let store = store.open().await.expect("a store");
    drop(store.begin_read(&Scope::system("a test of roles")).await);
    assert!(doctor::<migration::History>(&url).await.is_clean());
    succeeds(&["status", "-u", &url]);

    support::run(&db, &format!("DROP OWNED BY {role}")).await;
    support::run(&db, &format!("DROP ROLE {role}")).await;
}
