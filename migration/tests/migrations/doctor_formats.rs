//! The doctor's output in each format, for a domain that was changed without a migration.

use std::sync::{LazyLock, OnceLock};

use catamaran::Engine;
use catamaran::doctor::{Doctor, Format, Place, Report, Sources, Suggestion};
use catamaran::domain::{
    Action, ColumnDefault, DefaultValue, Domain, ForeignKey, Index, Suppression, Table,
};
use catamaran::migrate::{History, Script, TwinMigration};
use catamaran::testing::PostgresServer;
use entity::domain::{DEVICES, HABIT_ENTRIES};
use sea_orm_migration::MigratorTrait;
use serde_json::Value;

use crate::support;

const MOVED_ENTRIES: Table = Table {
    defaults: &[
        ColumnDefault {
            column: "amount",
            value: DefaultValue::Integer(0),
        },
        ColumnDefault {
            column: "source",
            value: DefaultValue::Text("phone"),
        },
    ],
    foreign_keys: &[ForeignKey {
        on_delete: Action::Restrict,
        ..HABIT_ENTRIES.foreign_keys[0]
    }],
    ..HABIT_ENTRIES
};

const MOVED_DEVICES: Table = Table {
    indexes: &[
        DEVICES.indexes[0],
        Index {
            name: "ix_devices__last_sync_at",
            columns: &["last_sync_at DESC"],
            unique: false,
            predicate: Some("deleted_at IS NULL"),
        },
    ],
    ..DEVICES
};

/// The reference domain with a new index, another action on delete and another default.
static MOVED: LazyLock<Domain> = LazyLock::new(|| {
    let tables = entity::DOMAIN.tables.iter();
    let tables = tables.map(|table| match table.name {
        "habit_entries" => MOVED_ENTRIES,
        "devices" => MOVED_DEVICES,
        _ => *table,
    });
    Domain {
        tables: tables.collect::<Vec<_>>().leak(),
        suppressions: &[Suppression {
            code: "CAT043",
            place: Place::Entities(Engine::Postgres),
            subject: "habit_entries: fk_habit_entries__user_id_habit_id",
            reason: "the server deletes in batches",
        }],
        ..entity::DOMAIN
    }
});

const NAME: &str = "m20261123_000001_fix_drift";

async fn doctor() -> Doctor {
    let server = PostgresServer::shared().await.expect("a Postgres server");
    Doctor::new(&MOVED).server(server.admin_url())
}

async fn checked() -> (Report, Suggestion) {
    let doctor = doctor().await.migrations::<migration::History>();
    let report = doctor.check().await;
    let suggestion = doctor.suggest(&report, NAME).await;
    (report, suggestion)
}

fn sources() -> Sources {
    Sources::under(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_human_report_matches_its_snapshot() {
    let (report, suggestion) = checked().await;
    insta::assert_snapshot!("human", report.to_string());
    let styled = report.written(Format::Human, &sources(), None);
    let plain = anstream::adapter::strip_str(&styled).to_string();
    assert_ne!(styled, plain);
    assert_eq!(plain, report.to_string());
    insta::assert_snapshot!("suggestion", suggestion.to_string());
    let with_suggestion = report.written(Format::Human, &sources(), Some(&suggestion));
    assert!(with_suggestion.contains(&suggestion.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_json_report_matches_its_snapshot_and_schema() {
    let (report, suggestion) = checked().await;
    let text = report.written(Format::Json, &sources(), Some(&suggestion));
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let schema = include_str!("../../../docs/src/doctor.schema.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    jsonschema::validate(&schema, &value).expect("what the schema describes");
    insta::assert_snapshot!("json", report.written(Format::Json, &sources(), None));
}

/// The report as SARIF, once it is what the schema of OASIS describes
/// (<https://github.com/oasis-tcs/sarif-spec>, `Schemata/sarif-schema-2.1.0.json`).
fn sarif(report: &Report) -> Value {
    let text = report.written(Format::Sarif, &sources(), None);
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let schema = include_str!("support/sarif-2.1.0.schema.json");
    let mut schema: Value = serde_json::from_str(schema).expect("JSON");
    for owner in ["run", "toolComponent"] {
        // The schema's pattern has a surplus bracket, so that it is no regular expression.
        let language = &mut schema["definitions"][owner]["properties"]["language"];
        let pattern = language.as_object_mut().and_then(|is| is.remove("pattern"));
        assert!(pattern.is_some());
    }
    jsonschema::validate(&schema, &value).expect("what the schema describes");
    // GitHub requires more than the schema.
    for result in value["runs"][0]["results"].as_array().expect("results") {
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"]
            .as_str()
            .expect("a file");
        assert!(!uri.is_empty() && !uri.starts_with('/'), "{result:#}");
        assert!(
            location["region"]["startLine"].as_u64() >= Some(1),
            "{result:#}"
        );
    }
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sarif_report_matches_its_snapshot_and_schema() {
    let (report, _) = checked().await;
    let mut value = sarif(&report);
    let rules = &mut value["runs"][0]["tool"]["driver"]["rules"];
    let ids: Vec<&str> = rules
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| rule["id"].as_str().expect("an id"))
        .collect();
    let codes: Vec<&str> = catamaran::doctor::Code::ALL
        .iter()
        .map(|code| code.id())
        .collect();
    assert_eq!(ids, codes);
    // One is enough to see.
    rules.as_array_mut().expect("rules").truncate(1);
    for result in value["runs"][0]["results"].as_array_mut().expect("results") {
        // The index of the rule changes with every added code.
        let place = result.as_object_mut().and_then(|is| is.remove("ruleIndex"));
        let place = place.and_then(|place| place.as_u64()).expect("a place");
        assert_eq!(result["ruleId"], codes[place as usize]);
    }
    insta::assert_snapshot!("sarif", serde_json::to_string_pretty(&value).expect("JSON"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_github_report_matches_its_snapshot() {
    let (report, _) = checked().await;
    let text = report.written(Format::Github, &sources(), None);
    assert_eq!(text.lines().count(), report.findings.len());
    insta::assert_snapshot!("github", text);
}

#[tokio::test(flavor = "multi_thread")]
async fn skipped_checks_are_reported_in_every_format() {
    let doctor = Doctor::new(&entity::DOMAIN)
        .migrations::<migration::History>()
        .server("postgres://me:hunter2@127.0.0.1:1/postgres");
    let report = doctor.check().await;
    for format in [Format::Human, Format::Json, Format::Sarif, Format::Github] {
        let text = report.written(format, &sources(), None);
        assert!(
            text.contains("the connection was refused"),
            "{format:?}: {text}"
        );
        assert!(!text.contains("hunter2"), "{format:?}: {text}");
    }
    sarif(&report);
    insta::assert_snapshot!("human_skipped", report.to_string());
}

static SUGGESTED: OnceLock<Suggestion> = OnceLock::new();

/// The reference history followed by the suggested migration.
struct Fixed;

struct SuggestedMigration;

fn script(statements: &[String]) -> Script {
    let sql = statements.iter().cloned();
    sql.fold(Script::new(), Script::sql)
}

impl SuggestedMigration {
    fn suggestion() -> &'static Suggestion {
        SUGGESTED.get().expect("the suggestion is there")
    }
}

impl TwinMigration for SuggestedMigration {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sqlite_up(&self) -> Script {
        script(Self::suggestion().up(Engine::Sqlite))
    }

    fn sqlite_down(&self) -> Script {
        script(Self::suggestion().down(Engine::Sqlite))
    }

    fn postgres_up(&self) -> Script {
        script(Self::suggestion().up(Engine::Postgres))
    }

    fn postgres_down(&self) -> Script {
        script(Self::suggestion().down(Engine::Postgres))
    }
}

impl History for Fixed {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut migrations = migration::History::migrations();
        migrations.push(Box::new(SuggestedMigration));
        migrations
    }
}

type MendedMigrator = catamaran::migrate::Migrator<Fixed>;

#[tokio::test(flavor = "multi_thread")]
async fn the_suggested_migration_fixes_both_engines_and_its_down_reverts_the_fix() {
    let (before, suggestion) = checked().await;
    SUGGESTED.set(suggestion).expect("set once");
    let of_migrations = |report: &Report| {
        let findings = report.findings.iter();
        findings
            .filter(|finding| finding.place.is_database())
            .count()
    };
    assert_eq!(of_migrations(&before), 6);
    let after = doctor().await.migrations::<Fixed>().check().await;
    assert_eq!(of_migrations(&after), 0, "{after}");

    let file = support::SqliteFile::new();
    let sqlite = format!("{}?mode=rwc", file.url());
    let postgres = support::PostgresDatabase::new().await;
    for url in [sqlite, postgres.url()] {
        let db = support::connect(&url).await;
        migration::Migrator::up(&db, None).await.expect("up");
        let before = Doctor::new(&entity::DOMAIN).check_connection(&db).await;
        assert!(before.is_clean(), "{before}");
        MendedMigrator::up(&db, None).await.expect("up");
        let moved = Doctor::new(&MOVED).check_connection(&db).await;
        assert!(moved.is_clean(), "{moved}");
        MendedMigrator::down(&db, Some(1)).await.expect("down");
        let after = Doctor::new(&entity::DOMAIN).check_connection(&db).await;
        assert!(after.is_clean(), "{after}");
    }
}
