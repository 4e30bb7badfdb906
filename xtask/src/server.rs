//! The one server of a run.

use std::time::Instant;

use catamaran::testing::{Collation, POSTGRES_URL_VARIABLE, PostgresServer, TestError};

use crate::{Outcome, debian, shell};

/// A server, and what to call it in a summary.
///
/// One that we started stops when this is dropped, or when this process ends in any other way.
pub struct Server {
    server: PostgresServer,
    version: String,
}

impl Server {
    /// Finds a server, or starts one; on Debian root installs what is missing.
    pub async fn find_or_start() -> Outcome<Self> {
        let given = std::env::var(POSTGRES_URL_VARIABLE).is_ok_and(|url| !url.trim().is_empty());
        // The locale must exist before the cluster is created, which records it.
        if !given && debian::is_ours_to_change() {
            debian::make_locale();
        }
        let mut begin = Instant::now();
        let server = match PostgresServer::find_or_start() {
            Err(TestError::NoPostgres { .. }) if debian::is_ours_to_change() => {
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
            None => format!(
                "PostgreSQL {version}, given by {POSTGRES_URL_VARIABLE}; en_US is {english}"
            ),
        });
        // "15.18 (Debian 15.18-0+deb12u1)": the first word is enough for a summary.
        let version = version.split(' ').next().unwrap_or_default().to_owned();
        Ok(Self { server, version })
    }

    /// Its version, such as `15.18`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The superuser's URL.
    pub fn url(&self) -> &str {
        self.server.admin_url()
    }

    /// The server itself.
    pub fn postgres(&self) -> &PostgresServer {
        &self.server
    }
}
