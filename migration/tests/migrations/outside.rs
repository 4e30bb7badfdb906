//! Migrations that run outside of a transaction.

use catamaran::Engine;
use catamaran::migrate::{MigrateError, Migrator, Plan, Script, pending, up};
use sea_orm::TransactionTrait;
use sea_orm_migration::MigratorTrait;

use crate::support::given::{Given, Step, given, step, twins};
use crate::support::{connect, run, schema, texts};

twins!(
    a_batch_is_split_around_a_migration_outside_of_a_transaction,
    a_failure_outside_keeps_what_has_finished_and_up_goes_on,
    a_migration_outside_is_refused_in_a_transaction_of_the_caller,
    an_unfinished_migration_is_shown_and_stops_the_other_direction,
    finished_statements_must_not_change,
    every_command_runs_what_is_outside,
    two_migrators_at_once_run_what_is_outside_once,
    a_script_outside_has_one_statement_in_each_text,
);

/// A statement that no transaction may contain.
pub(crate) fn alone(url: &str) -> &'static str {
    match url.starts_with("sqlite") {
        true => "VACUUM",
        false => "CREATE INDEX CONCURRENTLY ix_a__x ON a (x)",
    }
}

pub(crate) fn table(name: &'static str) -> Script {
    Script::new().sql(format!("CREATE TABLE {name} (x int)"))
}

/// The tables, except the one of the checksums.
pub(crate) async fn tables(url: &str) -> Vec<String> {
    let sql = match url.starts_with("sqlite") {
        true => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1",
        false => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
        }
    };
    let mut tables = texts(&connect(url).await, sql).await;
    tables.retain(|table| table != "seaql_migrations_checksums");
    tables
}

pub(crate) async fn recorded(url: &str) -> Vec<String> {
    texts(
        &connect(url).await,
        "SELECT version FROM seaql_migrations ORDER BY 1",
    )
    .await
}

async fn a_batch_is_split_around_a_migration_outside_of_a_transaction(url: &str) {
    let outside = Script::new()
        .sql(alone(url))
        .sql("INSERT INTO a VALUES (1)")
        .outside_transaction();
    given([
        step("m1", table("a")),
        step("m2", outside),
        step("m3", table("b")),
        step("m4", Script::new().sql("SELECT nonsense")),
    ]);
    let error = up::<Given>(url).await.expect_err("m4");
    assert!(
        matches!(
            error,
            MigrateError::Statement {
                migration: "m4",
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(recorded(url).await, ["m1", "m2"]);
    assert_eq!(tables(url).await, ["a", "seaql_migrations"]);
    assert_eq!(
        texts(&connect(url).await, "SELECT x || '' FROM a").await,
        ["1"]
    );

    let mut steps = Given::steps();
    steps[3] = step("m4", table("c"));
    given(steps);
    let report = up::<Given>(url).await.expect("up");
    assert_eq!(
        (report.applied, report.outside),
        (vec!["m3".to_owned(), "m4".to_owned()], vec![])
    );
    assert!(up::<Given>(url).await.expect("up").is_empty());
    let engine = match url.starts_with("sqlite") {
        true => Engine::Sqlite,
        false => Engine::Postgres,
    };
    let plan = Plan::of::<Given>(engine).expect("a plan").to_string();
    assert!(
        plan.contains("in transactions that end at each one outside"),
        "{plan}"
    );
    assert!(
        plan.contains("-- outside of a transaction: each statement by itself\n\n"),
        "{plan}"
    );
}

async fn a_failure_outside_keeps_what_has_finished_and_up_goes_on(url: &str) {
    let script = |last: &'static str| {
        Script::new()
            .sql("INSERT INTO a VALUES (1)")
            .sql(alone(url))
            .sql(last)
            .sql("INSERT INTO a VALUES (3)")
            .outside_transaction()
    };
    let steps = |last| {
        [
            step("m1", table("a")),
            step("m2", script(last)),
            step("m3", table("b")),
        ]
    };
    given(steps("INSERT INTO nowhere VALUES (2)"));
    for _ in 0..2 {
        let error = up::<Given>(url).await.expect_err("nowhere");
        let MigrateError::Unfinished {
            migration,
            direction,
            finished,
            source,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!(
            (migration.as_str(), direction.as_str(), *finished),
            ("m2", "up", 2)
        );
        assert!(source.is_some());
        let message = error.to_string();
        for words in [
            "statement 3 of 4 failed: ",
            "2 statements before it have finished and stay",
            "run `up` again",
        ] {
            assert!(message.contains(words), "{words}: {message}");
        }
        assert_eq!(recorded(url).await, ["m1"]);
        assert_eq!(
            tables(url).await,
            ["a", "seaql_migrations", "seaql_migrations_progress"]
        );
    }
    // The statement that failed may be corrected.
    given(steps("INSERT INTO a VALUES (2)"));
    let report = up::<Given>(url).await.expect("up");
    assert_eq!(
        (report.applied.len(), report.outside),
        (2, vec!["m2".to_owned()])
    );
    let rows = texts(&connect(url).await, "SELECT x || '' FROM a ORDER BY x").await;
    assert_eq!(rows, ["1", "2", "3"]);
    assert_eq!(tables(url).await, ["a", "b", "seaql_migrations"]);
}

async fn a_migration_outside_is_refused_in_a_transaction_of_the_caller(url: &str) {
    given([
        step("m1", table("a")),
        step("m2", Script::new().sql(alone(url)).outside_transaction()),
    ]);
    let db = connect(url).await;
    if url.starts_with("sqlite") {
        run(&db, "PRAGMA foreign_keys = OFF").await;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is about a transaction of the caller's"
    )]
    let tx = db.begin().await.expect("begin");
    let error = catamaran::migrate::apply::<Given>(&tx)
        .await
        .expect_err("inside");
    assert!(
        matches!(
            error,
            MigrateError::InCallersTransaction { migration: "m2" }
        ),
        "{error}"
    );
    tx.rollback().await.expect("rollback");
    let manager = sea_orm_migration::SchemaManager::new(&db);
    let migrations = <Migrator<Given> as MigratorTrait>::migrations();
    let error = migrations[1]
        .up(&manager)
        .await
        .expect_err("SeaORM begins a transaction");
    assert!(
        error.to_string().contains("outside of a transaction"),
        "{error}"
    );
    assert_eq!(
        schema(&db)
            .await
            .iter()
            .filter(|line| line.starts_with("table"))
            .count(),
        0
    );
}

async fn an_unfinished_migration_is_shown_and_stops_the_other_direction(url: &str) {
    let outside = Script::new()
        .sql("INSERT INTO a VALUES (1)")
        .sql("INSERT INTO nowhere VALUES (2)")
        .outside_transaction();
    given([
        step("m1", table("a")),
        Step {
            down: outside.clone(),
            ..step("m2", outside)
        },
    ]);
    up::<Given>(url).await.expect_err("nowhere");
    let db = connect(url).await;
    for command in ["down", "refresh", "reset"] {
        let error = match command {
            "down" => Migrator::<Given>::down(&db, None).await,
            "refresh" => Migrator::<Given>::refresh(&db).await,
            _ => Migrator::<Given>::reset(&db).await,
        };
        let message = error.expect_err(command).to_string();
        assert!(
            message.contains("run `up` first, which goes on with it"),
            "{message}"
        );
    }
    assert_eq!(pending::<Given>(url).await.expect("pending"), ["m2"]);
    Migrator::<Given>::status(&db).await.expect("status");
    // Another program must not go on with it.
    given([step("m1", table("a"))]);
    let message = up::<Given>(url).await.expect_err("not its own").to_string();
    assert!(
        message.contains("this program does not have it"),
        "{message}"
    );

    // The way back is the same: what is half reverted is not left unnoticed.
    let down = Script::new()
        .sql("DELETE FROM a")
        .sql("DELETE FROM nowhere")
        .outside_transaction();
    let whole = Script::new()
        .sql("INSERT INTO a VALUES (1)")
        .sql("INSERT INTO a VALUES (2)");
    let steps = |down| {
        [
            step("m1", table("a")),
            Step {
                down,
                ..step("m2", whole.clone().outside_transaction())
            },
        ]
    };
    given(steps(down));
    up::<Given>(url).await.expect("up");
    let error = Migrator::<Given>::down(&db, None)
        .await
        .expect_err("nowhere");
    assert!(error.to_string().contains("run `down` again"), "{error}");
    let error = up::<Given>(url).await.expect_err("half reverted");
    assert!(error.to_string().contains("run `down` first"), "{error}");
    given(steps(
        Script::new()
            .sql("DELETE FROM a")
            .sql("SELECT 1")
            .outside_transaction(),
    ));
    Migrator::<Given>::down(&db, Some(1)).await.expect("down");
    assert_eq!(recorded(url).await, ["m1"]);
    assert_eq!(tables(url).await, ["a", "seaql_migrations"]);
}

async fn finished_statements_must_not_change(url: &str) {
    let steps = |first: &'static str| {
        let outside = Script::new()
            .sql(first)
            .sql("INSERT INTO nowhere VALUES (2)");
        [
            step("m1", table("a")),
            step("m2", outside.outside_transaction()),
        ]
    };
    given(steps("INSERT INTO a VALUES (1)"));
    up::<Given>(url).await.expect_err("nowhere");
    given(steps("INSERT INTO a VALUES (5)"));
    let message = up::<Given>(url).await.expect_err("changed").to_string();
    assert!(message.contains("restore their text"), "{message}");
    // What the message says can be run.
    let at = message.find("DELETE FROM").expect("a statement");
    let db = connect(url).await;
    run(&db, &message[at..]).await;
    run(&db, "CREATE TABLE nowhere (x int)").await;
    up::<Given>(url).await.expect("anew");
}

async fn every_command_runs_what_is_outside(url: &str) {
    let outside = Script::new().sql(alone(url)).outside_transaction();
    let back = match url.starts_with("sqlite") {
        true => Script::new().sql("VACUUM"),
        false => Script::new().sql("DROP INDEX CONCURRENTLY ix_a__x"),
    };
    let drop = |name: &str| Script::new().sql(format!("DROP TABLE {name}"));
    given([
        Step {
            down: drop("a"),
            ..step("m1", table("a"))
        },
        Step {
            down: back.outside_transaction(),
            ..step("m2", outside)
        },
        Step {
            down: drop("b"),
            ..step("m3", table("b"))
        },
    ]);
    let db = connect(url).await;
    let all = ["m1", "m2", "m3"];
    Migrator::<Given>::up(&db, Some(2)).await.expect("up 2");
    assert_eq!(recorded(url).await, all[..2]);
    Migrator::<Given>::up(&db, None).await.expect("up");
    Migrator::<Given>::down(&db, Some(2)).await.expect("down 2");
    assert_eq!(recorded(url).await, all[..1]);
    Migrator::<Given>::up(&db, None).await.expect("up");
    Migrator::<Given>::refresh(&db).await.expect("refresh");
    assert_eq!(recorded(url).await, all);
    Migrator::<Given>::fresh(&db).await.expect("fresh");
    assert_eq!(recorded(url).await, all);
    Migrator::<Given>::reset(&db).await.expect("reset");
    assert_eq!(tables(url).await, [""; 0]);
}

async fn two_migrators_at_once_run_what_is_outside_once(url: &str) {
    let outside = Script::new()
        .sql("INSERT INTO a VALUES (1)")
        .sql(alone(url))
        .sql("INSERT INTO a VALUES (2)")
        .sql("INSERT INTO a VALUES (3)")
        .outside_transaction();
    given([
        step("m1", table("a")),
        step("m2", outside),
        step("m3", table("b")),
    ]);
    let reports = futures_util::future::join_all((0..4).map(|_| up::<Given>(url))).await;
    let mut applied: Vec<String> = Vec::new();
    for report in reports {
        applied.extend(report.expect("each succeeds").applied);
    }
    applied.sort();
    assert_eq!(applied, ["m1", "m2", "m3"]);
    let rows = texts(&connect(url).await, "SELECT x || '' FROM a ORDER BY x").await;
    assert_eq!(rows, ["1", "2", "3"]);
}

async fn a_script_outside_has_one_statement_in_each_text(url: &str) {
    for (sql, words) in [
        ("SELECT 1; SELECT 2", "has 2 statements"),
        ("COMMIT", "each statement of the script runs by itself"),
        ("-- nothing", "has 0 statements"),
    ] {
        given([step("m1", Script::new().sql(sql).outside_transaction())]);
        let message = up::<Given>(url).await.expect_err(sql).to_string();
        assert!(message.contains(words), "{message}");
    }
}
