//! Ten steps through the library; the same code on SQLite and on Postgres.

mod story;

use std::process::ExitCode;

use catamaran::StoreOptions;
use clap::Parser;

/// Show what Catamaran does, on a SQLite file in this folder or on the database that you name
#[derive(Parser)]
#[command(name = "quickstart")]
struct Arguments {
    /// The database: sqlite://file?mode=rwc or postgres://user:password@host/database
    #[arg(default_value = "sqlite://quickstart.db?mode=rwc")]
    url: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { url } = Arguments::parse();
    match run(url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(url: String) -> catamaran::Result<()> {
    catamaran::migrate::up::<migration::History>(&url).await?;
    let store = StoreOptions::new(url)
        .domain(&entity::DOMAIN)
        .application_name("quickstart")
        .open()
        .await?;
    story::tell(&store).await?;
    store.close();
    Ok(())
}
