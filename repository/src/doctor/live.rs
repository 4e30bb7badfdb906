//! A live database, opened read-only.

use std::time::Duration;

use sea_orm::DatabaseConnection;

#[cfg(feature = "sqlite")]
use crate::driver::sqlite::open_seaorm;
use crate::driver::{DatabaseUrl, UrlError};
use crate::fingerprint::code::Code;
use crate::fingerprint::finding::{Finding, Part};
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::read::{self, Application, Seen};
use crate::fingerprint::schema::{Role, Schema};
use crate::fingerprint::statement::{Phase, Statement};
use crate::migrate::{ConnectOptions, connect_to};
use crate::model::domain::Place;

/// A database by its URL.
#[derive(Clone)]
pub(crate) struct Database {
    url: Result<DatabaseUrl, UrlError>,
    /// The application's schemas on Postgres, separated by commas; `None` is `public`.
    schema: Option<String>,
}

impl Database {
    pub(crate) fn at(url: &str, schema: Option<String>) -> Self {
        Database {
            url: DatabaseUrl::parse(url),
            schema,
        }
    }

    /// The place, or what is wrong with the URL.
    pub(crate) fn place(&self) -> Result<Place, UrlError> {
        let url = self.url.as_ref().map_err(Clone::clone)?;
        Ok(Place::Database(url.engine()))
    }

    /// Which database it is, without its secrets.
    pub(super) fn label(&self) -> String {
        match &self.url {
            Ok(url) => label(url, self.schema.as_deref()),
            Err(_) => "(an invalid URL)".to_owned(),
        }
    }

    pub(super) async fn look(
        &self,
        application: Application<'_>,
        wanted: Option<&Schema>,
        lock_timeout: Duration,
    ) -> Result<Seen, String> {
        let db = self.open(lock_timeout).await?;
        let seen = read::with_rows(&db, application, wanted).await;
        db.close().await.ok();
        seen.map_err(|error| error.to_string())
    }

    async fn open(&self, lock_timeout: Duration) -> Result<DatabaseConnection, String> {
        let url = self.url.as_ref().map_err(ToString::to_string)?;
        if url.is_in_memory() {
            return Err("no other connection sees a database in memory; name a file".to_owned());
        }
        #[cfg(feature = "sqlite")]
        #[cfg_attr(
            not(feature = "postgres"),
            expect(irrefutable_let_patterns, reason = "the only engine of this build")
        )]
        if let DatabaseUrl::Sqlite(url) = url {
            let url = url.clone().for_reading();
            let opened = open_seaorm(&url, lock_timeout, OPEN_TIMEOUT).await;
            return opened.map_err(|error| error.to_string());
        }
        let options = ConnectOptions {
            schema: self.schema.as_deref(),
            create: false,
            lock_timeout: Some(lock_timeout),
        };
        connect_to(url, options)
            .await
            .map_err(|error| error.to_string())
    }
}

/// How long opening a file may take.
#[cfg(feature = "sqlite")]
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// Which database it is, and its schema on Postgres, without secrets.
pub(super) fn label(url: &DatabaseUrl, schema: Option<&str>) -> String {
    let url = url.label();
    match schema {
        Some(schema) => format!("{url}, schema {schema}"),
        None => url,
    }
}

/// A finding if the checking login is not a member of the application's role: a store with this login cannot do scoped
/// work.
pub(super) fn not_a_member(place: Place, at: &str, role: &Role) -> Option<Finding> {
    let login = role.login_without_role.as_ref()?;
    let (application, member) = (ident::role(&role.name), ident::role(login));
    Some(Finding {
        code: Code::NotAMember,
        place,
        at: Some(at.to_owned()),
        table: role.name.clone(),
        part: Part::Named,
        name: login.clone(),
        wanted: format!("a member of {}", role.name),
        found: "no member: it cannot SET ROLE to it".to_owned(),
        fix: Fix::sql([Statement::new(
            Phase::AccessControl,
            format!("GRANT {application} TO {member}"),
        )]),
    })
}
