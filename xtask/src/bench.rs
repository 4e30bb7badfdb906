//! `cargo xtask bench`.

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, server::Server, shell};

#[derive(clap::Args)]
pub struct Arguments {
    /// Arguments of criterion: a part of the names of benchmarks, --quick, ...
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
    shell::heading(&shell::line(&command));
    Ok(command.status()?.success())
}
