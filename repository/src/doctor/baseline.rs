//! Records migrations as applied on a database that was made otherwise.

use std::fmt;

use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};

use super::live;
use super::report::Report;
use super::scratch::Migrations;
use crate::driver::{DEFAULT_APPLICATION_ROLE, DatabaseUrl};
use crate::fingerprint::code::Code;
use crate::fingerprint::decisions::Decisions;
use crate::fingerprint::expression;
use crate::fingerprint::finding::{Finding, Part};
use crate::fingerprint::fix::Fix;
use crate::fingerprint::read::{self, Application};
use crate::fingerprint::schema::{OtherObject, Schema};
use crate::fingerprint::{compare, suppression};
use crate::migrate::{
    ConnectOptions, History, HistoryTable, MigrateError, count_up_to, record_up_to, unrecorded,
    with_connection,
};
use crate::model::domain::{Domain, Place, Suppression};
use crate::model::engine::Engine;

/// Records the first migrations of a history as applied on a database that was made otherwise: by hand, from a dump, by
/// another tool.
///
/// It records only if the schema of the database equals what these migrations build. For that it migrates a scratch
/// database and compares both. It compares no rows, and no functions, types and sequences of Postgres that no table uses.
///
/// ```no_run
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::migration::History;
/// # async fn example() -> Result<(), catamaran::doctor::BaselineError> {
/// use catamaran::doctor::Baseline;
///
/// let baseline = Baseline::up_to("m20260101_000001_notes");
/// for name in baseline.record::<History>("postgres://owner@localhost/notes").await? {
///     println!("recorded {name}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Baseline {
    up_to: String,
    role: String,
    schemas: Option<String>,
    server: Option<SecretString>,
    suppressions: &'static [Suppression],
}

impl fmt::Debug for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Baseline")
            .field("up_to", &self.up_to)
            .finish_non_exhaustive()
    }
}

/// Why no migration was recorded. The database was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// The database cannot be reached, the history has no such migration, or the recorded ones exclude it.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database differs from what the migrations build.
    #[error(
        "no migration was recorded: the database differs from what the migrations up to `{up_to}` build"
    )]
    Differs {
        /// The last of the migrations.
        up_to: String,
        /// The differences, with the steps that would remove them. In its texts DOMAIN stands for what the migrations
        /// build.
        report: Box<Report>,
    },
    /// The database could not be compared with what the migrations build: no server for the scratch database, or a table
    /// that cannot be read.
    #[error("no migration was recorded, because the database could not be compared: {reason}")]
    NotCompared {
        /// Why.
        reason: String,
    },
}

impl Baseline {
    /// The migrations up to and including the one of that name.
    pub fn up_to(name: impl Into<String>) -> Self {
        Baseline {
            up_to: name.into(),
            role: DEFAULT_APPLICATION_ROLE.to_owned(),
            schemas: None,
            server: None,
            suppressions: &[],
        }
    }

    /// The domain whose suppressions for live databases also apply here. Its tables are not compared.
    #[must_use]
    pub fn domain(mut self, domain: &'static Domain) -> Self {
        self.suppressions = domain.suppressions;
        self
    }

    /// The application's role on Postgres, whose privileges are compared. Default: `catamaran_app`.
    #[must_use]
    pub fn application_role(mut self, role: impl Into<String>) -> Self {
        self.role = role.into();
        self
    }

    /// The application's schemas on Postgres, separated by commas. Default: `public`.
    #[must_use]
    pub fn schemas(mut self, schemas: impl Into<String>) -> Self {
        self.schemas = Some(schemas.into());
        self
    }

    /// The URL of the Postgres server for the scratch database, as for [`Doctor::server`](super::Doctor::server).
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.server = Some(SecretString::from(url.into()));
        self
    }

    /// Compares the database at `url`, and records the migrations under the migration lock, with the checksums of their
    /// text. Returns the names of those that were not recorded before, in order; none if all were.
    ///
    /// # Errors
    /// - [`BaselineError::Differs`] if the schema differs.
    /// - [`BaselineError::NotCompared`] if that could not be found out.
    /// - [`BaselineError::Migrate`] with [`MigrateError::Baseline`] if the history has no such migration, a later one is
    ///   recorded or one is unfinished, with [`MigrateError::UnknownMigrations`] if the database has migrations that the history lacks, and
    ///   with the errors of [`migrate::up`](crate::migrate::up) for the URL and the connection.
    pub async fn record<H: History>(&self, url: &str) -> Result<Vec<String>, BaselineError> {
        let url = DatabaseUrl::parse(url).map_err(MigrateError::from)?;
        let engine = url.engine();
        let url = url.existing();
        let count = count_up_to::<H>(engine, &self.up_to)?;
        let options = ConnectOptions {
            schema: self.schemas.as_deref(),
            ..ConnectOptions::default()
        };
        let label = live::label(&url, self.schemas.as_deref());
        let work = async |db: &DatabaseConnection| self.over::<H>(db, engine, count, &label).await;
        with_connection(&url, options, work).await?
    }

    async fn over<H: History>(
        &self,
        db: &DatabaseConnection,
        engine: Engine,
        count: u32,
        label: &str,
    ) -> Result<Vec<String>, BaselineError> {
        // Before the scratch database is created, which takes longer.
        if unrecorded::<H, _>(db, engine, &self.up_to)
            .await?
            .is_empty()
        {
            return Ok(Vec::new());
        }
        let application = Application {
            role: &self.role,
            history: HistoryTable::of::<H>()?,
        };
        let mut migrations = Migrations::of::<H>();
        if let Some(schemas) = &self.schemas {
            migrations.set_schemas(schemas.clone());
        }
        let server = self.server.as_ref().map(ExposeSecret::expose_secret);
        let built = migrations.build_first(count, engine, server, application);
        let built = built.await.map_err(not_compared)?;
        all_read(&built)?;
        let check = async || self.check(db, application, &built, label).await;
        let names = record_up_to::<H, BaselineError>(db, &self.up_to, check).await?;
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    async fn check(
        &self,
        db: &DatabaseConnection,
        application: Application<'_>,
        built: &Schema,
        label: &str,
    ) -> Result<(), BaselineError> {
        let actual = read::schema(db, application, Some(built)).await;
        let actual = actual.map_err(|error| not_compared(error.to_string()))?;
        all_read(&actual)?;
        let found = differences(self.suppressions, built, &actual, label);
        match found.is_empty() {
            true => Ok(()),
            false => Err(BaselineError::Differs {
                up_to: self.up_to.clone(),
                report: Box::new(Report {
                    checked: vec![Place::Database(built.engine)],
                    ..Report::from(found)
                }),
            }),
        }
    }
}

/// What of a database differs from what the migrations build, as far as migrations decide it.
pub(super) fn differences(
    suppressions: &'static [Suppression],
    built: &Schema,
    actual: &Schema,
    label: &str,
) -> Vec<Finding> {
    let place = Place::Database(built.engine);
    let decisions = Decisions::default();
    let found = compare::compare(place, Some(label), built, actual, suppressions, &decisions);
    let others = other_bodies(place, label, built, actual);
    let found = found.into_iter().chain(others).collect();
    let (mut found, _) = suppression::apply(suppressions, &[], found);
    // Without findings about the suppressions themselves.
    found.retain(|finding| finding.place == place && is_of_migrations(finding.code));
    found
}

/// Whether migrations decide it. The others depend on the server, or are about the history itself.
const fn is_of_migrations(code: Code) -> bool {
    !matches!(
        code,
        Code::RoleUnbound
            | Code::RolePower
            | Code::DefaultPrivileges
            | Code::MayCreate
            | Code::HistoryWritable
    )
}

/// Views and triggers of the same name whose text differs, which the comparison with DOMAIN does not read.
fn other_bodies(place: Place, label: &str, built: &Schema, actual: &Schema) -> Vec<Finding> {
    let pairs = built.others.iter().filter_map(|wanted| {
        let mut found = actual.others.iter();
        let found = found.find(|found| found.is_same_object(wanted))?;
        (text_of(built.engine, wanted) != text_of(built.engine, found)).then_some((wanted, found))
    });
    let findings = pairs.map(|(wanted, found)| {
        let sql = |of: &OtherObject| of.sql.clone().unwrap_or_default();
        Finding {
            code: Code::Unknown,
            place,
            at: Some(label.to_owned()),
            table: wanted.table.clone(),
            part: Part::Named,
            name: wanted.name.clone(),
            wanted: sql(wanted),
            found: sql(found),
            fix: Fix::Words("create it again with the wanted text".to_owned()),
        }
    });
    findings.collect()
}

/// The text of an object without white space, comments and the case of words.
fn text_of(engine: Engine, of: &OtherObject) -> Vec<String> {
    let sql = of.sql.as_deref().unwrap_or_default();
    expression::words_and_symbols(engine, sql)
}

fn all_read(schema: &Schema) -> Result<(), BaselineError> {
    match schema.unread.values().next() {
        Some(reason) => Err(not_compared(reason.clone())),
        None => Ok(()),
    }
}

fn not_compared(reason: String) -> BaselineError {
    BaselineError::NotCompared { reason }
}
