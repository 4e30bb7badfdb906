//! The commands `up`, `down`, `fresh`, `refresh`, `reset`, `status` and `plan`.

use sea_orm::{DatabaseConnection, DatabaseExecutor};

use super::arguments::{Arguments, Command};
use super::error::CliError;
use super::print;
use crate::driver::DatabaseUrl;
use crate::migrate::{
    Batch, ConnectOptions, History, MigrateError, Plan, run as run_batch, status, with_connection,
};
use crate::model::engine::Engine;

pub(super) async fn run<H: History>(
    arguments: &Arguments,
    command: Command,
) -> Result<(), CliError> {
    let options = ConnectOptions {
        schema: arguments.schemas(),
        ..ConnectOptions::default()
    };
    let batch = match command {
        Command::Fresh => Some(Batch::Fresh),
        Command::Refresh => Some(Batch::Refresh),
        Command::Reset => Some(Batch::Reset),
        Command::Up { num } => Some(Batch::Up { steps: num }),
        Command::Down { num } => Some(Batch::Down { steps: Some(num) }),
        Command::Status => None,
        Command::Plan { pending: true, .. } => {
            let plan = Plan::pending_with::<H>(arguments.url()?, options).await?;
            return print(&mut std::io::stdout().lock(), &plan.to_string());
        }
        Command::Plan { dialect, .. } => return plan::<H>(dialect),
        // Handled by the caller, because they need more than the history.
        Command::Baseline(_) => return Err(CliError::NoDomain("baseline")),
        Command::Doctor(_) => return Err(CliError::NoDomain("doctor")),
        Command::Entity(_) => return Err(CliError::NoDomain("entity")),
        Command::Generate(_) => return Err(CliError::NoDomain("generate")),
    };
    let work = async |db: &DatabaseConnection| on_database::<H>(db, batch).await;
    let url = DatabaseUrl::parse(arguments.url()?).map_err(MigrateError::from)?;
    with_connection(&url, options, work).await?
}

/// Runs the batch, or shows the status if there is none.
async fn on_database<H: History>(
    db: &DatabaseConnection,
    batch: Option<Batch>,
) -> Result<(), CliError> {
    match batch {
        Some(batch) => {
            run_batch::<H>(DatabaseExecutor::Connection(db), batch).await?;
        }
        None => status::<H, _>(db).await?,
    }
    Ok(())
}

fn plan<H: History>(dialect: Option<Engine>) -> Result<(), CliError> {
    let dialects = match &dialect {
        Some(dialect) => std::slice::from_ref(dialect),
        None => &Engine::ALL,
    };
    let plans: Vec<String> = dialects
        .iter()
        .map(|dialect| Ok(Plan::of::<H>(*dialect)?.to_string()))
        .collect::<Result<_, MigrateError>>()?;
    print(&mut std::io::stdout().lock(), &plans.join("\n"))
}
