//! What the text of a script may be.

use catamaran::migrate::{Direction, MigrateError, Migrator, Plan, Script, up};
use sea_orm_migration::MigratorTrait;

use crate::support::given::{Given, given, step, twins};
use crate::support::{connect, eventually, run, schema, texts};

twins!(
    transaction_control_anywhere_in_a_script_is_refused_before_anything_runs,
    a_byte_order_mark_and_line_ends_of_windows_are_read,
    a_script_with_bodies_that_contain_begin_and_end_is_applied,
    what_no_transaction_may_contain_is_refused_with_the_remedy,
);

async fn transaction_control_anywhere_in_a_script_is_refused_before_anything_runs(url: &str) {
    let db = connect(url).await;
    for (sql, words) in [
        (
            "CREATE TABLE a (x int); COMMIT; CREATE TABLE b (x int)",
            "statement 1, line 1, is COMMIT",
        ),
        (
            "BEGIN;\nCREATE TABLE a (x int);\nCOMMIT;",
            "statement 1, line 1, is BEGIN",
        ),
        (
            "CREATE TABLE a (x int);\nSTART TRANSACTION",
            "statement 1, line 2, is START TRANSACTION",
        ),
        ("CREATE TABLE a (x int); /* done */ END", "is END"),
        ("CREATE TABLE a (x int); -- ;\nROLLBACK", "is ROLLBACK"),
        ("CREATE TABLE a (x int); ABORT", "is ABORT"),
        (
            "CREATE TABLE a (x int); PREPARE TRANSACTION 'a'",
            "is PREPARE TRANSACTION",
        ),
        ("COMMIT PREPARED 'a'", "statement 1 is COMMIT PREPARED"),
        ("SAVEPOINT a", "statement 1 is SAVEPOINT"),
        ("CREATE TABLE a (x int);\u{feff}commit", "is COMMIT"),
    ] {
        given([
            step("m1", Script::new().sql("CREATE TABLE first (x int)")),
            step("m2", Script::new().sql(sql)),
            step("m3", Script::new().sql("SELECT nonsense")),
        ]);
        let error = up::<Given>(url).await.expect_err(sql);
        let message = error.to_string();
        assert!(matches!(error, MigrateError::History { .. }), "{message}");
        assert!(
            message.contains(words) && message.contains("remove it"),
            "{message}"
        );
        assert!(message.starts_with("migration `m2`: "), "{message}");
        assert!(
            Plan::of::<Given>(catamaran::Engine::Sqlite).is_err(),
            "{sql}"
        );
        let left = schema(&db).await;
        assert!(!left.iter().any(|line| line.contains("table")), "{left:#?}");
    }
}

async fn a_byte_order_mark_and_line_ends_of_windows_are_read(url: &str) {
    let files = "\u{feff}CREATE TABLE a (x text);\r\n\u{feff}-- the second file\r\nINSERT INTO a\r\nVALUES ('\u{feff}x');\r\n\u{feff}";
    given([step(
        "m1",
        Script::new()
            .sql(files)
            .sql("\u{feff}CREATE TABLE b (x int);\r\n"),
    )]);
    up::<Given>(url).await.expect("up");
    let db = connect(url).await;
    assert_eq!(texts(&db, "SELECT x FROM a").await, ["\u{feff}x"]);
    assert_eq!(texts(&db, "SELECT count(*) || '' FROM b").await, ["0"]);
}

async fn a_script_with_bodies_that_contain_begin_and_end_is_applied(url: &str) {
    let script = match url.starts_with("sqlite") {
        true => Script::new()
            .sql("CREATE TABLE a (x int); CREATE TABLE b (x int)")
            .sql(
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN \
                 INSERT INTO b SELECT CASE new.x WHEN 1 THEN 2 ELSE 3 END; DELETE FROM a; END; \
                 INSERT INTO a VALUES (1)",
            ),
        false => Script::new()
            .sql("CREATE TABLE a (x int); CREATE TABLE b (x int)")
            .sql(
                "CREATE FUNCTION f(v int) RETURNS void BEGIN ATOMIC \
                 INSERT INTO b SELECT CASE v WHEN 1 THEN 2 ELSE 3 END; DELETE FROM a; END; SELECT f(1)",
            )
            .sql("DO $$ BEGIN PERFORM 1; END $$; DO 'BEGIN NULL; END'")
            .sql("CREATE RULE r AS ON DELETE TO b DO ALSO (DELETE FROM a; DELETE FROM a;)"),
    };
    given([step("m1", script)]);
    up::<Given>(url).await.expect("up");
    assert_eq!(
        texts(&connect(url).await, "SELECT x || '' FROM b").await,
        ["2"]
    );
}

async fn what_no_transaction_may_contain_is_refused_with_the_remedy(url: &str) {
    let refused = match url.starts_with("sqlite") {
        true => [
            "VACUUM",
            "PRAGMA journal_mode = DELETE",
            "PRAGMA auto_vacuum = 1",
        ],
        false => [
            "VACUUM",
            "CREATE INDEX CONCURRENTLY i ON a (x)",
            "SELECT 1; DROP INDEX CONCURRENTLY i",
        ],
    };
    for sql in refused {
        given([step("m1", Script::new().sql(sql))]);
        let message = up::<Given>(url).await.expect_err(sql).to_string();
        assert!(message.contains("cannot run in a transaction"), "{message}");
        assert!(message.contains(".outside_transaction()"), "{message}");
    }
}

/// `standard_conforming_strings` changes where a literal ends. It is set here in a way that is not seen in the text.
#[tokio::test]
async fn postgres_a_transaction_that_was_ended_in_a_hidden_way_is_noticed() {
    let database = crate::support::PostgresDatabase::new().await;
    let hidden = Script::new()
        .sql("CREATE TABLE second (x int)")
        .sql("SELECT set_config('standard_conforming' || '_strings', 'off', true)")
        .sql(r"SELECT '\', '; COMMIT; --'");
    given([
        step("m1", Script::new().sql("CREATE TABLE first (x int)")),
        step("m2", hidden),
        step("m3", Script::new().sql("CREATE TABLE third (x int)")),
    ]);
    let error = up::<Given>(&database.url())
        .await
        .expect_err("it was ended");
    let MigrateError::TransactionEnded {
        migration,
        direction,
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((migration.as_str(), *direction), ("m2", Direction::Up));
    assert!(error.to_string().contains("not recorded"), "{error}");
    let db = connect(&database.url()).await;
    let names = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' \
         AND tablename NOT LIKE '%checksums' ORDER BY 1";
    assert_eq!(
        texts(&db, names).await,
        ["first", "seaql_migrations", "second"]
    );
    let recorded = "SELECT version FROM seaql_migrations";
    assert_eq!(texts(&db, recorded).await, ["m1"]);
}

/// Postgres refuses these itself, so that nothing of the batch stays.
#[tokio::test]
async fn postgres_a_commit_inside_a_block_or_procedure_rolls_the_batch_back() {
    let database = crate::support::PostgresDatabase::new().await;
    let db = connect(&database.url()).await;
    for sql in [
        "DO $$ BEGIN COMMIT; END $$",
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; CALL p()",
    ] {
        let script = Script::new().sql("CREATE TABLE a (x int)").sql(sql);
        given([step("m1", script)]);
        let error = up::<Given>(&database.url()).await.expect_err(sql);
        let MigrateError::Statement {
            statement: 2,
            remedy: Some(remedy),
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert!(remedy.contains(".outside_transaction()"), "{remedy}");
        let left = schema(&db).await;
        assert!(!left.iter().any(|line| line.contains("table")), "{left:#?}");
    }
}

#[tokio::test]
async fn postgres_a_new_enum_value_that_is_used_in_its_transaction_is_an_error_with_the_remedy() {
    let database = crate::support::PostgresDatabase::new().await;
    let value = Script::new().sql("ALTER TYPE mood ADD VALUE 'fine'");
    let steps = |value: Script| {
        [
            step("m1", Script::new().sql("CREATE TYPE mood AS ENUM ('sad')")),
            step("m2", value),
            step(
                "m3",
                Script::new().sql("CREATE TABLE a (x mood DEFAULT 'fine')"),
            ),
        ]
    };
    given(steps(value.clone()));
    let url = database.url();
    // The type is older than the transaction.
    Migrator::<Given>::up(&connect(&url).await, Some(1))
        .await
        .expect("the type");
    let message = up::<Given>(&url).await.expect_err("unsafe").to_string();
    assert!(message.contains("ALTER TYPE .. ADD VALUE"), "{message}");
    given(steps(value.outside_transaction()));
    let report = up::<Given>(&url).await.expect("up");
    assert_eq!(
        (report.applied.len(), report.outside),
        (2, vec!["m2".to_owned()])
    );
}

/// `ON CONFLICT ROLLBACK` ends the transaction in the statement that fails.
#[tokio::test]
async fn sqlite_a_conflict_that_rolls_back_leaves_nothing() {
    let file = crate::support::SqliteFile::new();
    let url = format!("{}?mode=rwc", file.url());
    let script = Script::new()
        .sql("CREATE TABLE a (x int UNIQUE)")
        .sql("INSERT OR ROLLBACK INTO a VALUES (1), (1)");
    given([step("m1", script)]);
    let error = up::<Given>(&url).await.expect_err("a conflict");
    assert!(
        matches!(error, MigrateError::Statement { statement: 2, .. }),
        "{error}"
    );
    assert_eq!(schema(&connect(&url).await).await, [""; 0]);
}

/// Whoever waits for the lock must not hold a snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_a_migrator_that_waits_holds_no_snapshot() {
    let database = crate::support::PostgresDatabase::new().await;
    let url = database.url();
    let db = connect(&url).await;
    run(
        &db,
        &format!(
            "SELECT pg_advisory_lock({})",
            i64::from_be_bytes(*b"catamara")
        ),
    )
    .await;
    let waiting = tokio::spawn(async move {
        up::<migration::History>(&url)
            .await
            .map(|report| report.applied.len())
    });
    let waits = "SELECT count(*) || '' FROM pg_stat_activity WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND state = 'idle in transaction' AND backend_xmin IS NULL \
         AND query LIKE '%pg_try_advisory_xact_lock%'";
    eventually("a migrator that waits", async || {
        texts(&db, waits).await == ["1"]
    })
    .await;
    run(&db, "SELECT pg_advisory_unlock_all()").await;
    let applied = waiting.await.expect("no panic").expect("up");
    assert_eq!(applied, crate::support::migrations());
}

#[tokio::test]
async fn postgres_a_deferred_constraint_that_fails_is_an_error_of_the_commit() {
    let database = crate::support::PostgresDatabase::new().await;
    let url = database.url();
    let table = "CREATE TABLE a (x int PRIMARY KEY, p int, CONSTRAINT fk_a FOREIGN KEY (p) REFERENCES a \
         DEFERRABLE INITIALLY DEFERRED)";
    let script = Script::new().sql(table).sql("INSERT INTO a VALUES (1, 2)");
    given([step("m1", script)]);
    let error = up::<Given>(&url).await.expect_err("there is no parent");
    assert!(matches!(error, MigrateError::Commit { .. }), "{error}");
    let message = error.to_string();
    let words = ["rolled back", "fk_a", "DEFERRED"];
    assert!(words.iter().all(|word| message.contains(word)), "{message}");
    let tables = "SELECT relname::text FROM pg_class WHERE relname IN ('a', 'seaql_migrations')";
    let left: Vec<String> = texts(&connect(&url).await, tables).await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn postgres_a_role_that_may_not_create_tables_is_told_the_grant() {
    let database = crate::support::PostgresDatabase::new().await;
    let db = connect(&database.url()).await;
    let role = crate::support::unique("newcomer");
    run(&db, &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).await;
    run(&db, "REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    given([step("m1", Script::new().sql("CREATE TABLE a (x int)"))]);
    let url = database.url_as(&role);
    let message = up::<Given>(&url).await.expect_err("no right").to_string();
    let (words, grant) = message.split_once("run ").expect("a statement");
    assert!(
        words.contains("may not create tables in the schema public"),
        "{message}"
    );
    run(&db, grant).await;
    let report = up::<Given>(&url).await.expect("the right is given");
    assert_eq!(report.applied, ["m1"]);
    run(&db, &format!("DROP OWNED BY {role}")).await;
    run(&db, &format!("DROP ROLE {role}")).await;
}
