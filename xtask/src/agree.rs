//! `cargo xtask agree`.

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, server::Server, shell};

#[derive(clap::Args)]
pub struct Arguments {
    /// Minutes over all configurations
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// The seed of the random choices [default: a new one, which the result names]
    #[arg(long)]
    seed: Option<u64>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// End with the first divergence
    #[arg(long)]
    first: bool,
    /// Only the configurations whose name contains this text, such as SqliteMemory
    #[arg(long)]
    only: Option<String>,
}

pub async fn run(arguments: &Arguments) -> Outcome<bool> {
    let server = Server::find_or_start().await?;
    let mut command = shell::cargo(["run", "--package", "suite", "--bin", "agree", "--"]);
    command.args(["--minutes", &arguments.minutes.to_string()]);
    if let Some(seed) = arguments.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    if let Some(only) = &arguments.only {
        command.args(["--only", only]);
    }
    if arguments.first {
        command.arg("--first");
    }
    if arguments.json {
        command.arg("--json");
    }
    command.env(POSTGRES_URL_VARIABLE, server.url());
    shell::heading(&shell::line(&command));
    let mut child = command.spawn()?;
    let status = tokio::task::spawn_blocking(move || child.wait()).await??;
    match status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(format!("the comparison could not run ({status})").into()),
    }
}
