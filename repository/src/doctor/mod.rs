//! The drift check: proves that both schemas, the migrations and live databases agree.
//!
//! A schema is described in six places: DOMAIN with the records, the SQLite entities, the Postgres entities, what
//! the migrations build on either engine, and a live database. DOMAIN and the records, with a
//! [matrix](crate::domain::MATRIX) of equivalent types, determine what each of the others has to contain. Each is read
//! into one canonical schema. Every difference is a [`Finding`] with a stable [`Code`] and a fix.
//!
//! In a test it is one line:
//!
//! ```no_run
//! # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
//! # use demo::{domain::DOMAIN, migration::History};
//! #[test]
//! fn the_schema_is_in_sync() {
//!     catamaran::assert_in_sync!(DOMAIN, History);
//! }
//! ```
//!
//! It compares schemas: no function bodies, no other schemas of a database, and no data, except that it looks for rows
//! without a parent in live databases. A condition that the engines spell
//! differently is stated for each of them with
//! [`Check::holds_natively`](crate::domain::Check::holds_natively). `docs/src/doctor.md` lists what it cannot see.

mod baseline;
mod domain;
mod format;
mod generate;
mod in_sync;
mod live;
mod report;
mod scratch;
mod script;
mod steps;
mod suggest;
#[cfg(all(test, feature = "sqlite", feature = "postgres"))]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::{DatabaseConnection, EntityTrait};
use secrecy::{ExposeSecret, SecretString};

pub use crate::fingerprint::code::{Code, Severity};
pub use crate::fingerprint::finding::{Finding, Part};
pub use crate::fingerprint::fix::{Change, Fix};
pub use crate::fingerprint::{Digest, Fingerprint};
pub use crate::model::domain::Place;
pub use baseline::{Baseline, BaselineError};
pub use format::{Format, Sources};
pub use generate::{
    Cost, Filling, GenerateError, Generated, Kept, Question, Reviewed, Trial, Unfilled,
};
pub use in_sync::in_sync;
pub use report::{Report, Skipped, Verdict};
pub use steps::Step;
pub use suggest::Suggestion;

use crate::driver::DEFAULT_APPLICATION_ROLE;
use crate::fingerprint::decisions::Decisions;
use crate::fingerprint::described::Described;
use crate::fingerprint::history::HistoryCheck;
use crate::fingerprint::read::{self, Application, Applied, not_permitted};
use crate::fingerprint::requirements::Requirements;
use crate::fingerprint::schema::Schema;
use crate::fingerprint::{compare, suppression};
use crate::migrate::{History, HistoryTable};
use crate::model::domain::{Domain, TableSource};
use crate::model::engine::Engine;
pub(crate) use live::Database;
use scratch::Migrations;

/// Compares each place that it is given with DOMAIN and the records.
///
/// ```no_run
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{domain::DOMAIN, migration::History};
/// # async fn example() {
/// use catamaran::doctor::Doctor;
///
/// let report = Doctor::new(&DOMAIN)
///     .migrations::<History>()
///     .database("postgres://app@localhost/notes")
///     .check()
///     .await;
/// println!("{report}");
/// # }
/// ```
#[derive(Clone)]
pub struct Doctor {
    domain: &'static Domain,
    described: Described,
    role: String,
    migrations: Option<Migrations>,
    has_scratch: bool,
    server: Option<SecretString>,
    databases: Vec<Database>,
    lock_timeout: Duration,
    schemas: Option<String>,
    watch: Option<Watch>,
    only: Option<Engine>,
    decisions: Decisions,
}

/// How long the doctor waits for a lock in a live database: 5 seconds.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Called before each place is checked.
type Watch = Arc<dyn Fn(Place) + Send + Sync>;

impl fmt::Debug for Doctor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doctor").finish_non_exhaustive()
    }
}

impl Doctor {
    /// A doctor that compares the domain with its own sources: the records and the entities.
    pub fn new(domain: &'static Domain) -> Self {
        Doctor {
            domain,
            described: Described::by(domain),
            role: DEFAULT_APPLICATION_ROLE.to_owned(),
            migrations: None,
            has_scratch: true,
            server: None,
            databases: Vec::new(),
            lock_timeout: LOCK_TIMEOUT,
            schemas: None,
            watch: None,
            only: None,
            decisions: Decisions::default(),
        }
    }

    /// Adds a source to those of the domain, or replaces the one of the same table.
    #[must_use]
    pub fn source(mut self, source: TableSource) -> Self {
        self.described.add(source);
        self
    }

    /// Replaces the SQLite entity of the same table.
    #[must_use]
    pub fn sqlite_entity<E: EntityTrait>(self) -> Self {
        self.source(TableSource::sqlite::<E>())
    }

    /// Replaces the Postgres entity of the same table.
    #[must_use]
    pub fn postgres_entity<E: EntityTrait>(self) -> Self {
        self.source(TableSource::postgres::<E>())
    }

    /// Also checks what these migrations build on either engine, in scratch databases that are dropped afterwards.
    #[must_use]
    pub fn migrations<H: History>(mut self) -> Self {
        let mut migrations = Migrations::of::<H>();
        if let Some(schemas) = &self.schemas {
            migrations.set_schemas(schemas.clone());
        }
        self.migrations = Some(migrations);
        self
    }

    /// The application's schemas on Postgres, separated by commas, as for
    /// [`StoreOptions::schemas`](crate::StoreOptions::schemas). A scratch database gets them before the migrations run.
    /// Default: `public`.
    #[must_use]
    pub fn schemas(mut self, schemas: impl Into<String>) -> Self {
        let schemas = schemas.into();
        if let Some(migrations) = &mut self.migrations {
            migrations.set_schemas(schemas.clone());
        }
        self.schemas = Some(schemas);
        self
    }

    /// Creates no scratch databases and skips what the migrations build. The history of each
    /// [`database`](Self::database) is still compared with the names of the [`migrations`](Self::migrations).
    #[must_use]
    pub fn without_scratch(mut self) -> Self {
        self.has_scratch = false;
        self
    }

    /// The URL of the Postgres server for the scratch database; its role must be able to create databases. Default: the
    /// server that `CATAMARAN_TEST_POSTGRES_URL` names, else one that is started from the binaries on this machine.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.server = Some(SecretString::from(url.into()));
        self
    }

    /// Also checks a live database, by its URL. It is only read, and needs no privilege to change anything. With
    /// [`migrations`](Self::migrations), migrations that are not applied, unknown or edited are findings too. Edited ones
    /// are found if the role may read the table of their checksums.
    #[must_use]
    pub fn database(self, url: impl Into<String>) -> Self {
        let database = Database::at(&url.into(), self.schemas.clone());
        self.live_database(database)
    }

    /// As [`database`](Self::database), for an application with its own schemas on Postgres: one, or several separated
    /// by commas, as for [`StoreOptions::schemas`](crate::StoreOptions::schemas). Only the first one is checked.
    #[must_use]
    pub fn database_schema(self, url: impl Into<String>, schema: impl Into<String>) -> Self {
        let database = Database::at(&url.into(), Some(schema.into()));
        self.live_database(database)
    }

    /// As [`database`](Self::database), by a URL that was read.
    pub(crate) fn live_database(mut self, database: Database) -> Self {
        self.databases.push(database);
        self
    }

    /// Checks this engine only: its entities, what the migrations build on it, and its databases.
    #[must_use]
    pub fn only(mut self, engine: Engine) -> Self {
        self.only = Some(engine);
        self
    }

    /// The application's role on Postgres. Default: `catamaran_app`.
    #[must_use]
    pub fn application_role(mut self, role: impl Into<String>) -> Self {
        self.role = role.into();
        self
    }

    /// How long to wait for a lock in a live database. A database that takes longer is [skipped](Report::skipped).
    /// Default: [`LOCK_TIMEOUT`].
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Calls a function before each place is checked, for a display of progress.
    #[must_use]
    pub fn watch(mut self, watch: impl Fn(Place) + Send + Sync + 'static) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }

    /// Checks every place. A report with skipped places is not clean.
    pub async fn check(&self) -> Report {
        let mut run = CheckRun::new(self);
        run.code();
        run.scratch().await;
        for database in &self.databases {
            match (database.place(), self.only) {
                (Ok(place), Some(only)) if place.engine() != Some(only) => {
                    let label = database.label();
                    run.skip(place, format!("{label}: only {only} was asked for"));
                }
                _ => run.live(database).await,
            }
        }
        run.report()
    }

    /// As [`check`](Self::check), but of an open connection only. It begins its own transaction, so the connection must not
    /// have one.
    pub async fn check_connection(&self, db: &DatabaseConnection) -> Report {
        let mut run = CheckRun::new(self);
        let place = Place::Database(read::engine_of(db).unwrap_or(Engine::Sqlite));
        let wanted = self.requirements().schema(place);
        match read::with_rows(db, self.application(), wanted.as_ref()).await {
            Ok(seen) => {
                run.compare(place, None, wanted.as_ref(), &seen.schema);
                for reason in seen.unchecked {
                    run.skip(place, reason);
                }
            }
            Err(error) => run.skip(place, error.to_string()),
        }
        run.report()
    }

    fn announce(&self, place: Place) {
        if let Some(watch) = &self.watch {
            watch(place);
        }
    }

    /// The server for scratch databases, if one is set.
    fn given_server(&self) -> Option<&str> {
        self.server.as_ref().map(ExposeSecret::expose_secret)
    }

    fn engines(&self) -> impl Iterator<Item = Engine> {
        let only = self.only;
        let engines = Engine::ALL.into_iter();
        engines.filter(move |engine| only.is_none_or(|only| only == *engine))
    }

    /// What a reader of databases needs to know of the application.
    fn application(&self) -> Application<'_> {
        let migrations = self.migrations.as_ref();
        Application {
            role: &self.role,
            history: migrations.map_or(HistoryTable::default(), |of| of.table),
        }
    }

    fn requirements(&self) -> Requirements<'_> {
        Requirements {
            domain: self.domain,
            described: &self.described,
            role: &self.role,
        }
    }
}

/// A check in progress.
struct CheckRun<'a> {
    doctor: &'a Doctor,
    report: Report,
    /// The schema of each Postgres database that was read.
    schemas: BTreeMap<steps::Where, String>,
}

impl<'a> CheckRun<'a> {
    fn new(doctor: &'a Doctor) -> Self {
        CheckRun {
            doctor,
            report: Report::default(),
            schemas: BTreeMap::new(),
        }
    }

    fn skip(&mut self, place: Place, reason: String) {
        self.report.skipped.push(Skipped { place, reason });
    }

    fn compare(
        &mut self,
        place: Place,
        at: Option<&str>,
        wanted: Option<&Schema>,
        actual: &Schema,
    ) {
        self.report.checked.push(place);
        for reason in actual.unread.values() {
            let at = at.map_or(String::new(), |at| format!("{at}: "));
            self.skip(place, format!("{at}{reason}"));
        }
        if let Some(wanted) = wanted {
            let (domain, decisions) = (self.doctor.domain, &self.doctor.decisions);
            let found = compare::compare(place, at, wanted, actual, domain.suppressions, decisions);
            self.report.findings.extend(found);
            let at = at.map(str::to_owned);
            let schema = actual.namespace.clone();
            self.schemas
                .extend(schema.map(|schema| ((place, at), schema)));
        }
    }

    /// DOMAIN, the records and the entities.
    fn code(&mut self) {
        self.report.checked.push(Place::Domain);
        self.report
            .findings
            .extend(domain::check(&self.doctor.requirements()));
        for engine in self.doctor.engines() {
            if !is_built(engine) {
                let reason = format!("this build of the application has no {engine} support");
                self.skip(Place::Entities(engine), reason);
                continue;
            }
            let place = Place::Entities(engine);
            let wanted = self.doctor.requirements().schema(place);
            let entities = self.doctor.described.entities(engine);
            self.compare(place, None, wanted.as_ref(), entities);
        }
    }

    /// What the migrations build, on both engines concurrently.
    async fn scratch(&mut self) {
        let doctor = self.doctor;
        let Some(migrations) = doctor.migrations.as_ref().filter(|_| doctor.has_scratch) else {
            return;
        };
        let building = doctor.engines().map(|engine| {
            let place = Place::Migrations(engine);
            doctor.announce(place);
            async move {
                let wanted = doctor.requirements().schema(place);
                let server = doctor.given_server();
                let built = migrations.build(engine, server, doctor.application(), wanted.as_ref());
                (place, built.await, wanted)
            }
        });
        for (place, built, wanted) in join_all(building).await {
            match built {
                Ok(schema) => self.compare(place, None, wanted.as_ref(), &schema),
                Err(reason) => self.skip(place, reason),
            }
        }
    }

    async fn live(&mut self, database: &Database) {
        let label = database.label();
        let place = match database.place() {
            Ok(place) => place,
            Err(reason) => {
                return self.skip(
                    Place::Database(Engine::Sqlite),
                    format!("{label}: {reason}"),
                );
            }
        };
        self.doctor.announce(place);
        let wanted = self.doctor.requirements().schema(place);
        let seen = match database
            .look(
                self.doctor.application(),
                wanted.as_ref(),
                self.doctor.lock_timeout,
            )
            .await
        {
            Ok(seen) => seen,
            Err(reason) => return self.skip(place, format!("{label}: {reason}")),
        };
        let before = self.report.findings.len();
        self.compare(place, Some(&label), wanted.as_ref(), &seen.schema);
        for reason in &seen.unchecked {
            self.skip(place, format!("{label}: {reason}"));
        }
        let mut own = self.report.findings.split_off(before);
        let suppressions = self.doctor.domain.suppressions;
        let is_error = |finding: &Finding| {
            let (code, subject) = (finding.code, finding.subject());
            let mut suppressions = suppressions.iter();
            finding.severity() == Severity::Error
                && code != Code::Orphans
                && !suppressions.any(|one| suppression::covers(one, place, code, &subject))
        };
        let is_whole = !own.iter().any(is_error);
        if let Some(migrations) = &self.doctor.migrations {
            match &seen.applied {
                Applied::Rows(recorded) => {
                    let at = label.as_str();
                    let recorder = HistoryCheck {
                        place,
                        at,
                        table: migrations.table,
                        is_whole,
                    };
                    let found = recorder.compare(recorded, &migrations.names());
                    self.report.findings.extend(found);
                    let engine = seen.schema.engine;
                    let edited = recorder.edited(recorded, &migrations.checksums(engine));
                    self.report.findings.extend(edited);
                }
                Applied::NotPermitted => {
                    let reason = not_permitted(migrations.table);
                    let reason = format!("{label}: which migrations it has: {reason}");
                    self.skip(place, reason);
                }
            }
        }
        let role = seen.schema.role.as_ref();
        let not_a_member = role.and_then(|role| live::not_a_member(place, &label, role));
        self.report.findings.extend(not_a_member);
        self.report.findings.append(&mut own);
    }

    fn report(mut self) -> Report {
        let findings = std::mem::take(&mut self.report.findings);
        let suppressions = self.doctor.domain.suppressions;
        let skipped = &self.report.skipped;
        let mut in_whole = self.report.checked.clone();
        in_whole.retain(|place| !skipped.iter().any(|skipped| skipped.place == *place));
        let (kept, suppressed) = suppression::apply(suppressions, &in_whole, findings);
        self.report.steps = steps::of(&kept, &self.schemas);
        self.report.findings = kept;
        self.report.suppressed = suppressed;
        self.report
    }
}

/// Whether the engine's feature is on. Its entities are compiled only then.
const fn is_built(engine: Engine) -> bool {
    match engine {
        Engine::Sqlite => cfg!(feature = "sqlite"),
        Engine::Postgres => cfg!(feature = "postgres"),
    }
}
