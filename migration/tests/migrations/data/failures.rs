//! A step that fails, panics, or never ends.

use catamaran::migrate::{Direction, MigrateError, Plan, apply, up};

use super::*;
use crate::support::given::twins;
use crate::support::run;

twins!(
    a_failed_batch_is_rolled_back_and_up_goes_on_with_it,
    a_step_whose_text_changed_between_its_batches_is_refused,
    a_panic_is_an_error_and_the_connection_stays_usable,
    a_step_that_returns_its_own_cursor_is_refused,
    a_failed_first_batch_leaves_nothing,
    a_statement_whose_error_the_step_ignores_fails_the_batch,
    a_way_back_that_is_refused_leaves_the_migration_applied,
    a_step_obeys_foreign_keys_and_cascades,
    a_transaction_of_the_caller_is_refused,
);

/// Fails in its third batch, after it has written.
async fn fails(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let next = copy(batch).await?;
    match batch.number() {
        3 => Err(Error::new("person 700 has no city")),
        _ => Ok(next),
    }
}

async fn panics(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let next = copy(batch).await?;
    assert!(batch.number() < 3, "no third batch");
    Ok(next)
}

/// The error of the migration, without what was committed before it.
async fn failure(url: &str) -> MigrateError {
    match up::<Given>(url).await.expect_err("it fails") {
        MigrateError::PartlyCommitted { source, .. } => *source,
        error => error,
    }
}

async fn a_failed_batch_is_rolled_back_and_up_goes_on_with_it(url: &str) {
    given_step("source", |batch| Box::pin(fails(batch)));
    for _ in 0..2 {
        let error = failure(url).await;
        let MigrateError::Unfinished {
            migration,
            direction,
            finished,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!(
            (migration.as_str(), *direction, *finished),
            ("m3", Direction::Up, 2)
        );
        let message = error.to_string();
        for words in [
            "batch 3 failed: person 700 has no city; the 2 batch(es) before it, with 500 row(s) written, are committed",
            "run `up` again, which goes on with this batch",
        ] {
            assert!(message.contains(words), "{words}: {message}");
        }
        assert_eq!(progress(url).await, ["m3 up 2 500 500"]);
        let plan = Plan::pending::<Given>(url).await.expect("a plan");
        let words =
            "-- unfinished: 2 batch(es) finished, with 500 row(s) written; `up` goes on after them";
        assert!(plan.to_string().contains(words), "{plan}");
        let error = down(url, 1).await.expect_err("unfinished").to_string();
        assert!(
            error.contains("with 2 batch(es) finished, with 500 row(s) written: run `up` first"),
            "{error}"
        );
    }
    given_step("source", |batch| Box::pin(copy(batch)));
    let report = up::<Given>(url).await.expect("up");
    assert_eq!(report.outside, ["m3"]);
    assert_all_copied(url).await;
    assert_eq!(progress(url).await, [""; 0]);
}

async fn a_step_whose_text_changed_between_its_batches_is_refused(url: &str) {
    given_step("source", |batch| Box::pin(fails(batch)));
    failure(url).await;
    given_step("another", |batch| Box::pin(copy(batch)));
    let message = failure(url).await.to_string();
    assert!(
        message.contains("the text of its step is another one now"),
        "{message}"
    );
    assert_eq!(progress(url).await, ["m3 up 2 500 500"]);
    // What the message says can be run.
    let update = message.find("UPDATE").expect("a statement");
    let end = update + message[update..].find(';').expect("its end");
    let db = connect(url).await;
    run(&db, &message[update..end]).await;
    up::<Given>(url).await.expect("up");
    assert_all_copied(url).await;
}

async fn a_panic_is_an_error_and_the_connection_stays_usable(url: &str) {
    given_step("source", |batch| Box::pin(panics(batch)));
    let db = connect(url).await;
    let error = apply::<Given>(&db).await.expect_err("a panic").to_string();
    assert!(
        error.contains(
            "batch 3 failed: the step panicked: no third batch; the 2 batch(es) before it"
        ),
        "{error}"
    );
    given_step("source", |batch| Box::pin(copy(batch)));
    apply::<Given>(&db).await.expect("up");
    assert_all_copied(url).await;
}

#[tokio::test]
async fn a_panic_does_not_leave_the_settings_of_a_database_in_memory_changed() {
    for setting in ["0", "1"] {
        given_step("source", |batch| Box::pin(panics(batch)));
        let db = connect("sqlite::memory:").await;
        run(&db, &format!("PRAGMA foreign_keys = {setting}")).await;
        apply::<Given>(&db).await.expect_err("a panic");
        let now = texts(&db, "SELECT foreign_keys || '' FROM pragma_foreign_keys").await;
        assert_eq!(now, [setting]);
        given_step("source", |batch| Box::pin(copy(batch)));
        apply::<Given>(&db).await.expect("up");
    }
}

async fn a_step_that_returns_its_own_cursor_is_refused(url: &str) {
    given_step("source", |_| Box::pin(async { Ok(Next::after("here")) }));
    let message = failure(url).await.to_string();
    assert!(
        message
            .contains("batch 2 failed: it returned its own cursor, `here`, so it would never end"),
        "{message}"
    );
    assert_eq!(progress(url).await, ["m3 up 1 here 0"]);
    given_step("source", |_| Box::pin(async { Ok(Next::after("a\0b")) }));
    let message = failure(url).await.to_string();
    assert!(message.contains("NUL character"), "{message}");
}

async fn a_failed_first_batch_leaves_nothing(url: &str) {
    given_step("source", |_| Box::pin(async { Err(Error::new("not yet")) }));
    let message = failure(url).await.to_string();
    assert!(
        message.contains("batch 1 failed: not yet; correct"),
        "{message}"
    );
    assert_eq!(progress(url).await, [""; 0]);
    assert_eq!(recorded(url).await, ["m1", "m2"]);
    // Another text is no edited one, and the way back is free.
    given_step("another", |batch| Box::pin(copy(batch)));
    down(url, 1).await.expect("down");
    up::<Given>(url).await.expect("up");
    assert_all_copied(url).await;
}

async fn a_statement_whose_error_the_step_ignores_fails_the_batch(url: &str) {
    async fn ignores(batch: &mut Batch<'_>) -> Result<Next, Error> {
        let next = copy(batch).await?;
        // Postgres has ended the transaction, and SQLite goes on.
        batch.execute("DELETE FROM nothing", []).await.ok();
        Ok(next)
    }
    given_step("source", |batch| Box::pin(ignores(batch)));
    let message = failure(url).await.to_string();
    assert!(message.contains("batch 1 failed: "), "{message}");
    assert!(message.contains("DELETE FROM nothing"), "{message}");
    assert_eq!(progress(url).await, [""; 0]);
}

async fn a_way_back_that_is_refused_leaves_the_migration_applied(url: &str) {
    let back: DataStep = |_| Box::pin(async { Err(Error::new("the cities are gone")) });
    let data = Step {
        down: Script::data_v1("back", back),
        ..step(
            "m3",
            Script::data_v1("source", |batch| Box::pin(copy(batch))),
        )
    };
    given(tables().into_iter().chain([data]));
    up::<Given>(url).await.expect("up");
    let error = down(url, 1).await.expect_err("no way back").to_string();
    assert!(
        error.contains("`m3`, down, outside of a transaction: batch 1 failed: the cities are gone"),
        "{error}"
    );
    assert_eq!(recorded(url).await, ["m1", "m2", "m3"]);
    assert_eq!(up::<Given>(url).await.expect("nothing").applied, [""; 0]);
}

async fn a_step_obeys_foreign_keys_and_cascades(url: &str) {
    async fn orphan(batch: &mut Batch<'_>) -> Result<Next, Error> {
        let values = [(-1_i64).into(), "nowhere".into()];
        batch
            .execute("INSERT INTO address VALUES ($1, $2)", values)
            .await?;
        Ok(Next::Done)
    }
    async fn cascade(batch: &mut Batch<'_>) -> Result<Next, Error> {
        match batch.cursor::<String>()?.as_deref() {
            None => {
                batch
                    .execute("INSERT INTO address VALUES (1, 'x'), (2, 'y')", [])
                    .await?;
                Ok(Next::after("written"))
            }
            Some(_) => {
                let deleted = batch.execute("DELETE FROM person WHERE id = 1", []).await?;
                assert_eq!(deleted, 1);
                Ok(Next::Done)
            }
        }
    }
    given_step("source", |batch| Box::pin(orphan(batch)));
    let error = failure(url).await;
    let MigrateError::Unfinished {
        source: Some(_), ..
    } = &error
    else {
        panic!("{error}");
    };
    assert!(
        error.to_string().to_lowercase().contains("foreign key"),
        "{error}"
    );
    given_step("source", |batch| Box::pin(cascade(batch)));
    up::<Given>(url).await.expect("up");
    let left = texts(&connect(url).await, "SELECT city FROM address").await;
    assert_eq!(left, ["y"]);
}

async fn a_transaction_of_the_caller_is_refused(url: &str) {
    use sea_orm::TransactionTrait;
    given_step("source", |batch| Box::pin(copy(batch)));
    let db = connect(url).await;
    if url.starts_with("sqlite") {
        run(&db, "PRAGMA foreign_keys = OFF").await;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a caller's own transaction is tested"
    )]
    let tx = db.begin().await.expect("begin");
    let error = apply::<Given>(&tx).await.expect_err("a transaction");
    assert!(
        matches!(error, MigrateError::InCallersTransaction { .. }),
        "{error}"
    );
    tx.rollback().await.expect("rollback");
}
