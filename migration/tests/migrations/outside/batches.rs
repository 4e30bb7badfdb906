//! How a batch is split.

use catamaran::Engine;
use catamaran::migrate::{MigrateError, Migrator, Plan, Script, up};
use sea_orm::TransactionTrait;
use sea_orm_migration::MigratorTrait;

use super::{alone, recorded, table, tables};
use crate::support::given::{Given, Step, given, step, twins};
use crate::support::{PostgresDatabase, connect, run, schema, texts, unique};

twins!(
    a_batch_is_split_around_a_migration_outside_of_a_transaction,
    a_migration_outside_is_refused_in_a_transaction_of_the_caller,
    every_command_runs_what_is_outside,
    two_migrators_at_once_run_what_is_outside_once,
    a_script_outside_has_one_statement_in_each_text,
);

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
    let MigrateError::PartlyCommitted { committed, source } = &error else {
        panic!("{error}");
    };
    assert_eq!(
        (&committed.applied[..], &committed.outside[..]),
        (
            &["m1".to_owned(), "m2".to_owned()][..],
            &["m2".to_owned()][..]
        )
    );
    let is_m4 = matches!(&**source, MigrateError::Statement { migration, .. } if migration == "m4");
    assert!(is_m4, "{error}");
    let words = "an earlier part of the batch is committed: applied the migrations `m1`, `m2`; the rest was rolled back";
    assert!(error.to_string().ends_with(words), "{error}");
    let error = catamaran::Error::from(error);
    assert!(
        matches!(error.kind(), catamaran::ErrorKind::Migration { .. })
            && error.to_string().contains(words),
        "{error:?}"
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
    let is_m2 =
        matches!(&error, MigrateError::InCallersTransaction { migration } if migration == "m2");
    assert!(is_m2, "{error}");
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

/// The connection that is to hold the lock cannot be opened.
#[tokio::test]
async fn postgres_an_error_between_two_parts_names_what_is_committed() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let db = connect(&url).await;
    let role = unique("migrator");
    let create = format!("CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 'secret'");
    run(&db, &create).await;
    let close = format!("ALTER ROLE {role} NOLOGIN");
    given([
        step("m1", table("a").sql(close)),
        step("m2", Script::new().sql(alone(&url)).outside_transaction()),
    ]);
    let outcome = up::<Given>(&database.url_as(&role)).await;
    let names = texts(&db, "SELECT version FROM seaql_migrations").await;
    for sql in [format!("DROP OWNED BY {role}"), format!("DROP ROLE {role}")] {
        run(&db, &sql).await;
    }
    assert_eq!(names, ["m1"]);
    let error = outcome.expect_err("no connection");
    let MigrateError::PartlyCommitted { committed, source } = &error else {
        panic!("{error}");
    };
    assert_eq!(committed.applied, ["m1"]);
    assert!(matches!(**source, MigrateError::Connect(_)), "{error}");
    let words = "; an earlier part of the batch is committed: applied the migration `m1`";
    assert!(error.to_string().ends_with(words), "{error}");
}
