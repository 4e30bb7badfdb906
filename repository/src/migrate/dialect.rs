use std::{fmt, str::FromStr};

use sea_orm::DbBackend;

use super::MigrateError;

/// The engine that a script is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// Postgres, and the engines that speak its SQL.
    Postgres,
}

impl Dialect {
    /// Every dialect, in the order in which they are printed.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// The dialect of a database URL, by its scheme: `sqlite:`, `postgres:` or `postgresql:`.
    ///
    /// # Errors
    ///
    /// [`MigrateError::InvalidUrl`] when it has no scheme, [`MigrateError::UnknownScheme`] when it has another.
    pub fn of_url(url: &str) -> Result<Self, MigrateError> {
        let (scheme, _) = url.split_once(':').ok_or(MigrateError::InvalidUrl {
            reason: "it has no scheme; write sqlite:, postgres: or postgresql:".to_owned(),
        })?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => Ok(Self::Sqlite),
            "postgres" | "postgresql" => Ok(Self::Postgres),
            other if is_scheme(other) => Err(MigrateError::UnknownScheme {
                scheme: other.to_owned(),
            }),
            // Whatever stands before the first colon may be a secret here ("user:password@host"): not repeated.
            _ => Err(MigrateError::InvalidUrl {
                reason: "it has no scheme; write sqlite:, postgres: or postgresql:".to_owned(),
            }),
        }
    }

    /// Its name in lower case: `sqlite` or `postgres`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// The dialect of a SeaORM backend; `None` for one that is neither.
    pub(super) fn of_backend(backend: DbBackend) -> Option<Self> {
        match backend {
            DbBackend::Sqlite => Some(Self::Sqlite),
            DbBackend::Postgres => Some(Self::Postgres),
            // `DbBackend` is non-exhaustive: MySQL today, others perhaps tomorrow.
            _ => None,
        }
    }
}

/// The form of a scheme in RFC 3986, section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = MigrateError;

    /// Reads `sqlite` or `postgres`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.as_str() == text)
            .ok_or_else(|| MigrateError::UnknownScheme {
                scheme: text.to_owned(),
            })
    }
}
