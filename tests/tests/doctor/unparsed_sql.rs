//! A SQLite table whose SQL the parser does not read is skipped and reported.

use catamaran::doctor::{Code, Doctor, Place, Report, Verdict};
use catamaran::{Engine, ErrorKind, Fingerprint, StoreOptions};

use crate::databases::Migrated;
use crate::drift::Change::{Sql, Written};

/// SQLite accepts a type of two words and a number; the parser does not.
const UNREADABLE: &str = "CHECK (CAST(platform AS very long name (1)) <> '')";

async fn look(database: &Migrated) -> Report {
    let url = database.database.url();
    Doctor::new(&entity::DOMAIN).database(url).check().await
}

#[tokio::test]
async fn a_folder_is_reported_as_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().display());
    let report = Doctor::new(&entity::DOMAIN).database(url).check().await;
    assert!(
        report.skipped[0]
            .reason
            .contains("it is a directory, not a database file"),
        "{report}"
    );
}

/// Control characters in a name are not sent to the terminal.
#[tokio::test]
async fn a_name_with_a_line_break_is_printed_on_one_line() {
    let database = Migrated::new(Engine::Postgres).await;
    let drift = "CREATE TABLE \"one\n\u{1b}[31mtwo\" (id bigint)";
    database.run(drift).await.expect("a drift");
    let report = look(&database).await.to_string();
    assert!(
        report.contains("one\\n\\u{1b}[31mtwo  table that"),
        "{report}"
    );
    assert!(!report.contains('\u{1b}'), "{report}");
}

/// Only the table of devices was skipped.
fn assert_set_aside(report: &Report, what: &str) {
    let [skipped] = report.skipped.as_slice() else {
        panic!("{report}");
    };
    assert_eq!(skipped.place, Place::Database(Engine::Sqlite));
    let reason = format!("the CREATE statement of {what} cannot be parsed: ");
    assert!(skipped.reason.contains(&reason), "{report}");
    assert!(
        report.checked.contains(&skipped.place),
        "the rest is checked: {report}"
    );
}

#[tokio::test]
async fn an_unparsable_table_is_reported_and_the_rest_is_compared() {
    let database = Migrated::new(Engine::Sqlite).await;
    let check = format!("{UNREADABLE}, CONSTRAINT pk_devices");
    let unreadable = Written("devices", "CONSTRAINT pk_devices", check.leak());
    database.change(unreadable).await.expect("a table");
    let report = look(&database).await;
    assert_set_aside(&report, "devices");
    assert_eq!(report.verdict(), Verdict::Skipped, "{report}");
    assert_eq!(report.verdict().exit_code(), 2);

    let options = StoreOptions::new(database.database.url());
    let opened = options.fingerprint(Fingerprint::of(&entity::DOMAIN)).open();
    let error = opened.await.expect_err("a table that could not be read");
    let ErrorKind::SchemaDiffers { reason } = error.kind() else {
        panic!("{error:?}");
    };
    assert!(
        reason.contains("the CREATE statement of devices"),
        "{reason}"
    );

    let drift = Sql("DROP INDEX ix_habits__user_id_updated_at");
    database.change(drift).await.expect("a drift");
    let report = look(&database).await;
    assert_set_aside(&report, "devices");
    let told: Vec<Code> = report.findings.iter().map(|found| found.code).collect();
    assert_eq!(told, [Code::IndexMissing], "{report}");
    assert_eq!(report.verdict().exit_code(), 1);
}

#[tokio::test]
async fn a_table_with_an_unparsable_index_is_skipped() {
    let database = Migrated::new(Engine::Sqlite).await;
    let index = "CREATE INDEX ix_odd ON devices (CAST(platform AS very long name (1)))";
    database.change(Sql(index)).await.expect("an index");
    let report = look(&database).await;
    assert_set_aside(&report, "ix_odd");
    assert!(report.findings.is_empty(), "{report}");
    assert!(report.skipped[0].reason.contains("devices"), "{report}");
}
