//! The one reader of database URLs: of the store, the migrator, the doctor, the test kit and the command line.

#[cfg(feature = "postgres")]
use super::postgres::PostgresUrl;
#[cfg(feature = "sqlite")]
use super::sqlite::SqliteUrl;
use super::url::invalid_url;
use crate::model::engine::Engine;
use crate::model::error::Error;

/// A database URL that was read. It may have a password, so it has no `Debug`.
#[derive(Clone)]
pub(crate) enum DatabaseUrl {
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteUrl),
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresUrl>),
}

/// Why a URL cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum UrlError {
    /// Has no part of the URL that may be a secret.
    #[error("{0}")]
    Invalid(String),
    #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
    #[error("it names {0}, and this build lacks the feature `{0}` of catamaran")]
    NotBuilt(Engine),
}

impl From<UrlError> for Error {
    fn from(error: UrlError) -> Self {
        invalid_url(error.to_string())
    }
}

impl DatabaseUrl {
    /// # Errors
    /// What is wrong with the URL.
    pub(crate) fn parse(url: &str) -> Result<Self, UrlError> {
        let (engine, rest) = Engine::split_scheme(url).map_err(UrlError::Invalid)?;
        match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => SqliteUrl::parse(rest)
                .map(DatabaseUrl::Sqlite)
                .map_err(UrlError::Invalid),
            #[cfg(feature = "postgres")]
            Engine::Postgres => PostgresUrl::parse(rest)
                .map(|url| DatabaseUrl::Postgres(Box::new(url)))
                .map_err(UrlError::Invalid),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            engine => {
                let _ = rest;
                Err(UrlError::NotBuilt(engine))
            }
        }
    }

    /// Identifies the database of the URL in messages, without its secrets.
    pub(crate) fn label_of(url: &str) -> String {
        Self::parse(url).map_or_else(|_| "(an invalid URL)".to_owned(), |url| url.label())
    }

    #[cfg(feature = "migrate")]
    pub(crate) fn engine(&self) -> Engine {
        match *self {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(_) => Engine::Postgres,
        }
    }

    /// Whether the database is in memory, where only the connections of one store see it.
    pub(crate) fn is_in_memory(&self) -> bool {
        match *self {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(ref url) => url.file().is_none(),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(_) => false,
        }
    }

    /// The same database. A missing file is not created.
    #[cfg(feature = "migrate")]
    pub(crate) fn existing(self) -> Self {
        match self {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(url) => DatabaseUrl::Sqlite(url.existing()),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => DatabaseUrl::Postgres(url),
        }
    }

    /// Identifies the database in messages, without its secrets.
    pub(crate) fn label(&self) -> String {
        match *self {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(ref url) => url.label().to_owned(),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(ref url) => url.label(),
        }
    }
}
