//! What a migration leaves behind: indexes of Postgres, and settings and files of a connection of SQLite.

use catamaran::migrate::{MigrateError, Migrator, Script, up};
use sea_orm_migration::MigratorTrait;

use crate::support::given::{Given, given, step};
use crate::support::{PostgresDatabase, SqliteFile, connect, run, texts};

/// An index with the name of an unfinished one of `REINDEX CONCURRENTLY`, which something else has left.
async fn leave_invalid(db: &sea_orm::DatabaseConnection, table: &str) {
    run(db, &format!("INSERT INTO {table} (x) VALUES (1), (1)")).await;
    let sql = format!("CREATE UNIQUE INDEX CONCURRENTLY theirs_ccnew ON {table} (x)");
    sea_orm::ConnectionTrait::execute_unprepared(db, &sql)
        .await
        .expect_err("duplicates");
    run(db, &format!("DELETE FROM {table}")).await;
}

/// The statements that the message says to run.
fn drops(error: &MigrateError) -> Vec<String> {
    let message = error.to_string();
    let after = message.split_once("so run: ").expect(&message).1;
    let (drops, _) = after.split_once("; then").expect(&message);
    drops.split("; ").map(str::to_owned).collect()
}

#[tokio::test]
async fn postgres_a_reindex_reports_only_the_indexes_that_it_has_left() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let db = connect(&url).await;
    run(
        &db,
        "CREATE TABLE a (x int, body text); CREATE INDEX ix_a__x ON a (x); \
         CREATE TABLE p (x int) PARTITION BY RANGE (x); CREATE INDEX ix_p__x ON p (x); \
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9); \
         CREATE SCHEMA others; CREATE TABLE others.a (x int)",
    )
    .await;
    leave_invalid(&db, "others.a").await;
    for (statement, table, left) in [
        (
            "REINDEX INDEX CONCURRENTLY ix_a__x",
            "a",
            "public.ix_a__x_ccnew",
        ),
        ("REINDEX TABLE CONCURRENTLY a", "a", "public.ix_a__x_ccnew"),
        (
            "REINDEX (VERBOSE) SCHEMA CONCURRENTLY public",
            "a",
            "public.ix_a__x_ccnew",
        ),
        (
            "REINDEX INDEX CONCURRENTLY ix_p__x",
            "p",
            "public.p1_x_idx_ccnew",
        ),
        ("REINDEX TABLE CONCURRENTLY p", "p", "public.p1_x_idx_ccnew"),
    ] {
        if table == "a" {
            leave_invalid(&db, "a").await;
        }
        let script = Script::new()
            .sql("SET lock_timeout = '200ms'")
            .sql(statement)
            .outside_transaction();
        given([step("m1", script)]);
        // The statement waits for older snapshots once it has built its indexes.
        let blocker = connect(&url).await;
        run(&blocker, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await;
        let error = up::<Given>(&url).await.expect_err("a lock");
        let reported = drops(&error);
        let wanted = format!("DROP INDEX CONCURRENTLY {left}");
        assert!(reported.contains(&wanted), "{error}");
        let theirs = |drop: &&String| drop.contains("theirs_ccnew");
        assert_eq!(reported.iter().filter(theirs).count(), 0, "{error}");
        run(&blocker, "ROLLBACK").await;

        // Which attempt has left the others of the same table is not known any more.
        let error = up::<Given>(&url).await.expect_err("what is left");
        let reported = drops(&error);
        assert!(reported.contains(&wanted), "{error}");
        assert!(
            !reported.iter().any(|drop| drop.contains("others.")),
            "{error}"
        );
        for drop in &reported {
            run(&db, drop).await;
        }
        assert_eq!(up::<Given>(&url).await.expect(statement).applied, ["m1"]);
        run(
            &db,
            "DROP TABLE seaql_migrations, seaql_migrations_checksums",
        )
        .await;
    }
}

#[tokio::test]
async fn postgres_a_reindex_succeeds_beside_the_invalid_indexes_of_others() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let db = connect(&url).await;
    run(
        &db,
        "CREATE TABLE a (x int); CREATE SCHEMA others; CREATE TABLE others.a (x int)",
    )
    .await;
    leave_invalid(&db, "others.a").await;
    leave_invalid(&db, "a").await;
    let reindex = |statement: &'static str| Script::new().sql(statement).outside_transaction();
    given([
        step("m1", reindex("REINDEX TABLE CONCURRENTLY a")),
        step("m2", reindex("REINDEX SCHEMA CONCURRENTLY public")),
    ]);
    let report = up::<Given>(&url).await.expect("up");
    assert_eq!(report.applied, ["m1", "m2"]);
}

#[tokio::test]
async fn sqlite_foreign_keys_stay_off_outside_of_a_transaction() {
    let file = SqliteFile::new();
    let url = format!("{}?mode=rwc", file.url());
    let family = Script::new()
        .sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        .sql("CREATE TABLE child (id INTEGER REFERENCES parent (id) ON DELETE CASCADE)")
        .sql("INSERT INTO parent VALUES (1)")
        .sql("INSERT INTO child VALUES (1)");
    for sql in [
        "PRAGMA foreign_keys = ON",
        "PRAGMA main.Foreign_Keys(1)",
        "PRAGMA 'foreign_keys' = 1",
        "PRAGMA foreign_keys = OFF",
    ] {
        let outside = Script::new().sql(sql).sql("DROP TABLE parent");
        given([
            step("m1", family.clone()),
            step("m2", outside.outside_transaction()),
        ]);
        let message = up::<Given>(&url).await.expect_err(sql).to_string();
        assert!(
            message.contains("are off while migrations run"),
            "{message}"
        );
    }
    // In a transaction it has no effect.
    let inside = Script::new()
        .sql("PRAGMA foreign_keys = ON")
        .sql("CREATE TABLE other (id INTEGER PRIMARY KEY)")
        .sql("DROP TABLE parent")
        .sql("ALTER TABLE other RENAME TO parent")
        .sql("INSERT INTO parent VALUES (1)");
    given([step("m1", family), step("m2", inside)]);
    up::<Given>(&url).await.expect("up");
    let db = connect(&url).await;
    assert_eq!(texts(&db, "SELECT id || '' FROM child").await, ["1"]);
}

#[tokio::test]
async fn sqlite_a_pragma_that_would_stay_on_the_connection_is_refused() {
    let file = SqliteFile::new();
    let url = format!("{}?mode=rwc", file.url());
    for (sql, words) in [
        ("PRAGMA temp_store = MEMORY", "PRAGMA temp_store: remove it"),
        ("PRAGMA mmap_size = 1000000", "PRAGMA mmap_size: remove it"),
        (
            "PRAGMA 'wal_autocheckpoint'(0)",
            "PRAGMA wal_autocheckpoint: remove it",
        ),
        ("PRAGMA temp.cache_size = 5", "PRAGMA cache_size: remove it"),
        ("PRAGMA journal_mode = OFF", "DELETE or WAL"),
        ("PRAGMA journal_mode = 'memory'", "DELETE or WAL"),
    ] {
        for script in [
            Script::new().sql(sql),
            Script::new().sql(sql).outside_transaction(),
        ] {
            given([step("m1", script)]);
            let message = up::<Given>(&url).await.expect_err(sql).to_string();
            assert!(message.contains(words), "{message}");
        }
    }
    let reads = Script::new().sql(
        "PRAGMA temp_store; PRAGMA table_info(a); PRAGMA mmap_size; PRAGMA integrity_check(1)",
    );
    given([step("m1", reads)]);
    up::<Given>(&url).await.expect("they only read");
}

#[tokio::test]
async fn postgres_a_statement_outside_that_succeeds_runs_once() {
    let database = PostgresDatabase::new().await;
    let outside = Script::new()
        .sql("DO $$ BEGIN INSERT INTO a VALUES (1); COMMIT; END $$")
        .sql("INSERT INTO a VALUES (2)");
    given([
        step("m1", Script::new().sql("CREATE TABLE a (x int)")),
        step("m2", outside.outside_transaction()),
    ]);
    up::<Given>(&database.url()).await.expect("up");
    let db = connect(&database.url()).await;
    let rows = texts(&db, "SELECT x || '' FROM a ORDER BY x").await;
    assert_eq!(rows, ["1", "2"]);
}

#[tokio::test]
async fn sqlite_settings_and_files_outside_do_not_stay_on_a_connection_in_memory() {
    const STATE: &str = "SELECT (SELECT * FROM pragma_cache_size) || ' ' || (SELECT * FROM pragma_synchronous) \
         || ' ' || (SELECT * FROM pragma_journal_size_limit) || ' ' || (SELECT * FROM pragma_foreign_keys) \
         || ' ' || (SELECT group_concat(name) FROM pragma_database_list)";
    let db = connect("sqlite::memory:").await;
    let before = texts(&db, STATE).await;
    let outside = |last: &'static str| {
        let script = Script::new()
            .sql("PRAGMA cache_size = 77")
            .sql("PRAGMA synchronous = OFF")
            .sql("PRAGMA journal_size_limit = 5")
            .sql("ATTACH ':memory:' AS \"the \"\"old\"")
            .sql("CREATE TABLE \"the \"\"old\".a (x int)")
            .sql(last);
        given([step("m1", script.outside_transaction())]);
    };
    outside("INSERT INTO nowhere VALUES (1)");
    let error = Migrator::<Given>::up(&db, None).await.expect_err("nowhere");
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert_eq!(texts(&db, STATE).await, before);
    outside("CREATE TABLE b (x int)");
    Migrator::<Given>::up(&db, None).await.expect("up");
    assert_eq!(texts(&db, STATE).await, before);
}

#[tokio::test]
async fn sqlite_files_are_attached_only_outside_of_a_transaction() {
    let (old, new) = (SqliteFile::new(), SqliteFile::new());
    let rows = connect(&format!("{}?mode=rwc", old.url())).await;
    run(&rows, "CREATE TABLE a (x int); INSERT INTO a VALUES (7)").await;
    let url = format!("{}?mode=rwc", new.url());
    let attach = format!("ATTACH '{}' AS old", old.url().replace("sqlite://", ""));
    for sql in [attach.as_str(), "DETACH x"] {
        given([step("m1", Script::new().sql(sql.to_owned()))]);
        let message = up::<Given>(&url).await.expect_err("a file").to_string();
        assert!(message.contains("is ATTACH or DETACH"), "{message}");
        assert!(message.contains(".outside_transaction()"), "{message}");
    }
    let outside = |last: &'static str| {
        let script = Script::new()
            .sql(attach.clone())
            .sql("CREATE TABLE b AS SELECT x FROM old.a")
            .sql(last)
            .outside_transaction();
        given([
            step("m1", script),
            step("m2", Script::new().sql("INSERT INTO b VALUES (8)")),
        ]);
    };
    outside("INSERT INTO nowhere VALUES (1)");
    let message = up::<Given>(&url).await.expect_err("nowhere").to_string();
    assert!(message.contains("statement 3 of 3 failed"), "{message}");
    // The file is attached again.
    outside("INSERT INTO b SELECT x + 2 FROM old.a");
    up::<Given>(&url).await.expect("up");
    let db = connect(&url).await;
    let rows = texts(&db, "SELECT x || '' FROM b ORDER BY x").await;
    assert_eq!(rows, ["7", "8", "9"]);
}
