//! The migration binary. Run it with `cargo run -p migration -- …` or `sea-orm-cli migrate -d migration …`.

use std::process::ExitCode;

use catamaran::cli::Cli;
use migration::History;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::of::<History>().domain(&entity::DOMAIN).run().await
}
