//! What is printed about what people did: names are data, and nothing that is pasted destroys.

use std::io::Write as _;
use std::process::{Command, Stdio};

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Fix, Format, Report, Sources};
use suite::outside;

use crate::databases::Migrated;
use crate::file::the;
use crate::pasted::{Shell, rows};

async fn look(database: &Migrated) -> Report {
    let doctor = Doctor::new(&entity::DOMAIN).database(database.database.url());
    doctor.check().await
}

/// A migrated database with a row or two in every table, after those statements.
async fn with_rows(engine: Engine, drifts: &[&str]) -> Migrated {
    let database = Migrated::new(engine).await;
    for row in rows(engine) {
        database.run(&row).await.expect("a row");
    }
    for drift in drifts {
        database.run(drift).await.expect("a drift");
    }
    database
}

async fn one(database: &Migrated, sql: &str) -> String {
    let texts = outside::texts(&database.connection, sql).await;
    texts.expect(sql).join("|")
}

const COUNTS: &str = "SELECT CAST((SELECT count(*) FROM habits) AS text) || ' ' || CAST((SELECT count(*) FROM habit_entries) AS text)";

fn script(report: &Report, engine: Engine) -> String {
    let statements = report.statements(engine);
    let lines = statements.iter().map(|sql| format!("{sql};\n"));
    lines.collect()
}

/// Names that leave a comment, a text or a line, wherever they are printed as they are.
const HOSTILE: [&str; 5] = [
    "x\nDROP TABLE habits; --",
    "a'; DROP TABLE habits; --",
    "*/ DROP TABLE habits; /*",
    "b\"c\r\nDROP TABLE habits;",
    "\u{1b}[2Jx\u{2028}DROP TABLE habits;",
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The objects that bear such a name, one at a time.
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

/// In what is for people no line begins with what a name says, and in what is pasted none of it runs.
#[tokio::test]
async fn a_name_is_data_in_every_format_and_in_what_is_pasted() {
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

/// A suggestion is files: a name stays in its literal or comment.
#[tokio::test]
async fn a_name_stays_in_the_files_of_a_suggestion() {
    use crate::history::{Edited, Edits, edit};
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

/// Rows that the right check refuses stop the fix before anything is dropped.
#[tokio::test]
async fn a_row_in_the_way_stops_the_whole_fix() {
    let drifts = |engine| match engine {
        Engine::Postgres => vec![
            "ALTER TABLE habits DROP CONSTRAINT ck_habits__version, ADD CONSTRAINT ck_habits__version CHECK (version >= 0)",
            "UPDATE habits SET version = 0 WHERE name = 'run'",
            "DROP INDEX ix_habits__user_id_updated_at",
        ],
        Engine::Sqlite => vec![
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'version >= 1', 'version >= 0') \
             WHERE name = 'habits'; PRAGMA writable_schema = RESET",
            "UPDATE habits SET version = 0 WHERE name = 'run'",
            "DROP INDEX ix_habits__user_id_updated_at",
        ],
    };
    for engine in Engine::ALL {
        for shell in [Shell::GoesOn, Shell::Stops] {
            let database = with_rows(engine, &drifts(engine)).await;
            let before = look(&database).await;
            let text = format!("PRAGMA foreign_keys=ON;\n{}", script(&before, engine));
            let text = match engine {
                Engine::Sqlite => text,
                Engine::Postgres => script(&before, engine),
            };
            shell.paste(&database, &text);
            assert_eq!(one(&database, COUNTS).await, "2 2", "{text}");
            let after = look(&database).await;
            let told = |report: &Report| -> Vec<String> {
                let findings = report.findings.iter();
                findings
                    .map(|one| format!("{} {} {}", one.code, one.subject(), one.found))
                    .collect()
            };
            assert_eq!(
                told(&after),
                told(&before),
                "{engine} {shell:?}: nothing was changed"
            );
            let query = before.steps[0].find_rows.first().expect("a query");
            let found = outside::texts(&database.connection, &query.replacen('*', "name", 1)).await;
            assert_eq!(found.expect("rows"), ["run"]);
        }
    }
}

/// What was open before, foreign keys that are on, a file that is full: the fix changes nothing, or all.
#[tokio::test]
async fn a_fix_of_sqlite_that_cannot_finish_changes_nothing() {
    let weaker = |table: &str| {
        format!(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'version >= 1', 'version >= 0') \
             WHERE name = '{table}'; PRAGMA writable_schema = RESET"
        )
    };
    let (one_table, other) = (weaker("habits"), weaker("devices"));
    for before in [
        "PRAGMA foreign_keys = ON; BEGIN; INSERT INTO devices SELECT * FROM devices WHERE 0;",
        "PRAGMA foreign_keys = ON; PRAGMA legacy_alter_table = ON;",
        "PRAGMA max_page_count = 1;",
        "PRAGMA temp_store = 2; PRAGMA max_page_count = 42;",
        "PRAGMA query_only = ON;",
    ] {
        for pages in 0..24 {
            let before = before.replace(
                "42",
                &format!("(SELECT page_count + {pages} FROM pragma_page_count)"),
            );
            if before.contains("SELECT page_count") || pages == 0 {
                let database = with_rows(Engine::Sqlite, &[&one_table, &other]).await;
                let report = look(&database).await;
                let count = one(
                    &database,
                    "SELECT CAST(page_count AS text) FROM pragma_page_count",
                )
                .await;
                let count: usize = count.parse().expect("a number");
                let before = match before.contains("SELECT page_count") {
                    true => format!("PRAGMA max_page_count = {};", count + pages),
                    false => before.clone(),
                };
                let text = format!("{before}\n{}", script(&report, Engine::Sqlite));
                Shell::GoesOn.paste(&database, &text);
                assert_eq!(one(&database, COUNTS).await, "2 2", "{before}");
                let devices = "SELECT CAST(count(*) AS text) FROM devices";
                assert_eq!(one(&database, devices).await, "2", "{before}");
                assert_eq!(
                    one(
                        &database,
                        "SELECT integrity_check FROM pragma_integrity_check"
                    )
                    .await,
                    "ok"
                );
            }
        }
    }
}

/// A name that something else has cannot be given to what is missing.
#[tokio::test]
async fn a_name_that_is_taken_is_told() {
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

/// What another role granted is taken back as that role.
#[tokio::test]
async fn a_privilege_that_another_role_granted_is_taken_back() {
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

/// Exchanged columns are never changed where they are, which would keep the wrong values under either name.
#[tokio::test]
async fn columns_that_were_exchanged_are_left_to_people() {
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
            // The words have what puts it right.
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

/// A table whose columns have other names too is not dropped for another that is made empty.
#[tokio::test]
async fn a_table_and_a_column_renamed_at_once_keep_their_rows() {
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

/// A cast that Postgres has is used, and where it has none people are told.
#[tokio::test]
async fn a_type_without_a_cast_is_told_or_computed() {
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

/// A virtual table whose module this program lacks cannot be dropped by it.
#[tokio::test]
async fn a_virtual_table_without_its_module_is_left_alone() {
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

/// What waits for people is not changed along with what does not.
#[tokio::test]
async fn a_table_with_something_for_people_keeps_it() {
    const WEAKER: &str = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'version >= 1', 'version >= 0') \
        WHERE name = 'habits'; PRAGMA writable_schema = RESET";
    let exchanged = [
        WEAKER,
        "ALTER TABLE habits RENAME COLUMN updated_at TO in_between",
        "ALTER TABLE habits RENAME COLUMN name TO updated_at",
        "ALTER TABLE habits RENAME COLUMN in_between TO name",
    ];
    let named = format!(
        "ALTER TABLE habits ADD COLUMN {} TEXT",
        quoted("no\u{1b}te")
    );
    let noted = format!("UPDATE habits SET {} = 'kept'", quoted("no\u{1b}te"));
    for (drifts, query, kept) in [
        (
            &exchanged[..],
            "SELECT updated_at FROM habits ORDER BY 1",
            "read|run",
        ),
        (
            &[WEAKER, &named, &noted],
            &format!("SELECT {} FROM habits", quoted("no\u{1b}te")),
            "kept|kept",
        ),
    ] {
        let database = with_rows(Engine::Sqlite, drifts).await;
        let report = look(&database).await;
        Shell::GoesOn.paste(&database, &script(&report, Engine::Sqlite));
        assert_eq!(one(&database, query).await, kept, "{report}");
        let report = look(&database).await;
        assert!(!report.is_clean(), "{report}");
    }
}

/// Some have a psql that goes on within a transaction: what is one step is one statement.
#[tokio::test]
async fn a_step_is_whole_also_in_a_psql_that_rolls_back_to_each_statement() {
    let drifts = [
        "ALTER TABLE habits DROP CONSTRAINT ck_habits__version, ADD CONSTRAINT ck_habits__version CHECK (version >= 0)",
        "UPDATE habits SET version = 0 WHERE name = 'run'",
        "DROP INDEX ix_habits__user_id_updated_at",
    ];
    let database = with_rows(Engine::Postgres, &drifts).await;
    let before = look(&database).await;
    let text = format!(
        "\\set ON_ERROR_ROLLBACK on\n{}",
        script(&before, Engine::Postgres)
    );
    Shell::GoesOn.paste(&database, &text);
    let after = look(&database).await;
    assert_eq!(after.findings, before.findings);
}

/// What has the columns that a table lacks may be that table, though something else has its name.
#[tokio::test]
async fn a_table_whose_name_another_took_is_never_dropped() {
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
