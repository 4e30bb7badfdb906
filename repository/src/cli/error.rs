//! The errors of the command line.

use std::path::PathBuf;

use super::entity::EntityError;
use super::env_file::EnvFileError;
use crate::doctor::{BaselineError, GenerateError};
use crate::driver::UrlError;
use crate::migrate::MigrateError;

/// An error of the command line, or of the command.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error("no database URL: pass --database-url or set DATABASE_URL")]
    NoUrl,
    #[error("several database URLs: this command accepts only one")]
    SeveralUrls,
    #[error(transparent)]
    EnvFile(#[from] EnvFileError),
    #[error("the database URL cannot be read: {0}")]
    UnusableUrl(#[from] UrlError),
    #[error(
        "this binary has no domain for `{0}`: add .domain(&DOMAIN) to Cli::of::<..>() in its main.rs"
    )]
    NoDomain(&'static str),
    #[error("--suggest needs --format human or json: the other formats cannot contain a migration")]
    FormatWithoutSuggestion,
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    #[error(transparent)]
    Entity(#[from] EntityError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(
        "no folder of the migrations: run this with `cargo run -p`, or pass --package with the folder that has its Cargo.toml and src"
    )]
    NoPackage,
    #[error("there is a migration {name}: use another name")]
    NameExists { name: String },
    #[error("the name sorts before that of the last migration, {last}: leave the time out of it")]
    NameBeforeLast { last: String },
    #[error("{} exists and is not overwritten: delete it, or use another name", folder.display())]
    FolderExists { folder: PathBuf },
    #[error(
        "the list of migrations was not changed, as no file, or more than one, below src has its shape: add by hand {lines}"
    )]
    UnknownList { lines: String },
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
}

impl CliError {
    /// Whether the arguments are invalid, whatever the database contains.
    pub(super) const fn is_usage(&self) -> bool {
        match self {
            CliError::NoUrl
            | CliError::SeveralUrls
            | CliError::EnvFile(_)
            | CliError::UnusableUrl(_)
            | CliError::NoDomain(_)
            | CliError::FormatWithoutSuggestion
            | CliError::Entity(EntityError::Arguments(_))
            | CliError::NoPackage
            | CliError::NameExists { .. }
            | CliError::NameBeforeLast { .. }
            | CliError::Generate(GenerateError::Unused { .. }) => true,
            CliError::Migrate(_)
            | CliError::Baseline(_)
            | CliError::Entity(EntityError::Refused(_))
            | CliError::Generate(_)
            | CliError::FolderExists { .. }
            | CliError::UnknownList { .. }
            | CliError::Output(_) => false,
        }
    }

    /// Whether something could not be compared.
    pub(super) const fn is_skipped(&self) -> bool {
        matches!(
            self,
            CliError::Baseline(BaselineError::NotCompared { .. })
                | CliError::Generate(GenerateError::Skipped { .. })
        )
    }
}
