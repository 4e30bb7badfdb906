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

    /// The engine of a database URL, by its scheme: `sqlite:`, `postgres:` or `postgresql:`, in any case.
    ///
    /// # Errors
    /// [`InvalidUrl`](ErrorKind::InvalidUrl) for any other scheme, for a text without one, and for a control character
    /// within the URL. White space around the URL is ignored.
    pub fn of_url(url: &str) -> Result<Self> {
        let (engine, _) = Self::split_scheme(url).map_err(|reason| {
            Error::new(ErrorKind::InvalidUrl {
                reason: reason.into(),
            })
        })?;
        Ok(engine)
    }

    /// The engine, and the URL after its scheme; or the reason why the URL names no engine.
    ///
    /// A line break at the end of a file, a byte order mark and a carriage return often surround a URL, and belong to
    /// no part of it.
    pub(crate) fn split_scheme(url: &str) -> Result<(Self, &str), String> {
        let url = url.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if url.contains(char::is_control) {
            return Err("it contains a line break or another control character".to_owned());
        }
        if url.starts_with(['"', '\'']) {
            return Err(
                "it begins with a quotation mark; remove the quotes around the URL".to_owned(),
            );
        }
        match url.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sqlite") => {
                Ok((Engine::Sqlite, rest))
            }
            Some((scheme, rest))
                if scheme.eq_ignore_ascii_case("postgres")
                    || scheme.eq_ignore_ascii_case("postgresql") =>
            {
                Ok((Engine::Postgres, rest))
            }
            Some((other, _)) if is_of_another_tool(other) => Err(format!(
                "the scheme {other}: is that of another tool; write postgres: and what follows, from its // on"
            )),
            Some((other, _)) if is_scheme(other) => Err(format!(
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

/// Whether other tools write a scheme for Postgres: `jdbc:postgresql://`, `postgresql+asyncpg://`.
fn is_of_another_tool(scheme: &str) -> bool {
    let scheme = scheme.to_ascii_lowercase();
    is_scheme(&scheme)
        && (scheme.starts_with("postgres")
            || [
                "jdbc",
                "r2dbc",
                "postgis",
                "pgsql",
                "psql",
                "pg",
                "cockroachdb",
            ]
            .contains(&&*scheme))
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
