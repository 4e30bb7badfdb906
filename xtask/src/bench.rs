//! `cargo xtask bench`.

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, server::Server, shell};

/// The environment variable from which the benchmarks read the URL of the server.
const BENCH_URL_VARIABLE: &str = "CATAMARAN_BENCH_POSTGRES_URL";

#[derive(clap::Args)]
pub struct Arguments {
    /// Arguments for criterion: a part of the names of benchmarks, --quick, ...
    #[arg(last = true, value_name = "FILTER")]
    criterion: Vec<String>,
}

pub async fn run(arguments: &Arguments) -> Outcome<bool> {
    let server = Server::find_or_start().await?;
    let mut command = shell::cargo(["bench", "--package", "benches"]);
    if !arguments.criterion.is_empty() {
        command.arg("--").args(&arguments.criterion);
    }
    command.env(POSTGRES_URL_VARIABLE, server.url());
    command.env(BENCH_URL_VARIABLE, server.url());
    shell::heading(&shell::line(&command));
    Ok(command.status()?.success())
}
