//! A migration that has begun and not finished.

use catamaran::migrate::{Direction, MigrateError, Migrator, Script, pending, up};
use sea_orm_migration::MigratorTrait;

use super::{alone, recorded, table, tables};
use crate::support::given::{Given, Step, given, step, twins};
use crate::support::{connect, run, texts};

twins!(
    a_failure_outside_keeps_what_has_finished_and_up_goes_on,
    an_unfinished_migration_is_shown_and_stops_the_other_direction,
    finished_statements_must_not_change,
);

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
    for is_first in [true, false] {
        let mut error = up::<Given>(url).await.expect_err("nowhere");
        if is_first {
            let MigrateError::PartlyCommitted { committed, source } = error else {
                panic!("{error}");
            };
            assert_eq!(committed.applied, ["m1"]);
            error = *source;
        }
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
            (migration.as_str(), *direction, *finished),
            ("m2", Direction::Up, 2)
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
