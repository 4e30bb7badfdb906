//! The cancellation sweep of the soak, in the settings that differ most.

use std::time::Duration;

use catamaran::testing::{TwinDatabase, twin_test};
use suite::keys::{Counter, Folder, Keyed, Label, Octet, Parcel, Seat, Shelf};
use suite::soak::database::Database;
use suite::soak::sweep::{Setting, sweep, sweep_keys};
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

async fn run_keys<R: Keyed>(db: &TwinDatabase) -> Outcome {
    let tally = Tally::default();
    sweep_keys::<R>(&Database::of(db), NARROW, &tally).await?;
    let figures = tally.assert_kept();
    // Before the first poll of each of the calls.
    assert!(figures.drops >= 22, "only {} drops", figures.drops);
    Ok(())
}

macro_rules! keys {
    ($($name:ident: $record:ident,)+) => {
        $(#[twin_test(suite::keys::Migrator)]
        async fn $name(db: &TwinDatabase) -> Outcome {
            run_keys::<$record>(db).await
        })+
    };
}

keys! {
    a_dropped_call_about_a_key_of_text_is_atomic: Label,
    a_dropped_call_about_a_key_of_a_number_is_atomic: Counter,
    a_dropped_call_about_a_key_of_a_newtype_is_atomic: Parcel,
    a_dropped_call_about_a_key_of_two_columns_is_atomic: Seat,
    a_dropped_call_about_a_key_of_eight_columns_is_atomic: Octet,
    a_dropped_call_about_a_key_with_its_owner_is_atomic: Folder,
    a_dropped_call_about_a_key_of_the_owner_and_two_columns_is_atomic: Shelf,
}
