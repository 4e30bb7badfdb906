//! A step of a fix happens as a whole or not at all.

use catamaran::Engine;
use catamaran::doctor::Report;
use suite::observer;

use crate::pasted_fixes::Shell;
use crate::quoted_names::{COUNTS, look, one, quoted, script, with_rows};

/// Rows that break the correct check stop the fix before anything is dropped.
#[tokio::test]
async fn a_row_that_breaks_one_statement_stops_the_whole_fix() {
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
            let found =
                observer::texts(&database.connection, &query.replacen('*', "name", 1)).await;
            assert_eq!(found.expect("rows"), ["run"]);
        }
    }
}

/// In an open transaction, with foreign keys on, or with a full file, the fix changes everything or nothing.
#[tokio::test]
async fn a_sqlite_fix_that_fails_half_way_changes_nothing() {
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

/// A table with a finding that needs the user is not changed by the fixes of other findings.
#[tokio::test]
async fn a_table_whose_fix_needs_the_user_is_unchanged() {
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

/// With ON_ERROR_ROLLBACK psql goes on within a transaction, so that one step must be one statement.
#[tokio::test]
async fn a_fix_is_atomic_in_a_psql_with_on_error_rollback() {
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
