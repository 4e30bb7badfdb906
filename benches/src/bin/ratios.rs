//! Prints the rates of the contestants relative to a bare driver: `ratios --help`.

use std::process::ExitCode;
use std::sync::Arc;

use benches::arguments::Arguments;
use benches::dataset::Size;
use benches::player::{Host, Player};
use benches::report::{Report, is_catamaran};
use benches::serve::{SERVE, serve};
use benches::setting::Setting;
use benches::stage::{Address, Database, Who};
use benches::{Outcome, Stage, Workload, rounds, run, verify};
use catamaran::Engine;
use clap::Parser;
use tokio::sync::Mutex;

#[tokio::main]
async fn main() -> ExitCode {
    let served = std::env::args().nth(1).is_some_and(|first| first == SERVE);
    let outcome = match served {
        true => serve().await.map(|()| Vec::new()),
        false => compare(&Arguments::parse()).await,
    };
    match outcome {
        Ok(failures) if failures.is_empty() => ExitCode::SUCCESS,
        Ok(failures) => {
            eprintln!("failed: {}", failures.join("; "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

async fn compare(arguments: &Arguments) -> Outcome<Vec<String>> {
    let (mut reports, mut failures) = (Vec::new(), Vec::new());
    println!(
        "{}; each number is relative to the first column in the same round: median of {} rounds ± half of the range",
        described(arguments.size()),
        arguments.rounds()
    );
    for engine in Engine::ALL {
        let wanted = arguments.engine.is_none_or(|only| only == engine);
        let settings = Setting::of(engine).iter().filter(|setting| {
            let mut all = Workload::ALL.into_iter();
            wanted && all.any(|one| setting.has(one) && arguments.wants(one))
        });
        let settings: Vec<Setting> = settings.copied().collect();
        if settings.is_empty() {
            continue;
        }
        let database = Database::load(engine, arguments.size()).await?;
        for setting in settings {
            let report = report(arguments, database.address(setting)?).await?;
            println!("{}", report.markdown());
            failures.extend(report.failures());
            reports.push(report);
        }
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&reports)?)?;
    }
    Ok(failures)
}

fn described(size: Size) -> String {
    let processors = std::thread::available_parallelism().map_or(0, |count| count.get());
    format!("{} rows, {processors} processors", size.loaded)
}

async fn report(arguments: &Arguments, address: Address) -> Outcome<Report> {
    let setting = address.setting;
    let stage = Arc::new(Stage::connect(address, Who::All).await?);
    verify(&stage).await?;
    let mut players: Vec<Player> = Vec::new();
    let mut hosts = Vec::new();
    if let Some(before) = &arguments.before {
        // Both builds run in processes of their own, so that nothing but the build differs.
        let own = std::env::current_exe()?;
        for (program, suffix) in [(before, " before"), (&own, "")] {
            let host = Host::start(program, stage.address()).await?;
            let host = Arc::new(Mutex::new(host));
            let catamaran = stage
                .contestants()
                .iter()
                .filter(|one| is_catamaran(one.name()));
            players.extend(catamaran.map(|one| Player::there(one, &host, suffix)));
            hosts.push(host);
        }
    }
    let here = stage.contestants().iter();
    let here = here.filter(|one| hosts.is_empty() || !is_catamaran(one.name()));
    players.splice(0..0, here.map(Player::here));

    let idle = rounds::percentiles(run::idle(arguments.scan()).await?);
    let mut rows = Vec::new();
    for workload in Workload::ALL {
        if setting.has(workload) && arguments.wants(workload) {
            eprintln!("{}: {}", stage.settings(), workload.name());
            rows.extend(rounds::measure(&stage, &players, workload, arguments).await);
        }
    }
    let contestants = players.iter().map(|player| player.name.clone()).collect();
    drop(players);
    for host in hosts {
        if let Some(host) = Arc::into_inner(host) {
            host.into_inner().end().await?;
        }
    }
    Ok(Report {
        settings: stage.settings().to_owned(),
        contestants,
        rows,
        idle,
    })
}
