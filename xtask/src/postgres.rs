//! `cargo xtask postgres`.

use std::io::{self, IsTerminal, Read, Write};

use catamaran::testing::Collation;

use crate::{Outcome, server::Server};

#[derive(clap::Args)]
pub struct Arguments {
    /// Name of the database
    #[arg(long, default_value = "catamaran")]
    database: String,
}

pub async fn run(arguments: &Arguments) -> Outcome<bool> {
    let server = Server::find_or_start().await?;
    let postgres = server.postgres();
    postgres
        .create_database(&arguments.database, Collation::C)
        .await?;
    println!("{}", postgres.url(&arguments.database));
    io::stdout().flush()?;
    if io::stdin().is_terminal() {
        eprintln!("Ctrl-C stops the server and removes it.");
    }
    let mut ignored = Vec::new();
    io::stdin().read_to_end(&mut ignored)?;
    Ok(true)
}
