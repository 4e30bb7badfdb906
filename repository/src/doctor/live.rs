//! A live database, opened read-only.

use std::time::Duration;

use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};

use crate::driver::url::redacted;
use crate::fingerprint::code::Code;
use crate::fingerprint::finding::{Finding, Part};
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::read::{self, Application, Seen};
use crate::fingerprint::schema::{Role, Schema};
use crate::fingerprint::statement::{Phase, Statement};
use crate::migrate::{ConnectOptions, connect};
use crate::model::domain::Place;
use crate::model::engine::Engine;

/// A database by its URL.
#[derive(Clone)]
pub(super) struct Database {
    url: SecretString,
    /// The application's schemas on Postgres, separated by commas; `None` is `public`.
    schema: Option<String>,
}

impl Database {
    pub(super) fn at(url: String, schema: Option<String>) -> Self {
        Database {
            url: SecretString::from(url),
            schema,
        }
    }

    /// The place, or why the URL is not one of a supported engine.
    pub(super) fn place(&self) -> Result<Place, String> {
        Engine::of_scheme(self.url.expose_secret()).map(Place::Database)
    }

    /// Which database it is, without its secrets.
    pub(super) fn label(&self) -> String {
        let url = redacted(self.url.expose_secret());
        match &self.schema {
            Some(schema) => format!("{url}, schema {schema}"),
            None => url,
        }
    }

    pub(super) async fn look(
        &self,
        application: Application<'_>,
        wanted: Option<&Schema>,
        lock_timeout: Duration,
    ) -> Result<Seen, String> {
        let db = self.open(lock_timeout).await?;
        let seen = read::database(&db, application, wanted).await;
        db.close().await.ok();
        seen.map_err(|error| error.to_string())
    }

    async fn open(&self, lock_timeout: Duration) -> Result<DatabaseConnection, String> {
        let url = self.url.expose_secret();
        #[cfg(feature = "sqlite")]
        if Engine::of_scheme(url)? == Engine::Sqlite {
            return open_for_reading(url, lock_timeout).await;
        }
        let options = ConnectOptions {
            schema: self.schema.as_deref(),
            create: false,
            lock_timeout: Some(lock_timeout),
        };
        connect(url, options)
            .await
            .map_err(|error| error.to_string())
    }
}

/// How long opening a file may take.
#[cfg(feature = "sqlite")]
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

#[cfg(feature = "sqlite")]
async fn open_for_reading(url: &str, lock_timeout: Duration) -> Result<DatabaseConnection, String> {
    use std::str::FromStr;

    use sea_orm::sqlx::sqlite::SqliteConnectOptions;

    use crate::driver::sqlite::{connect_seaorm, explain};

    let options = SqliteConnectOptions::from_str(url).map_err(|error| error.to_string())?;
    let options = options
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(lock_timeout);
    let db = connect_seaorm(options.clone(), OPEN_TIMEOUT).await;
    db.map_err(|error| explain(&options, &error).to_string())
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
