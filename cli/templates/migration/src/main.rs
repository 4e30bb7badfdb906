//! The migration binary: `cargo run -p migration -- up|down|status|plan|doctor|entity ..`.

use std::process::ExitCode;

use catamaran::cli::Cli;
use migration::History;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::of::<History>().domain(&entity::DOMAIN).run().await
}
