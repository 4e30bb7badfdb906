//! The cancellation sweep of the soak, in the settings that differ most.

use std::time::Duration;

use catamaran::testing::{TwinDatabase, twin_test};
use suite::soak::database::Database;
use suite::soak::sweep::{Setting, sweep};
use suite::soak::tally::Tally;
use suite::users::{ADA, everyone, scope};

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

const NARROW: Setting = Setting {
    scope: catamaran::Scope::owner(ADA),
    connections: 1,
    linger: Duration::ZERO,
    loaded: false,
};

async fn run(db: &TwinDatabase, setting: Setting) -> Outcome {
    let tally = Tally::default();
    sweep(&Database::of(db), setting, &tally).await?;
    let figures = tally.assert_kept();
    // At the least before the first poll and after it, for each call; a fast server answers the rest before
    // anyone has to wait.
    assert!(figures.drops >= 30, "only {} drops", figures.drops);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_call_dropped_at_any_point_is_atomic(db: &TwinDatabase) -> Outcome {
    run(db, NARROW).await
}

#[twin_test(migration::Migrator)]
async fn a_call_dropped_after_its_answer_arrived_is_atomic(db: &TwinDatabase) -> Outcome {
    let linger = Duration::from_millis(3);
    run(db, Setting { linger, ..NARROW }).await
}

#[twin_test(migration::Migrator)]
async fn a_call_of_the_system_dropped_at_any_point_is_atomic(db: &TwinDatabase) -> Outcome {
    let setting = Setting {
        scope: everyone(),
        connections: 4,
        ..NARROW
    };
    run(db, setting).await
}

#[twin_test(migration::Migrator)]
async fn acknowledged_writes_survive_dropped_calls_of_others(db: &TwinDatabase) -> Outcome {
    let setting = Setting {
        scope: scope(ADA),
        connections: 2,
        loaded: true,
        ..NARROW
    };
    run(db, setting).await
}
