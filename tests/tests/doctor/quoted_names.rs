//! Names are quoted in everything that the doctor prints, and no printed fix drops a table by mistake.

use std::io::Write as _;
use std::process::{Command, Stdio};

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Fix, Format, Report, Sources};
use suite::observer;

use crate::databases::Migrated;
use crate::pasted_fixes::{Shell, rows};
use crate::sqlite_file::the;

pub async fn look(database: &Migrated) -> Report {
    let doctor = Doctor::new(&entity::DOMAIN).database(database.database.url());
    doctor.check().await
}

/// A migrated database with one or two rows in every table, after those statements.
pub async fn with_rows(engine: Engine, drifts: &[&str]) -> Migrated {
    let database = Migrated::new(engine).await;
    for row in rows(engine) {
        database.run(&row).await.expect("a row");
    }
    for drift in drifts {
        database.run(drift).await.expect("a drift");
    }
    database
}

pub async fn one(database: &Migrated, sql: &str) -> String {
    let texts = observer::texts(&database.connection, sql).await;
    texts.expect(sql).join("|")
}

pub const COUNTS: &str = "SELECT CAST((SELECT count(*) FROM habits) AS text) || ' ' || CAST((SELECT count(*) FROM habit_entries) AS text)";

pub fn script(report: &Report, engine: Engine) -> String {
    let statements = report.statements(engine);
    let lines = statements.iter().map(|sql| format!("{sql};\n"));
    lines.collect()
}

/// Names that would end a comment, a literal or a line if they were not quoted.
const HOSTILE: [&str; 5] = [
    "x\nDROP TABLE habits; --",
    "a'; DROP TABLE habits; --",
    "*/ DROP TABLE habits; /*",
    "b\"c\r\nDROP TABLE habits;",
    "\u{1b}[2Jx\u{2028}DROP TABLE habits;",
];

pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The objects with such a name, one at a time.
fn hostile(engine: Engine, name: &str) -> Vec<String> {
    let name = quoted(name);
    let mut drifts = vec![
        format!("CREATE TABLE {name} (a integer)"),
        format!("ALTER TABLE devices ADD COLUMN {name} text"),
        format!("CREATE INDEX {name} ON devices (version)"),
        format!("CREATE VIEW {name} AS SELECT 1 AS one"),
    ];
    match engine {
        Engine::Sqlite => drifts.push(format!(
            "CREATE TRIGGER {name} AFTER UPDATE ON devices BEGIN SELECT 1; END"
        )),
        Engine::Postgres => drifts.extend([
            format!("CREATE POLICY {name} ON devices USING (false)"),
            format!("ALTER TABLE devices ADD CONSTRAINT {name} CHECK (version < 1000)"),
            format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
                 CREATE TRIGGER {name} BEFORE INSERT ON devices FOR EACH ROW EXECUTE FUNCTION {name}()"
            ),
        ]),
    }
    drifts
}

/// No line of the report begins with text of a name, and no text of a name runs when it is pasted.
#[tokio::test]
async fn names_are_quoted_in_every_format_and_in_pasted_fixes() {
    for engine in Engine::ALL {
        for name in HOSTILE {
            for drift in hostile(engine, name) {
                let database = with_rows(engine, &[&drift]).await;
                let report = look(&database).await;
                assert!(!report.is_clean(), "{drift}");
                for step in &report.steps {
                    let in_words = [step.words.clone().unwrap_or_default(), step.loses.join("")];
                    let commented = step.to_string();
                    for line in commented.lines().take_while(|line| line.starts_with("--")) {
                        assert!(!line.contains('\r'), "{line}");
                    }
                    let printed = in_words.join("");
                    assert!(
                        step.sql.is_empty() || !printed.starts_with("DROP"),
                        "{printed}"
                    );
                }
                for format in [Format::Human, Format::Github] {
                    let text = report.written(format, &Sources::unknown(), None);
                    let text = anstream_stripped(&text);
                    assert!(!text.contains('\u{1b}'), "{format:?} {text:?}");
                }
                let text = script(&report, engine);
                Shell::GoesOn.paste(&database, &text);
                assert_eq!(one(&database, COUNTS).await, "2 2", "{drift}\n{text}");
            }
        }
    }
}

/// Without the styles that the report itself has.
fn anstream_stripped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        match after.split_once('m') {
            Some((style, after)) if style.chars().all(|c| c.is_ascii_digit() || c == ';') => {
                rest = after;
            }
            _ => return format!("{plain}\u{1b}[{after}"),
        }
    }
    plain + rest
}

/// In the files of a suggestion, a name does not leave its literal or comment.
#[tokio::test]
async fn names_are_quoted_in_suggested_migrations() {
    use crate::edited_history::{Edited, Edits, edit};
    let name = quoted(HOSTILE[0]);
    edit(Edits {
        engine: Some(Engine::Sqlite),
        added: vec![format!("CREATE TABLE {name} (a INTEGER)")],
        ..Edits::default()
    });
    let doctor = Doctor::new(&entity::DOMAIN)
        .migrations::<Edited>()
        .only(Engine::Sqlite);
    let report = doctor.check().await;
    let suggestion = doctor.suggest(&report, "m20300101_000001_fix").await;
    assert!(suggestion.by_hand.is_empty(), "{suggestion}");
    for (path, text) in suggestion.files() {
        let parsed = syn::parse_file(&text);
        let parsed = parsed.unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
        let comments = text
            .lines()
            .filter(|line| line.trim_start().starts_with("//"));
        for comment in comments.filter(|line| line.contains("Loses")) {
            assert!(comment.contains("\\n"), "{comment}");
        }
        assert!(!parsed.items.is_empty());
    }
}

/// A missing object cannot be created under a name that is taken.
#[tokio::test]
async fn a_name_taken_by_another_object_is_reported() {
    for (drift, code, subject, by) in [
        (
            "DROP INDEX ix_habits__user_id_updated_at; CREATE SEQUENCE ix_habits__user_id_updated_at",
            Code::IndexMissing,
            "habits: ix_habits__user_id_updated_at",
            "a sequence",
        ),
        (
            "DROP TABLE devices; CREATE TYPE devices AS ENUM ('a')",
            Code::TableMissing,
            "devices",
            "a type",
        ),
        (
            "DROP TABLE devices; CREATE TYPE devices AS (a integer)",
            Code::TableMissing,
            "devices",
            "a type",
        ),
        (
            "CREATE EXTENSION plpgsql_stand_in; ALTER EXTENSION plpgsql ADD TABLE devices",
            Code::TableMissing,
            "devices",
            "the extension plpgsql",
        ),
    ] {
        let drift = drift.replace("CREATE EXTENSION plpgsql_stand_in; ", "");
        let database = with_rows(Engine::Postgres, &[&drift]).await;
        let report = look(&database).await;
        let finding = the(&report, code, subject);
        assert!(
            matches!(&finding.fix, Fix::Words(words) if words.contains(by)),
            "{finding}"
        );
    }
}

/// A grant of another role is revoked as that role.
#[tokio::test]
async fn a_privilege_granted_by_another_role_is_revoked() {
    let database = with_rows(
        Engine::Postgres,
        &["DO $$ BEGIN CREATE ROLE \"a grantor\"; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
          "GRANT SELECT ON habits TO \"a grantor\" WITH GRANT OPTION",
          "SET ROLE \"a grantor\"; GRANT SELECT ON habits TO PUBLIC; GRANT SELECT (name) ON habits TO PUBLIC; RESET ROLE"],
    )
    .await;
    let report = look(&database).await;
    the(&report, Code::GrantExtra, "habits: SELECT TO PUBLIC");
    let output = Shell::Stops.paste(&database, &script(&report, Engine::Postgres));
    assert!(output.status.success(), "{output:?}");
    let report = look(&database).await;
    assert!(report.is_clean(), "{report}");
}

/// Changing the types of exchanged columns would keep the wrong values under either name.
#[tokio::test]
async fn exchanged_columns_are_left_to_the_user() {
    for engine in Engine::ALL {
        for (table, one_column, other) in [
            ("habits", "sort_order", "name"),
            ("habits", "created_at", "name"),
            ("devices", "platform", "created_at"),
            ("reminders", "time_local", "timezone"),
        ] {
            let rename =
                |from: &str, to: &str| format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}");
            let drifts = [
                rename(one_column, "in_between"),
                rename(other, one_column),
                rename("in_between", other),
            ];
            let drifts: Vec<&str> = drifts.iter().map(String::as_str).collect();
            let database = with_rows(engine, &drifts).await;
            let report = look(&database).await;
            let of = |name: &str| {
                report.findings.iter().any(|finding| {
                    finding.code == Code::ColumnRenamed
                        && finding.subject() == format!("{table}.{name}")
                })
            };
            assert!(of(one_column) || of(other), "{report}");
            assert!(
                report.steps.iter().all(|step| step.sql.is_empty()),
                "{report}"
            );
            // The text of the finding has the statements.
            let words = report.steps[0].words.clone().expect("words");
            let (_, sql) = words.split_once("are: ").expect("statements");
            let (sql, _) = sql.split_once("; COMMIT").expect("their end");
            database
                .run(&format!("{sql}; COMMIT"))
                .await
                .expect("renames");
            let report = look(&database).await;
            assert!(report.is_clean(), "{report}");
        }
    }
}

/// A table whose columns were renamed too is not dropped and created empty.
#[tokio::test]
async fn a_table_and_a_column_renamed_together_keep_their_rows() {
    for engine in Engine::ALL {
        let database = with_rows(
            engine,
            &[
                "ALTER TABLE devices RENAME TO gadgets",
                "ALTER TABLE gadgets RENAME COLUMN platform TO os",
            ],
        )
        .await;
        let report = look(&database).await;
        the(&report, Code::TableRenamed, "devices");
        the(&report, Code::ColumnRenamed, "devices.platform");
        let output = Shell::Stops.paste(&database, &script(&report, engine));
        assert!(output.status.success(), "{output:?}");
        assert!(look(&database).await.is_clean());
        assert_eq!(
            one(&database, "SELECT platform FROM devices ORDER BY 1").await,
            "laptop|phone"
        );
    }
}

/// The fix uses a cast if Postgres has one; otherwise it is left to the user.
#[tokio::test]
async fn a_type_without_a_cast_is_reported_or_computed() {
    for (drift, subject, is_sql) in [
        (
            "ALTER TABLE habits ALTER is_archived DROP DEFAULT, ALTER is_archived TYPE smallint USING is_archived::int::smallint",
            "habits.is_archived",
            true,
        ),
        (
            "ALTER TABLE habits ALTER is_archived DROP DEFAULT, ALTER is_archived TYPE bigint USING is_archived::int",
            "habits.is_archived",
            true,
        ),
        (
            "ALTER TABLE devices ALTER last_sync_at TYPE bigint USING 1",
            "devices.last_sync_at",
            false,
        ),
    ] {
        // A check over a time is not one over a number.
        let drop = "ALTER TABLE devices DROP CONSTRAINT ck_devices__last_sync_at";
        let database = with_rows(Engine::Postgres, &[drop, drift]).await;
        let report = look(&database).await;
        let finding = the(&report, Code::ColumnType, subject);
        assert_eq!(matches!(finding.fix, Fix::Sql(_)), is_sql, "{finding}");
        if is_sql {
            let output = Shell::Stops.paste(&database, &script(&report, Engine::Postgres));
            assert!(output.status.success(), "{output:?}");
            assert!(look(&database).await.is_clean());
        }
    }
}

/// A program cannot drop a virtual table whose module it lacks.
#[tokio::test]
async fn a_virtual_table_without_its_module_is_kept() {
    let database = with_rows(Engine::Sqlite, &[]).await;
    let add = "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) \
        VALUES ('table', 'places', 'places', 0, 'CREATE VIRTUAL TABLE places USING nowhere (a)'); PRAGMA writable_schema = RESET";
    let mut shell = Command::new("sqlite3")
        .arg(database.database.url().trim_start_matches("sqlite:"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed");
    let stdin = shell.stdin.take();
    stdin
        .expect("a pipe")
        .write_all(add.as_bytes())
        .expect("written");
    assert!(shell.wait().expect("it ends").success());
    let report = look(&database).await;
    let told = report
        .findings
        .iter()
        .any(|finding| finding.name == "places");
    assert!(told || !report.skipped.is_empty(), "{report}");
    Shell::GoesOn.paste(&database, &script(&report, Engine::Sqlite));
    assert_eq!(one(&database, COUNTS).await, "2 2");
}

/// A table with the columns of a missing one may be that table, although another object has its name.
#[tokio::test]
async fn a_table_whose_name_was_taken_is_never_dropped() {
    for engine in Engine::ALL {
        let database = with_rows(
            engine,
            &[
                "ALTER TABLE devices RENAME TO d2",
                "CREATE TABLE devices (a integer)",
                "INSERT INTO devices VALUES (1)",
            ],
        )
        .await;
        let report = look(&database).await;
        let finding = the(&report, Code::TableExtra, "d2");
        assert!(matches!(finding.fix, Fix::Words(_)), "{finding}");
        Shell::GoesOn.paste(&database, &script(&report, engine));
        assert_eq!(
            one(&database, "SELECT CAST(count(*) AS text) FROM d2").await,
            "2",
            "{report}"
        );
    }
}
