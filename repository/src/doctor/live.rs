//! A database that is there: opened for reading only.

use std::time::Duration;

use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};

use super::code::Code;
use super::finding::{Finding, Part};
use super::fix::{Fix, Phase, Statement, ddl};
use super::read::{self, Odd, Recorded, Seen};
use super::schema::{Role, Schema};
use crate::domain::Place;
use crate::engine::Engine;
use crate::migrate::{ConnectOptions, connect};
use crate::options::redacted;

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

    /// The place, or why the URL names none.
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
        role: &str,
        wanted: Option<&Schema>,
        lock_timeout: Duration,
    ) -> Result<Seen, String> {
        let db = self.open(lock_timeout).await?;
        let seen = read::database(&db, role, wanted).await;
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

#[cfg(feature = "sqlite")]
async fn open_for_reading(url: &str, lock_timeout: Duration) -> Result<DatabaseConnection, String> {
    use std::str::FromStr;

    use sea_orm::SqlxSqliteConnector;
    use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

    let options = SqliteConnectOptions::from_str(url).map_err(|error| error.to_string())?;
    let options = options
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(lock_timeout);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await;
    let pool = pool.map_err(|error| crate::sqlite::explain(&options, &error).to_string())?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// What a checked database has recorded of its migrations, and whether its schema is whole without the migrations
/// that they do not name.
pub(super) struct Recorder<'a> {
    pub(super) place: Place,
    pub(super) at: &'a str,
    pub(super) is_whole: bool,
}

impl Recorder<'_> {
    /// The migrations that the database lacks, those that the history lacks, and rows that are neither.
    pub(super) fn compare(&self, recorded: &Recorded, names: &[String]) -> Vec<Finding> {
        let missing = names.iter().filter(|name| !recorded.names.contains(name));
        let missing = missing.map(|name| {
            let words = match self.is_whole {
                true => self.lost_row(name),
                false => "apply the pending migrations: `migrate up`".to_owned(),
            };
            let sides = ("applied", "not applied");
            self.finding(name, Code::MigrationMissing, sides, Fix::Words(words))
        });
        let unknown = recorded.names.iter().filter(|name| !names.contains(name));
        let unknown = unknown.map(|name| {
            let words =
                "use the application that the database was migrated by, or a newer one".to_owned();
            let sides = ("no such migration", "applied");
            self.finding(name, Code::MigrationUnknown, sides, Fix::Words(words))
        });
        let odd = recorded.odd.iter().map(|odd| self.odd(odd));
        missing.chain(unknown).chain(odd).collect()
    }

    /// What a migration makes is there: to run it again would fail.
    fn lost_row(&self, name: &str) -> String {
        let now = match self.place.engine() {
            Some(Engine::Postgres) => "extract(epoch FROM now())::bigint",
            _ => "CAST(strftime('%s', 'now') AS INTEGER)",
        };
        format!(
            "nothing of the schema is missing: if it was applied and its row alone is lost, INSERT INTO {} (version, \
             applied_at) VALUES ('{}', {now}); if it was not, `migrate up`",
            crate::schema::HISTORY,
            name.replace('\'', "''")
        )
    }

    fn odd(&self, odd: &Odd) -> Finding {
        let fix = match (odd.rows, self.place.engine()) {
            (Some(rows), Some(_)) => {
                let delete = format!("DELETE FROM {} WHERE {rows}", crate::schema::HISTORY);
                let loses = format!("the rows of {} that are told", crate::schema::HISTORY);
                Fix::sql([Statement::new(Phase::Guard, delete)]).losing(Some(loses))
            }
            _ => Fix::Words(format!(
                "look at the row in {}: delete it, or give it the name that it should have",
                crate::schema::HISTORY
            )),
        };
        let sides = ("the name of a migration, once", odd.found);
        self.finding(&odd.name, Code::HistoryRow, sides, fix)
    }

    fn finding(&self, name: &str, code: Code, sides: (&str, &str), fix: Fix) -> Finding {
        Finding {
            code,
            place: self.place,
            at: (!self.at.is_empty()).then(|| self.at.to_owned()),
            table: crate::schema::HISTORY.to_owned(),
            part: Part::Named,
            name: name.to_owned(),
            wanted: sides.0.to_owned(),
            found: sides.1.to_owned(),
            fix,
        }
    }
}

/// A finding if the login that checks is no member of the application's role: no store can do scoped work with it.
pub(super) fn stranger(place: Place, at: &str, role: &Role) -> Option<Finding> {
    let login = role.stranger.as_ref()?;
    let (application, member) = (ddl::role(&role.name), ddl::role(login));
    Some(Finding {
        code: Code::Stranger,
        place,
        at: Some(at.to_owned()),
        table: role.name.clone(),
        part: Part::Named,
        name: login.clone(),
        wanted: format!("a member of {}", role.name),
        found: "no member: it cannot SET ROLE to it".to_owned(),
        fix: Fix::sql([Statement::new(
            Phase::Guard,
            format!("GRANT {application} TO {member}"),
        )]),
    })
}
