//! A table that is split by a data migration.

use catamaran::Engine;
use catamaran::migrate::{ConnectOptions, Plan, Script, apply, connect as open, up};

use super::*;
use crate::support::given::twins;
use crate::support::run;

twins!(
    a_table_is_split_and_put_together_again,
    two_migrators_at_once_share_the_work,
    a_step_gets_along_with_an_empty_table,
);

/// The declared migration between migrations of SQL.
struct Split;

impl History for Split {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let [person, address] = tables();
        let drop = Step {
            down: Script::new()
                .sql("ALTER TABLE person ADD COLUMN city text")
                .sql("UPDATE person SET city = (SELECT lower(city) FROM address WHERE person_id = id)"),
            ..step(
                "m20260101_000004_drop_city",
                Script::new().sql("ALTER TABLE person DROP COLUMN city"),
            )
        };
        vec![
            Box::new(person),
            Box::new(address),
            Box::new(m20260101_000003_split_city::Migration),
            Box::new(drop),
        ]
    }
}

const SPLIT: &str = "m20260101_000003_split_city";

async fn a_table_is_split_and_put_together_again(url: &str) {
    let cities = "SELECT count(*) || ' ' || min(city) FROM address";
    for _ in 0..2 {
        let report = up::<Split>(url).await.expect("up");
        assert!(report.applied.contains(&SPLIT.to_owned()), "{report:?}");
        assert_eq!(report.outside, [SPLIT]);
        let db = connect(url).await;
        assert_eq!(texts(&db, cities).await, ["2000 CITY 1"]);
        assert_eq!(progress(url).await, [""; 0]);

        Migrator::<Split>::down(&db, Some(1)).await.expect("down");
        assert_all_copied(url).await;
        Migrator::<Split>::down(&db, Some(1)).await.expect("down");
        let left = texts(&db, "SELECT count(*) || '' FROM address").await;
        assert_eq!(left, ["0"]);
        assert_eq!(progress(url).await, [""; 0]);
        let all = "SELECT count(*) || '' FROM person WHERE city = 'city ' || id";
        assert_eq!(texts(&db, all).await, ["2000"]);
        assert_eq!(recorded(url).await, ["m1", "m2"]);
    }
}

async fn two_migrators_at_once_share_the_work(url: &str) {
    run(&connect(url).await, "SELECT 1").await;
    let (one, other) = tokio::join!(up::<Split>(url), up::<Split>(url));
    let (one, other) = (one.expect("up"), other.expect("up"));
    let outside = [one.outside, other.outside].concat();
    assert_eq!(outside, [SPLIT], "one of them records it");
    let db = connect(url).await;
    Migrator::<Split>::down(&db, Some(1)).await.expect("down");
    assert_all_copied(url).await;
}

async fn a_step_gets_along_with_an_empty_table(url: &str) {
    let db = open(url, ConnectOptions::default()).await.expect("open");
    Migrator::<Split>::up(&db, Some(2)).await.expect("up");
    run(&db, "DELETE FROM person").await;
    let report = apply::<Split>(&db).await.expect("up");
    assert_eq!(report.outside, [SPLIT]);
    assert_eq!(recorded(url).await.len(), 4);
}

#[tokio::test]
async fn a_database_in_memory_keeps_its_foreign_keys_on() {
    let db = connect("sqlite::memory:").await;
    run(&db, "PRAGMA foreign_keys = ON").await;
    apply::<Split>(&db).await.expect("up");
    let is_on = texts(&db, "SELECT foreign_keys || '' FROM pragma_foreign_keys").await;
    assert_eq!(is_on, ["1"]);
}

#[test]
fn the_plan_says_that_a_migration_is_rust_and_has_the_checksum_of_its_source() {
    for engine in Engine::ALL {
        let plan = Plan::of::<Split>(engine).expect("a plan");
        let (_, checksum) = plan
            .checksums()
            .find(|(name, _)| *name == SPLIT)
            .expect("the migration");
        let words = format!(
            "-- {SPLIT}\n-- sha256 {checksum}\n-- outside of a transaction: Rust, in batches of one transaction each; the \
             checksum is that of its source\n\n-- m20260101_000004_drop_city"
        );
        let text = plan.to_string();
        assert!(text.contains(&words), "{text}");
        let source = include_str!("m20260101_000003_split_city/up.rs");
        let sources = [
            source.to_owned(),
            source.replace('\n', "\r\n"),
            format!("\u{feff}{source}"),
        ];
        for same in sources {
            assert_eq!(checksum_of(engine, same.leak()), checksum);
        }
        assert_ne!(checksum_of(engine, "another"), checksum);
    }
}

/// The checksum of a data migration with that source.
fn checksum_of(engine: Engine, source: &'static str) -> String {
    given_step(source, |batch| Box::pin(copy(batch)));
    let plan = Plan::of::<Given>(engine).expect("a plan");
    let checksum = plan.checksums().find(|(name, _)| *name == "m3");
    checksum.expect("the migration").1
}
