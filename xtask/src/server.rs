//! The Postgres server of a run.

use std::time::Instant;

use catamaran::testing::{Collation, POSTGRES_URL_VARIABLE, PostgresServer, TestError};

use crate::{Outcome, debian, shell};

/// A Postgres server and its version.
///
/// A started server stops when this value is dropped or this process ends.
pub struct Server {
    server: PostgresServer,
    version: String,
}

impl Server {
    /// Finds a server or starts one. On Debian as root, installs missing packages first.
    pub async fn find_or_start() -> Outcome<Self> {
        let given = std::env::var(POSTGRES_URL_VARIABLE).is_ok_and(|url| !url.is_empty());
        // A new cluster imports the locales that exist when it is created.
        if !given && debian::can_install() {
            debian::create_locale();
        }
        let mut begin = Instant::now();
        let server = match PostgresServer::find_or_start() {
            Err(TestError::NoPostgres) if debian::can_install() => {
                debian::install_postgres()?;
                begin = Instant::now();
                PostgresServer::find_or_start()?
            }
            found => found?,
        };
        let version = server.version().await?;
        let english = match server.locale_of(Collation::EnUs).await {
            Ok(locale) => locale.to_string(),
            Err(error) => error.to_string(),
        };
        shell::heading(&match server.directory() {
            Some(directory) => format!(
                "PostgreSQL {version}, started in {:.1} s in {}; en_US is {english}",
                begin.elapsed().as_secs_f32(),
                directory.display()
            ),
            None => {
                format!("PostgreSQL {version}, from {POSTGRES_URL_VARIABLE}; en_US is {english}")
            }
        });
        // The first word of "15.18 (Debian 15.18-0+deb12u1)".
        let version = version.split(' ').next().unwrap_or_default().to_owned();
        Ok(Self { server, version })
    }

    /// The version, such as `15.18`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The URL of a superuser.
    pub fn url(&self) -> &str {
        self.server.admin_url()
    }

    /// The server itself.
    pub fn postgres(&self) -> &PostgresServer {
        &self.server
    }
}
