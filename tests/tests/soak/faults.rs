//! Each fault of the soak, once.

use std::error::Error;

use catamaran::Engine;
use fastrand::Rng;
use suite::bank;
use suite::own_server::OwnServer;
use suite::soak::database::Database;
use suite::soak::faults::Fault;
use suite::soak::tally::Tally;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

async fn every_one(place: &Database, server: Option<&OwnServer>) -> Outcome {
    let (mut violations, mut rng) = (Vec::new(), Rng::with_seed(1));
    for fault in Fault::of(place.engine) {
        let tally = Tally::default();
        let begun = std::time::Instant::now();
        fault.run(place, server, &mut rng, &tally).await?;
        let figures = tally.figures();
        println!("{fault:?}: {:?}, {figures:?}", begun.elapsed());
        assert!(figures.faults > 0, "{fault:?} did not happen");
        violations.extend(figures.violations);
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_a_file_gives_its_error_and_loses_nothing() -> Outcome {
    let place = Database {
        engine: Engine::Sqlite,
        url: String::new(),
    };
    every_one(&place, None).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_a_server_gives_its_error_and_loses_nothing() -> Outcome {
    let server = OwnServer::start().await?;
    let place = server.database::<bank::History>("bank").await?;
    every_one(&place, Some(&server)).await
}
