//! The two engines, and how a URL names them.

use std::fmt;
use std::str::FromStr;

use crate::model::error::{Error, ErrorKind, Result};

/// One of the two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// SQLite.
    Sqlite,
    /// PostgreSQL 15 or newer, and engines with the same SQL and protocol.
    Postgres,
}

impl Engine {
    /// Both engines, in the order of reports.
    pub const ALL: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

    /// `"sqlite"` or `"postgres"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        }
    }

    /// The engine of a database URL, by its scheme: `sqlite:`, `postgres:` or `postgresql:`.
    ///
    /// # Errors
    /// [`InvalidUrl`](ErrorKind::InvalidUrl) for any other scheme, and for a text without one.
    pub fn of_url(url: &str) -> Result<Self> {
        Self::of_scheme(url).map_err(|reason| {
            Error::new(ErrorKind::InvalidUrl {
                reason: reason.into(),
            })
        })
    }

    /// The engine, or the reason why the URL names none.
    pub(crate) fn of_scheme(url: &str) -> Result<Self, String> {
        let scheme = url.split_once(':').map(|(scheme, _)| scheme);
        match scheme {
            Some("sqlite") => Ok(Engine::Sqlite),
            Some("postgres" | "postgresql") => Ok(Engine::Postgres),
            Some(other) if is_scheme(other) => Err(format!(
                "the scheme {other}: is unknown; write sqlite:, postgres: or postgresql:"
            )),
            // The text before the first colon may be a secret ("user:password@host"), so it is not repeated.
            _ => Err("it has no scheme; write sqlite:, postgres: or postgresql:".to_owned()),
        }
    }

    /// The engine of a SeaORM backend, or `None` for another backend.
    #[cfg(feature = "migrate")]
    pub(crate) fn of_backend(backend: sea_orm::DbBackend) -> Option<Self> {
        match backend {
            sea_orm::DbBackend::Sqlite => Some(Engine::Sqlite),
            sea_orm::DbBackend::Postgres => Some(Engine::Postgres),
            // `DbBackend` is non-exhaustive, so a list of the other backends would not compile.
            _ => None,
        }
    }
}

/// Whether the text has the form of a scheme (RFC 3986, section 3.1).
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Engine {
    type Err = String;

    /// Parses `sqlite` or `postgres`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Engine::ALL
            .into_iter()
            .find(|engine| engine.as_str() == text)
            .ok_or_else(|| format!("{text} is neither sqlite nor postgres"))
    }
}
