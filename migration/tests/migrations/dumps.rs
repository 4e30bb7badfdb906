//! A dump of an existing database as the first migration.

use std::process::Command;

use catamaran::Engine;
use catamaran::migrate::{History, MigrateError, Migrator, Plan, Script, TwinMigration, up};
use sea_orm_migration::MigratorTrait;

use crate::support::given::{Given, given, step};
use crate::support::{PostgresDatabase, SqliteFile, connect, run, tables, texts, unique};

/// The output of a program.
fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program)
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn pg_dump(url: &str, args: &[&str]) -> String {
    let dbname = format!("--dbname={url}");
    output("pg_dump", &[args, &[dbname.as_str()]].concat())
}

fn sqlite_dump(file: &SqliteFile) -> String {
    output("sqlite3", &[&file.path(), ".dump"])
}

/// Compares two dumps, except for what differs in each dump and in each history.
fn assert_same(before: &str, after: &str, what: &str) {
    let is_of_history = |line: &str| {
        let rows = [
            "INTO seaql_migrations",
            "CREATE TABLE IF NOT EXISTS \"seaql_migrations",
        ];
        line.starts_with(r"\restrict")
            || line.starts_with(r"\unrestrict")
            || rows.iter().any(|row| line.contains(row))
    };
    let lines = |dump: &str| -> Vec<String> {
        let lines = dump.lines().filter(|line| !is_of_history(line));
        lines.map(str::to_owned).collect()
    };
    let (before, after) = (lines(before), lines(after));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after, "{what}");
    }
    assert_eq!(before.len(), after.len(), "{what}");
}

fn baseline(dump: impl Into<String>) {
    let dump = dump.into();
    given([
        step("m1_baseline", Script::baseline(dump)),
        step("m2_next", Script::new().sql("CREATE TABLE next (x int)")),
    ]);
}

async fn refused(url: &str, dump: impl Into<String>) -> String {
    baseline(dump);
    let error = up::<Given>(url).await.expect_err("refused");
    assert!(matches!(error, MigrateError::History { .. }), "{error}");
    error.to_string()
}

/// Applies the dump of one database to another, and compares the two.
async fn is_restored(from: &PostgresDatabase, args: &[&str]) {
    let dump = pg_dump(&from.url(), args);
    let to = PostgresDatabase::new().await;
    baseline(dump.clone());
    let applied = up::<Given>(&to.url()).await;
    applied.unwrap_or_else(|error| panic!("{error}\n{dump}"));
    run(&connect(&to.url()).await, "DROP TABLE next").await;
    // The rows of the two histories differ.
    let args = [args, &["--exclude-table-data=seaql_migrations*"]].concat();
    let (before, after) = (pg_dump(&from.url(), &args), pg_dump(&to.url(), &args));
    assert_same(&before, &after, &args.join(" "));
}

#[tokio::test]
async fn postgres_the_dump_of_a_migrated_database_makes_the_same_database() {
    let from = PostgresDatabase::new().await;
    up::<migration::History>(&from.url()).await.expect("up");
    for args in [
        &["--schema-only"][..],
        &["--inserts"],
        &["--no-owner", "--no-privileges"],
    ] {
        is_restored(&from, args).await;
    }
}

/// Each of these is written by `pg_dump` in a way of its own.
const ODD: &str = r#"
CREATE SCHEMA "Other schema";
CREATE TYPE mood AS ENUM ('sad', 'it''s; fine', 'COMMIT;');
CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
CREATE TYPE pair AS (a int, b text);
CREATE SEQUENCE counter START 7;
CREATE TABLE "odd ""table""" (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial serial,
    "a;b" text DEFAULT E'it''s\n\\; COMMIT; --' COLLATE "C",
    feeling mood DEFAULT 'it''s; fine',
    twice int GENERATED ALWAYS AS (id * 2) STORED,
    many text[] DEFAULT ARRAY['a;', '/* '],
    CONSTRAINT "check;" CHECK ("a;b" <> 'COMMIT;')
);
COMMENT ON TABLE "odd ""table""" IS 'first; COMMIT; $$ it''s -- /* ';
COMMENT ON COLUMN "odd ""table"""."a;b" IS E'back\\slash\n\\connect nowhere\n\\.';
CREATE INDEX "index;" ON "odd ""table""" (lower("a;b")) WHERE id > 0;
CREATE TABLE part (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE part_2026 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE "Other schema".child (id int REFERENCES "odd ""table""" (id) ON DELETE CASCADE DEFERRABLE);
CREATE VIEW seen AS SELECT id, CASE WHEN id > 1 THEN 'BEGIN' ELSE 'END' END AS word FROM "odd ""table""";
CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS c FROM seen;
CREATE FUNCTION dollars() RETURNS trigger LANGUAGE plpgsql AS $outer$
BEGIN
    -- COMMIT;
    PERFORM $$ ; $inner$ ROLLBACK; $inner$ $$;
    PERFORM set_config('search_path', 'nowhere', true);
    RETURN NEW;
END;
$outer$ SET search_path TO 'public';
CREATE FUNCTION atomic(v int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO part VALUES (v, '2026-05-05');
    SELECT CASE WHEN v > 1 THEN 1 ELSE 2 END;
END;
CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int);
CREATE TRIGGER touched BEFORE UPDATE ON "odd ""table""" FOR EACH ROW EXECUTE FUNCTION dollars();
CREATE RULE both_too AS ON DELETE TO part DO ALSO (DELETE FROM part_2026; SELECT 'COMMIT;');
ALTER TABLE part ENABLE ROW LEVEL SECURITY;
ALTER TABLE part FORCE ROW LEVEL SECURITY;
CREATE POLICY "policy; COMMIT" ON part USING (id > 0 OR current_setting('app.tenant', true) = ';');
INSERT INTO "odd ""table""" ("a;b") VALUES ('it''s; COMMIT; $$'), (E'tab\t\\ \n\\.\nnext'), (NULL);
INSERT INTO part VALUES (1, '2026-02-03');
SELECT nextval('counter');
GRANT SELECT ON part TO PUBLIC;
"#;

#[tokio::test]
async fn postgres_the_dump_of_odd_objects_makes_the_same_database() {
    let from = PostgresDatabase::new().await;
    run(&connect(&from.url()).await, ODD).await;
    let history = [step("m1", Script::nothing("made otherwise"))];
    given(history);
    up::<Given>(&from.url()).await.expect("recorded");
    for args in [
        &["--inserts"][..],
        &[
            "--column-inserts",
            "--rows-per-insert=2",
            "--quote-all-identifiers",
        ],
        &["--schema-only", "--use-set-session-authorization"],
        &[
            "--inserts",
            "--disable-dollar-quoting",
            "--clean",
            "--if-exists",
        ],
    ] {
        is_restored(&from, args).await;
    }
}

#[tokio::test]
async fn postgres_what_only_psql_can_run_is_refused_with_the_option_of_pg_dump() {
    let from = PostgresDatabase::new().await;
    let db = connect(&from.url()).await;
    run(
        &db,
        "CREATE TABLE a (x text); INSERT INTO a VALUES ('it''s; COMMIT'), ('\\.'), (NULL)",
    )
    .await;
    let to = PostgresDatabase::new().await;
    for (args, words) in [
        (
            &[][..],
            "COPY with rows of public.a, which only psql can read: use pg_dump --inserts",
        ),
        (&["--create", "--inserts"], "use pg_dump without --create"),
        (
            &["--encoding=LATIN1", "--inserts"],
            "use pg_dump --encoding=UTF8",
        ),
    ] {
        let message = refused(&to.url(), pg_dump(&from.url(), args)).await;
        assert!(message.contains(words), "{message}");
        assert!(
            message.starts_with("migration `m1_baseline`: "),
            "{message}"
        );
    }
    let schema = pg_dump(&from.url(), &["--schema-only"]);
    for (line, words) in [
        (
            "\\connect postgres://me:hunter2@host/db\n",
            "use pg_dump without --create",
        ),
        ("\\i other.sql\n", "\\i, which only psql can run: remove it"),
        ("SELECT 1;\nBEGIN;\n", "is BEGIN: only one transaction"),
        ("SELECT 1;\nCOMMIT;\n", "is COMMIT: only one transaction"),
        ("SET standard_conforming_strings = off;\n", "PGOPTIONS"),
        ("VACUUM;\n", ".outside_transaction()"),
    ] {
        let message = refused(&to.url(), format!("{line}{schema}")).await;
        assert!(message.contains(words), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    run(&db, "SELECT lo_from_bytea(0, 'x')").await;
    let message = refused(&to.url(), pg_dump(&from.url(), &["--inserts"])).await;
    assert!(message.contains("--no-blobs"), "{message}");
    assert!(
        refused(&to.url(), "-- nothing\n")
            .await
            .contains("no statement")
    );
    let open = refused(&to.url(), "BEGIN;\nCREATE TABLE a (x int);\n").await;
    assert!(open.contains("its end is missing"), "{open}");
}

#[tokio::test]
async fn postgres_one_transaction_around_a_dump_and_windows_line_ends_are_read() {
    let from = PostgresDatabase::new().await;
    run(&connect(&from.url()).await, "CREATE TABLE a (x text)").await;
    let dump = pg_dump(&from.url(), &[]);
    // Without rows, COPY does nothing.
    assert!(dump.contains("COPY public.a (x) FROM stdin"), "{dump}");
    let around = format!(
        "\u{feff}{}",
        format!("SET lock_timeout = 0;\nBEGIN;\n{dump}\nCOMMIT;\nRESET ALL;\n")
            .replace('\n', "\r\n")
    );
    let to = PostgresDatabase::new().await;
    baseline(around);
    up::<Given>(&to.url()).await.expect("up");
    assert_eq!(
        texts(&connect(&to.url()).await, "SELECT count(*) || '' FROM a").await,
        ["0"]
    );
}

#[tokio::test]
async fn postgres_a_failure_in_a_dump_names_the_line_and_the_option() {
    let to = PostgresDatabase::new().await;
    let missing = unique("nobody");
    let dump = format!(
        "SET lock_timeout = 0;\nCREATE TABLE a (x int);\n\nALTER TABLE public.a\n    OWNER TO {missing};\n"
    );
    baseline(dump);
    let error = up::<Given>(&to.url()).await.expect_err("no such role");
    let MigrateError::Statement {
        statement,
        line,
        remedy,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*statement, *line), (2, Some(4)));
    assert_eq!(
        remedy.as_deref(),
        Some("create the role, or leave the statement out of the dump with pg_dump --no-owner")
    );
    assert!(
        error.to_string().contains("statement 2 (line 4)"),
        "{error}"
    );
    let plan = Plan::of::<Given>(Engine::Postgres)
        .expect("a plan")
        .to_string();
    assert!(plan.contains("\nCREATE TABLE a (x int);\n"), "{plan}");
}

#[tokio::test]
async fn postgres_a_failure_in_a_dump_names_an_option_only_for_a_missing_role_or_privilege() {
    let to = PostgresDatabase::new().await;
    let missing = unique("nobody");
    for (dump, remedy) in [
        (
            format!("GRANT SELECT ON a TO {missing};\n"),
            Some(
                "create the role, or leave the statement out of the dump with pg_dump --no-privileges",
            ),
        ),
        (
            format!("SET SESSION AUTHORIZATION '{missing}';\n"),
            Some("create the role, or leave the statement out of the dump with pg_dump --no-owner"),
        ),
        (
            "SET ROLE pg_monitor;\nGRANT SELECT ON pg_catalog.pg_authid TO PUBLIC;\n".to_owned(),
            Some(
                "migrate with a role that has the privilege, or leave the statement out of the dump with pg_dump \
                 --no-privileges",
            ),
        ),
        (
            "ALTER TABLE missing OWNER TO CURRENT_USER;\n".to_owned(),
            None,
        ),
        (
            "ALTER TYPE missing OWNER TO CURRENT_USER;\n".to_owned(),
            None,
        ),
        ("COMMENT ON COLUMN a.missing IS 'x';\n".to_owned(), None),
        (format!("CREATE POLICY p ON a TO {missing};\n"), None),
    ] {
        baseline(format!("CREATE TABLE a (x int);\n{dump}"));
        let error = up::<Given>(&to.url()).await.expect_err(&dump);
        let MigrateError::Statement { remedy: found, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(found.as_deref(), remedy, "{error}");
        assert_eq!(
            error.to_string().contains("pg_dump"),
            remedy.is_some(),
            "{error}"
        );
    }
}

/// The given migrations, of a program whose history has a table of its own.
struct Billing;

impl History for Billing {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        Given::migrations()
    }
    fn table() -> &'static str {
        "billing_migrations"
    }
}

/// Applies the dump of a database whose last migration is unfinished, so that it has all tables of a history.
async fn own_history_is_left_out(from: &str, to: &str, dump: impl Fn() -> String) {
    let unfinished = Script::new().sql("SELECT nonsense").outside_transaction();
    given([
        step("m1", Script::new().sql("CREATE TABLE invoices (x int)")),
        step("m2", unfinished),
    ]);
    up::<Billing>(from).await.expect_err("unfinished");
    let dump = dump();
    assert!(dump.contains("billing_migrations_progress"), "{dump}");
    baseline(dump);
    up::<Billing>(to)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let db = connect(to).await;
    let recorded = texts(&db, "SELECT version FROM billing_migrations ORDER BY 1").await;
    assert_eq!(recorded, ["m1_baseline", "m2_next"]);
    assert_eq!(
        tables(&db).await,
        [
            "billing_migrations",
            "billing_migrations_checksums",
            "invoices",
            "next"
        ]
    );
}

#[tokio::test]
async fn postgres_the_dump_of_a_program_with_a_history_table_of_its_own_is_a_baseline() {
    let (from, to) = (PostgresDatabase::new().await, PostgresDatabase::new().await);
    let dump = || pg_dump(&from.url(), &["--inserts"]);
    own_history_is_left_out(&from.url(), &to.url(), dump).await;
}

#[tokio::test]
async fn sqlite_the_dump_of_a_program_with_a_history_table_of_its_own_is_a_baseline() {
    let (from, to) = (SqliteFile::new(), SqliteFile::new());
    let dump = || sqlite_dump(&from);
    own_history_is_left_out(&from.url(), &to.url(), dump).await;
}

#[tokio::test]
async fn postgres_the_schema_of_a_dump_may_exist() {
    let to = PostgresDatabase::new().await;
    let db = connect(&to.url()).await;
    baseline(
        "CREATE SCHEMA public;\nCREATE SCHEMA app;\nCOMMENT ON EXTENSION nothing IS 'x';\nCREATE TABLE app.a (x int);\n",
    );
    Migrator::<Given>::up(&db, None).await.expect("up");
    assert_eq!(texts(&db, "SELECT count(*) || '' FROM app.a").await, ["0"]);
}

#[tokio::test]
async fn sqlite_the_dump_of_a_migrated_database_makes_the_same_database() {
    let from = SqliteFile::new();
    up::<migration::History>(&from.url()).await.expect("up");
    same_on_sqlite(&from).await;
}

async fn same_on_sqlite(from: &SqliteFile) {
    let dump = sqlite_dump(from);
    let to = SqliteFile::new();
    baseline(dump.clone());
    up::<Given>(&to.url())
        .await
        .unwrap_or_else(|error| panic!("{error}\n{dump}"));
    run(&connect(&to.url()).await, "DROP TABLE next").await;
    assert_same(&dump, &sqlite_dump(&to), "sqlite3");
    // The schema alone.
    let to = SqliteFile::new();
    baseline(output("sqlite3", &[&from.path(), ".schema"]));
    up::<Given>(&to.url()).await.expect("the schema");
    let db = connect(&to.url()).await;
    run(&db, "DROP TABLE next").await;
    let names = "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";
    let from = connect(&from.url()).await;
    let without_history = |names: Vec<String>| -> Vec<String> {
        let names = names.into_iter();
        names.filter(|name| !name.contains("seaql")).collect()
    };
    assert_eq!(
        without_history(texts(&db, names).await),
        without_history(texts(&from, names).await)
    );
}

#[tokio::test]
async fn sqlite_the_dump_of_odd_objects_makes_the_same_database() {
    let from = SqliteFile::new();
    let db = connect(&format!("{}?mode=rwc", from.url())).await;
    run(
        &db,
        r#"
CREATE TABLE "odd ""table""" (id INTEGER PRIMARY KEY AUTOINCREMENT, "a;b" TEXT DEFAULT 'it''s; COMMIT', [c d] BLOB);
CREATE TABLE child (id INTEGER REFERENCES "odd ""table""" (id) ON DELETE CASCADE) STRICT;
CREATE TRIGGER "t;" AFTER INSERT ON child BEGIN
    SELECT CASE new.id WHEN 1 THEN 2 ELSE 3 END; -- COMMIT;
    DELETE FROM child WHERE id = 0;
END;
CREATE VIEW v AS SELECT CASE WHEN id THEN 'BEGIN' ELSE ';' END AS word FROM child;
CREATE INDEX i ON child (id) WHERE id > 0;
INSERT INTO "odd ""table""" ("a;b", [c d]) VALUES ('it''s
COMMIT;', x'00ff'), (NULL, NULL);
INSERT INTO child VALUES (1), (2);
ANALYZE;
"#,
    )
    .await;
    same_on_sqlite(&from).await;
}

#[tokio::test]
async fn sqlite_what_a_dump_cannot_restore_is_refused() {
    let from = SqliteFile::new();
    output(
        "sqlite3",
        &[&from.path(), "CREATE VIRTUAL TABLE words USING fts5(word)"],
    );
    let to = SqliteFile::new();
    let message = refused(&to.url(), sqlite_dump(&from)).await;
    assert!(message.contains("creates virtual tables"), "{message}");
    let damaged = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE a (x);\nROLLBACK; -- due to errors\n";
    let message = refused(&to.url(), damaged).await;
    assert!(
        message.contains("line 4 is ROLLBACK") && message.contains(".recover"),
        "{message}"
    );
}
