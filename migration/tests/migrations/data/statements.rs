//! What the statements of a step may do, and what their errors say.

use std::cell::Cell;

use catamaran::migrate::{MigrateError, up};

use super::*;
use crate::support::given::twins;

twins!(
    a_statement_that_does_not_only_read_and_write_rows_is_refused,
    an_error_names_the_statement_the_parameter_or_the_column,
    many_rows_are_inserted_with_several_statements,
);

/// Runs a step over the tables, and returns what it said.
async fn said(url: &str, up_step: DataStep) -> String {
    given_step("source", up_step);
    let error = up::<Given>(url).await.expect_err("refused");
    let error = match error {
        MigrateError::PartlyCommitted { source, .. } => *source,
        error => error,
    };
    error.to_string()
}

thread_local! {
    /// A step cannot capture a value.
    static SQL: Cell<&'static str> = const { Cell::new("") };
}

async fn a_statement_that_does_not_only_read_and_write_rows_is_refused(url: &str) {
    let of_engine: &[&str] = match url.starts_with("sqlite") {
        true => &["PRAGMA foreign_keys = OFF", "ATTACH 'x' AS y"],
        false => &[
            "SET search_path = x",
            "SET LOCAL ROLE x",
            "RESET ALL",
            "COPY address FROM stdin",
        ],
    };
    let of_both = [
        "COMMIT",
        "ROLLBACK",
        "BEGIN",
        "SAVEPOINT a",
        "VACUUM",
        "CREATE TABLE x (a INTEGER)",
        "DROP TABLE address",
        "DELETE FROM address; COMMIT",
        "",
    ];
    for sql in of_both.iter().chain(of_engine) {
        SQL.set(sql);
        let message = said(url, |batch| {
            Box::pin(async {
                batch.execute(SQL.get(), []).await?;
                Ok(Next::Done)
            })
        })
        .await;
        let words = format!("batch 1 failed: `{sql}` is ");
        assert!(message.contains(&words), "{sql}: {message}");
    }
}

async fn an_error_names_the_statement_the_parameter_or_the_column(url: &str) {
    let message = said(url, |batch| {
        Box::pin(async {
            batch.select("SELECT *\n   FROM nowhere", []).await?;
            Ok(Next::Done)
        })
    })
    .await;
    assert!(message.contains("`SELECT * FROM nowhere`: "), "{message}");

    let message = said(url, |batch| {
        Box::pin(async {
            let values = [1_i64.into(), "a\0b".into()];
            batch
                .execute("INSERT INTO address VALUES ($1, $2)", values)
                .await?;
            Ok(Next::Done)
        })
    })
    .await;
    assert!(
        message.contains("the value of $2: it contains the NUL character"),
        "{message}"
    );

    let message = said(url, |batch| {
        Box::pin(async {
            let rows = batch
                .select("SELECT id, city FROM person WHERE id = $1", [7_i64.into()])
                .await?;
            rows[0].get::<i64>("city")?;
            Ok(Next::Done)
        })
    })
    .await;
    assert!(
        message.contains("the stored value of the column `city` is no i64"),
        "{message}"
    );

    let message = said(url, |batch| {
        Box::pin(async {
            let rows = batch
                .select("SELECT id, city FROM person WHERE id = 7", [])
                .await?;
            rows[0].get::<String>("town")?;
            Ok(Next::Done)
        })
    })
    .await;
    assert!(
        message.contains("the query has no column `town`, but id, city"),
        "{message}"
    );

    let message = said(url, |batch| {
        Box::pin(async {
            match batch.cursor::<String>()? {
                None => Ok(Next::after("x")),
                Some(_) => {
                    batch.cursor::<i64>()?;
                    Ok(Next::Done)
                }
            }
        })
    })
    .await;
    assert!(
        message.contains("batch 2 failed: invalid digit found in string"),
        "{message}"
    );
}

async fn many_rows_are_inserted_with_several_statements(url: &str) {
    const ROWS: i64 = 40_000;
    given_step("source", |batch| {
        Box::pin(async {
            let rows = (0..ROWS).map(|row| [(row % PEOPLE + 1).into(), format!("c{row}").into()]);
            let count = batch.insert("address", ["person_id", "city"], rows).await?;
            assert_eq!(count, 40_000);
            assert_eq!(batch.insert("address", ["person_id", "city"], []).await?, 0);
            Ok(Next::Done)
        })
    });
    up::<Given>(url).await.expect("up");
    let count = texts(
        &connect(url).await,
        "SELECT count(DISTINCT city) || '' FROM address",
    )
    .await;
    assert_eq!(count, [ROWS.to_string()]);
}
