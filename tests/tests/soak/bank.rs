//! Transfers while faults are injected: afterwards every balance is correct.

use std::error::Error;

use catamaran::Engine;
use catamaran::testing::{Target, TwinDatabase, twin_test};
use fastrand::Rng;
use suite::bank;
use suite::own_server::OwnServer;
use suite::soak::bank::Bank;
use suite::soak::database::Database;
use suite::soak::hazard::{Hazard, HazardBench};
use suite::soak::tally::{Figures, Tally};
use suite::users::ADA;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const TELLERS: usize = 8;

async fn run_hazards(
    place: &Database,
    server: Option<OwnServer>,
    hazards: &[Hazard],
) -> Outcome<Figures> {
    let tally = Tally::default();
    let bench = HazardBench {
        bank: Bank::found(place, ADA, &tally).await?,
        server,
        program: env!("CARGO_BIN_EXE_soak").into(),
    };
    bench
        .run_hazards(hazards, TELLERS, &mut Rng::with_seed(1))
        .await?;
    let figures = tally.assert_kept();
    assert!(figures.acknowledged > 0, "{figures:?}");
    Ok(figures)
}

#[twin_test(bank::Migrator)]
async fn dropped_calls_keep_every_balance_correct(db: &TwinDatabase) -> Outcome {
    let figures = run_hazards(&Database::of(db), None, &[Hazard::Nothing; 3]).await?;
    assert!(figures.drops > 0, "{figures:?}");
    Ok(())
}

#[twin_test(bank::Migrator)]
async fn killed_clients_keep_every_balance_correct(db: &TwinDatabase) -> Outcome {
    run_hazards(&Database::of(db), None, &[Hazard::ClientKilled; 2]).await?;
    Ok(())
}

#[twin_test(bank::Migrator)]
async fn transfers_wait_for_a_lock_that_is_held_for_a_while(db: &TwinDatabase) -> Outcome {
    run_hazards(&Database::of(db), None, &[Hazard::LockHeld; 2]).await?;
    Ok(())
}

/// The test has a server of its own, because it kills it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_server_that_is_killed_loses_no_acknowledged_transfer() -> Outcome {
    let server = OwnServer::start().await?;
    let place = server.database::<bank::History>("bank").await?;
    let hazards = Hazard::of(Engine::Postgres);
    let figures = run_hazards(&place, Some(server), hazards).await?;
    // Transfers that failed before their commit were retried by the library.
    assert!(figures.errors.contains_key("Unavailable"), "{figures:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_hazards_together_lose_no_acknowledged_transfer_on_sqlite() -> Outcome {
    let made = TwinDatabase::create::<bank::Migrator>(Target::SqliteFile).await?;
    let hazards = Hazard::of(Engine::Sqlite);
    run_hazards(&Database::of(&made), None, hazards).await?;
    Ok(())
}
