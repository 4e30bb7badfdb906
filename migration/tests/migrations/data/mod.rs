//! Data migrations: steps in Rust, in batches.

mod failures;
mod killed;
mod m20260101_000003_split_city;
mod recorded;
mod split;
mod statements;
mod template;
mod types;

use catamaran::migrate::data::v1::{Batch, Error, Next, Step as DataStep};
use catamaran::migrate::{History, Migrator, Script, TwinMigration};
use sea_orm_migration::MigratorTrait;

use crate::support::given::{Given, Step, given, step};
use crate::support::{connect, texts};

/// A person for each number up to this one.
const PEOPLE: i64 = 2000;

/// A table with rows, and an empty one for a part of them.
fn tables() -> [Step; 2] {
    let person = Script::new()
        .sql("CREATE TABLE person (id bigint NOT NULL PRIMARY KEY, city text NOT NULL)")
        .sql(format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {PEOPLE}) \
             INSERT INTO person SELECT i, 'city ' || i FROM n"
        ));
    // Without a key, so that a row that is written twice is seen.
    let address = Script::new().sql(
        "CREATE TABLE address (person_id bigint NOT NULL REFERENCES person (id) ON DELETE CASCADE, city text NOT NULL)",
    );
    [
        Step {
            down: Script::new().sql("DROP TABLE person"),
            ..step("m1", person)
        },
        Step {
            down: Script::new().sql("DROP TABLE address"),
            ..step("m2", address)
        },
    ]
}

/// Gives these tables and a data migration `m3` with a source.
fn given_step(source: &'static str, up: DataStep) {
    let data = step("m3", Script::data_v1(source, up));
    given(tables().into_iter().chain([data]));
}

/// Copies 250 cities.
async fn copy(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let after = batch.cursor::<i64>()?.unwrap_or(0);
    let last = after + 250;
    if after >= PEOPLE {
        return Ok(Next::Done);
    }
    batch
        .execute(
            "INSERT INTO address SELECT id, upper(city) FROM person WHERE id > $1 AND id <= $2",
            [after.into(), last.into()],
        )
        .await?;
    Ok(Next::after(last))
}

/// Each person has exactly one address, with the right city.
async fn assert_all_copied(url: &str) {
    let db = connect(url).await;
    let wrong = "SELECT p.id || ': ' || count(a.person_id) FROM person p \
         LEFT JOIN address a ON a.person_id = p.id AND a.city = 'CITY ' || p.id \
         GROUP BY p.id HAVING count(a.person_id) <> 1";
    assert_eq!(texts(&db, wrong).await, [""; 0]);
    let count = texts(&db, "SELECT count(*) || '' FROM address").await;
    assert_eq!(count, [PEOPLE.to_string()]);
}

/// What the table of the progress has; empty if there is none.
async fn progress(url: &str) -> Vec<String> {
    let sql = "SELECT migration || ' ' || direction || ' ' || finished || ' ' || next_cursor || ' ' || rows_written \
         FROM seaql_migrations_progress ORDER BY 1";
    let found = crate::support::try_texts(&connect(url).await, sql).await;
    found.unwrap_or_default()
}

async fn recorded(url: &str) -> Vec<String> {
    let sql = "SELECT version FROM seaql_migrations ORDER BY 1";
    texts(&connect(url).await, sql).await
}

async fn down(url: &str, steps: u32) -> Result<(), sea_orm::DbErr> {
    Migrator::<Given>::down(&connect(url).await, Some(steps)).await
}
