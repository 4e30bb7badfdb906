//! The migration binary: `sea-orm-cli migrate -d migration …` runs it, and so does `cargo run -p migration -- …`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    catamaran::cli::run_with_doctor::<migration::History>(&entity::DOMAIN).await
}
