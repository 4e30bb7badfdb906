use crate::migrate::MigrateError;

/// A failure of the command line itself, or of what it ran.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error("no database URL: give --database-url or set DATABASE_URL")]
    NoUrl,
    #[error("several database URLs: this command is for one database")]
    SeveralUrls,
    #[error("no database at --url: {0}")]
    UnusableUrl(String),
    #[error(
        "this binary was told of no domain: write Cli::of::<..>().domain(&DOMAIN) in its main.rs"
    )]
    NoDomain,
    #[error("--suggest is for the formats human and json; the others have no place for it")]
    NoPlaceForSuggestion,
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Database(#[from] sea_orm::DbErr),
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
}

impl CliError {
    /// Whether the arguments make no sense, whatever is in a database.
    pub(super) const fn is_usage(&self) -> bool {
        match self {
            CliError::NoUrl
            | CliError::SeveralUrls
            | CliError::UnusableUrl(_)
            | CliError::NoDomain
            | CliError::NoPlaceForSuggestion => true,
            CliError::Migrate(_) | CliError::Database(_) | CliError::Output(_) => false,
        }
    }
}
