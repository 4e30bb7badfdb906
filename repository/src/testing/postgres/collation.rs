//! The collation of a test database.

use std::fmt;

use sea_orm::sqlx::{self, PgConnection};

use super::{super::TestError, admin};

/// The default collation of a Postgres database: it compares texts of columns without a collation of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Collation {
    /// By code point: `Z` before `a`.
    #[default]
    C,
    /// American English, the default of most servers: `a` before `Z`.
    EnUs,
    /// ICU's root collation (`und`): `a` before `Z`, and a composed letter beside its parts.
    Icu,
}

/// The locale of a [`Collation`] on a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Locale {
    /// A locale of the operating system, such as `C` or `en_US.utf8`.
    Libc(String),
    /// A locale of ICU, such as `en-US`.
    Icu(String),
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Libc(name) => write!(f, "{name} (libc)"),
            Self::Icu(name) => write!(f, "{name} (ICU)"),
        }
    }
}

impl Locale {
    /// Finds the locale on the server: libc's, as most servers use it, else ICU's.
    pub(super) async fn of(
        collation: Collation,
        connection: &mut PgConnection,
    ) -> Result<Self, TestError> {
        match collation {
            Collation::C => return Ok(Self::Libc("C".to_owned())),
            Collation::Icu => return Self::icu("und", connection).await,
            Collation::EnUs => {}
        }
        // 6 is UTF8; -1 is any encoding.
        let query = "SELECT collcollate FROM pg_collation \
                     WHERE collprovider = 'c' AND collencoding IN (-1, 6) \
                       AND lower(replace(collcollate, '-', '')) = 'en_us.utf8' \
                     ORDER BY collcollate LIMIT 1";
        let found = sqlx::query_scalar(query)
            .fetch_optional(&mut *connection)
            .await;
        if let Some(name) = found.map_err(TestError::sql("looking for the locale en_US.UTF-8"))? {
            return Ok(Self::Libc(name));
        }
        Self::icu("en-US", connection).await
    }

    async fn icu(name: &str, connection: &mut PgConnection) -> Result<Self, TestError> {
        // A database can have an ICU collation since PostgreSQL 15. The collation `unicode` is there without ICU as well.
        let query = "SELECT current_setting('server_version_num')::int >= 150000 \
                     AND EXISTS (SELECT FROM pg_collation \
                                 WHERE collprovider = 'i' AND collname <> 'unicode')";
        let icu = sqlx::query_scalar(query).fetch_one(connection).await;
        if icu.map_err(TestError::sql("looking for ICU"))? {
            return Ok(Self::Icu(name.to_owned()));
        }
        Err(TestError::NoCollation)
    }

    /// The options of `CREATE DATABASE`. A locale other than the server's needs `template0`.
    pub(super) fn options(&self) -> String {
        match self {
            Self::Libc(name) => format!(
                "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE {name} LC_CTYPE {name}",
                name = admin::literal(name)
            ),
            // LC_COLLATE and LC_CTYPE keep the server's values.
            Self::Icu(name) => format!(
                "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE {}",
                admin::literal(name)
            ),
        }
    }
}
