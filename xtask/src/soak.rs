//! `cargo xtask soak`.

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, server::Server, shell};

#[derive(clap::Args)]
pub struct Arguments {
    /// Duration in minutes; both engines run in parallel
    #[arg(long, default_value_t = 20.0)]
    minutes: f64,
    /// Engine to test: sqlite, postgres or both
    #[arg(long, default_value = "both", value_parser = ["sqlite", "postgres", "both"])]
    engine: String,
    /// Seed of the random choices [default: a new one, which the table shows]
    #[arg(long)]
    seed: Option<u64>,
    /// Print the final table as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the final table as Markdown
    #[arg(long)]
    markdown: bool,
}

pub async fn run(arguments: &Arguments) -> Outcome<bool> {
    let server = Server::find_or_start().await?;
    let mut command = shell::cargo(["run", "--package", "suite", "--bin", "soak", "--"]);
    command.args(["--minutes", &arguments.minutes.to_string()]);
    command.args(["--engine", &arguments.engine]);
    if let Some(seed) = arguments.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    if arguments.json {
        command.arg("--json");
    }
    if arguments.markdown {
        command.arg("--markdown");
    }
    command.env(POSTGRES_URL_VARIABLE, server.url());
    shell::heading(&shell::line(&command));
    // A Ctrl-C in the terminal must only stop the soak, which then prints its table.
    let ignored = tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    let mut child = command.spawn()?;
    let status = tokio::task::spawn_blocking(move || child.wait()).await??;
    ignored.abort();
    match status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(format!("the soak could not run ({status})").into()),
    }
}
