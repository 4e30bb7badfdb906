//! A data migration whose process is killed.

use std::process::Child;
use std::time::Duration;

use catamaran::migrate::up;

use super::*;
use crate::support::given::twins;
use crate::support::{child, eventually, kill};

twins!(
    up_goes_on_behind_the_last_committed_batch_after_a_kill,
    no_row_is_lost_or_written_twice_at_whatever_moment_a_migrator_is_killed,
);

const URL: &str = "CATAMARAN_TEST_DATA_MIGRATOR_URL";
/// Set if the fourth batch never ends.
const STOPS: &str = "CATAMARAN_TEST_DATA_MIGRATOR_STOPS";

/// The migrator that is killed.
#[tokio::test]
async fn migrator_of_data() {
    let Ok(url) = std::env::var(URL) else {
        return;
    };
    match url.strip_prefix(STOPS) {
        Some(url) => {
            given_step("source", |batch| Box::pin(stops(batch)));
            up::<Given>(url).await.expect("it is killed before this");
        }
        None => {
            given_step("source", |batch| Box::pin(copy(batch)));
            up::<Given>(&url).await.ok();
        }
    }
}

async fn stops(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let next = copy(batch).await?;
    if batch.number() == 4 {
        std::future::pending::<()>().await;
    }
    Ok(next)
}

fn spawn(url: &str) -> Child {
    child("data::killed::migrator_of_data", URL, url)
}

async fn up_goes_on_behind_the_last_committed_batch_after_a_kill(url: &str) {
    let child = spawn(&format!("{STOPS}{url}"));
    eventually("three batches", async || {
        progress(url).await == ["m3 up 3 750 750"]
    })
    .await;
    // The fourth batch has most likely written its rows, and not committed them.
    tokio::time::sleep(Duration::from_millis(300)).await;
    kill(child);
    assert_eq!(progress(url).await, ["m3 up 3 750 750"]);
    given_step("source", |batch| Box::pin(copy(batch)));
    let report = up::<Given>(url).await.expect("up");
    assert_eq!(report.outside, ["m3"]);
    assert_all_copied(url).await;
    assert_eq!(progress(url).await, [""; 0]);
}

async fn no_row_is_lost_or_written_twice_at_whatever_moment_a_migrator_is_killed(url: &str) {
    given_step("source", |batch| Box::pin(copy(batch)));
    let db = connect(url).await;
    Migrator::<Given>::up(&db, Some(2)).await.expect("tables");
    for milliseconds in [0, 2, 5, 10, 20, 40] {
        let mut child = spawn(url);
        eventually("the first batch", async || {
            let begun = texts(&db, "SELECT DISTINCT 'x' FROM address").await;
            !begun.is_empty()
        })
        .await;
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        // Perhaps it has just ended.
        child.kill().ok();
        child.wait().expect("reap");
        up::<Given>(url).await.expect("up");
        assert_all_copied(url).await;
        assert_eq!(progress(url).await, [""; 0]);
        crate::support::run(&db, "DELETE FROM address").await;
        crate::support::run(&db, "DELETE FROM seaql_migrations WHERE version = 'm3'").await;
    }
}
