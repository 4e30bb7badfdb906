//! The migration binary: `sea-orm-cli migrate -d migration …` runs it, and so does `cargo run -p migration -- …`.

use std::process::ExitCode;

use catamaran::cli::Cli;
use migration::History;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::of::<History>().domain(&entity::DOMAIN).run().await
}
