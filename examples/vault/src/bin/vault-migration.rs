//! The migration binary: `cargo run -p vault --bin vault-migration -- up|down|status|plan|doctor …`.

use std::process::ExitCode;

use catamaran::cli::Cli;
use vault::migration::History;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::of::<History>().domain(&vault::DOMAIN).run().await
}
