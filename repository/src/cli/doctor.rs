//! `doctor`: whether DOMAIN, the records, the entities, the migrations and a database all say the same.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;

use super::{CliError, print};
use crate::doctor::{Doctor, Format};
use crate::domain::Domain;
use crate::engine::Engine;
use crate::migrate::History;

/// How the doctor looks and tells.
#[derive(Clone, Debug, Args)]
pub(super) struct Arguments {
    /// How to tell: human, json, sarif or github
    #[arg(long, default_value = "human")]
    format: Format,
    /// Print a migration that mends what statements can mend, with both branches
    #[arg(long)]
    suggest: bool,
    /// Look at one engine alone: sqlite or postgres [default: both]
    #[arg(long)]
    only: Option<Engine>,
    /// Do not build scratch databases: compare the code, and the database at the URL
    #[arg(long)]
    no_scratch: bool,
    /// The server for the scratch database, by the URL of a role that may create one [default: the server that
    /// CATAMARAN_TEST_POSTGRES_URL names, or one that is started from the binaries on this machine]
    #[arg(long)]
    server: Option<String>,
}

/// What the command line needs of an application: its domain, and the migrations of the same binary.
pub(super) async fn run<H: History>(
    arguments: &Arguments,
    domain: Option<&'static Domain>,
    url: Option<&str>,
    schema: Option<&str>,
) -> Result<ExitCode, CliError> {
    let domain = domain.ok_or(CliError::NoDomain)?;
    let mut doctor = Doctor::new(domain);
    if !arguments.no_scratch {
        doctor = doctor.migrations::<H>();
    }
    if let Some(server) = &arguments.server {
        doctor = doctor.server(server);
    }
    if let Some(engine) = arguments.only {
        doctor = doctor.only(engine);
    }
    doctor = match (url, schema) {
        (Some(url), Some(schema)) => doctor.database_schema(url, schema),
        (Some(url), None) => doctor.database(url),
        (None, _) => doctor,
    };
    let report = doctor.check().await;
    let is_coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut text = report.write(arguments.format, is_coloured);
    if arguments.suggest {
        text = report
            .suggestion()
            .unwrap_or_else(|| "-- no statement would mend anything\n".to_owned());
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    print(&text)?;
    Ok(ExitCode::from(report.verdict().exit_code()))
}
