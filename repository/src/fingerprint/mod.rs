//! The schema fingerprint of an application: the canonical schema, the reading of catalogs, the comparison, and the
//! findings with their fixes.

pub(crate) mod code;
pub(crate) mod compare;
pub(crate) mod ddl;
#[cfg_attr(
    not(feature = "doctor"),
    allow(dead_code, reason = "only the doctor is told of renames")
)]
pub(crate) mod decisions;
pub(crate) mod described;
mod digest;
mod entity;
pub(crate) mod expression;
pub(crate) mod finding;
pub(crate) mod fix;
pub(crate) mod history;
pub(crate) mod ident;
pub(crate) mod privileges;
pub(crate) mod read;
pub(crate) mod requirements;
pub(crate) mod schema;
pub(crate) mod set_null;
pub(crate) mod statement;
mod store;
pub(crate) mod suppression;
pub(crate) mod text;

use std::fmt;
use std::sync::Arc;

pub use digest::Digest;

use crate::driver::{DEFAULT_APPLICATION_ROLE, Dialect};
use crate::migrate::{History, HistoryTable};
use crate::model::domain::{Domain, Place};
use crate::model::engine::Engine;
use crate::model::error::{ErrorKind, Result};
use code::{Code, Severity};
use decisions::Decisions;
use described::Described;
use finding::Finding;
use history::HistoryCheck;
use read::{Application, Applied, StorePool, equivalent, not_permitted};
use requirements::Requirements;

/// The schema that an application needs, computed from its domain and records, with a digest for each engine.
///
/// It needs no file beside the code. The test `assert_in_sync!` proves that the migrations build the same schema. With
/// `StoreOptions::fingerprint` a store does not open a database with a different schema.
///
/// ```no_run
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{domain::DOMAIN, migration::History};
/// # async fn example() -> catamaran::Result<()> {
/// use catamaran::{Fingerprint, StoreOptions};
///
/// let store = StoreOptions::new("postgres://app@localhost/notes")
///     .fingerprint(Fingerprint::of(&DOMAIN).migrations::<History>())
///     .open()
///     .await?;
/// # let _ = store;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Fingerprint {
    domain: &'static Domain,
    described: Arc<Described>,
    migrations: Option<fn() -> Vec<String>>,
    history: fn() -> Result<HistoryTable>,
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprint")
            .field("sqlite", &self.digest(Engine::Sqlite))
            .field("postgres", &self.digest(Engine::Postgres))
            .finish_non_exhaustive()
    }
}

impl Fingerprint {
    /// The schema of a domain and its records.
    pub fn of(domain: &'static Domain) -> Self {
        Fingerprint {
            domain,
            described: Arc::new(Described::by(domain)),
            migrations: None,
            history: || Ok(HistoryTable::default()),
        }
    }

    /// Also requires that exactly these migrations are applied. The error names the migration that is missing or
    /// unknown.
    #[must_use]
    pub fn migrations<H: History>(mut self) -> Self {
        self.migrations = Some(|| {
            let migrations = H::migrations();
            let names = migrations.iter().map(|migration| migration.name());
            names.map(str::to_owned).collect()
        });
        self.history = || Ok(HistoryTable::of::<H>()?);
        self
    }

    /// The digest of the schema that an engine needs.
    ///
    /// Equal schemas have equal digests on any machine with the same version of this library.
    pub fn digest(&self, engine: Engine) -> Digest {
        let requirements = self.requirements(DEFAULT_APPLICATION_ROLE);
        let schema = requirements.schema(Place::Database(engine));
        schema.map_or_else(Digest::default, |schema| {
            Digest::of(&schema, DEFAULT_APPLICATION_ROLE)
        })
    }

    pub(crate) fn domain(&self) -> &'static Domain {
        self.domain
    }

    fn requirements<'a>(&'a self, role: &'a str) -> Requirements<'a> {
        Requirements {
            domain: self.domain,
            described: &self.described,
            role,
        }
    }

    /// Checks the database behind the pool.
    ///
    /// # Errors
    /// - [`NotMigrated`](ErrorKind::NotMigrated) if a migration is not applied, and none is unknown.
    /// - [`SchemaDiffers`](ErrorKind::SchemaDiffers) if anything else differs.
    /// - [`Permission`](ErrorKind::Permission) if the role may not read which migrations are applied.
    pub(crate) async fn check<D: Dialect>(&self, pool: &D::Pool, role: &str) -> Result<()> {
        let source = StorePool::<D>::new(pool);
        let table = (self.history)()?;
        let application = Application {
            role,
            history: table,
        };
        let mut seen = read::database(&source, application, None).await?;
        let place = Place::Database(D::ENGINE);
        let mut reasons = Vec::new();
        let (mut is_behind, mut is_ahead) = (false, false);
        if let Some(names) = self.migrations {
            let Applied::Rows(applied) = &seen.applied else {
                let reason = not_permitted(table).into();
                return Err(ErrorKind::Permission { reason }.into());
            };
            let recorder = HistoryCheck {
                place,
                at: "",
                table,
                is_whole: false,
            };
            for finding in recorder.compare(applied, &names()) {
                is_behind |= finding.code == Code::MigrationMissing;
                is_ahead |= finding.code == Code::MigrationUnknown;
                reasons.push(summary(&finding));
            }
        }
        let requirements = self.requirements(role);
        let wanted = requirements.schema(place);
        let is_ours = |table: &String| {
            let tables = wanted.as_ref().map(|wanted| &wanted.tables);
            tables.is_some_and(|tables| tables.contains_key(table))
        };
        let unread = seen.schema.unread.iter();
        let unread = unread.filter(|(table, _)| is_ours(table));
        reasons.extend(unread.map(|(_, reason)| reason.clone()));
        if let Some(wanted) = wanted
            && Digest::of(&wanted, role) != Digest::of(&seen.schema, role)
        {
            equivalent::adopt(&source, &wanted, &mut seen.schema).await;
            // Equivalent expressions, suppressed differences and warnings are no reason to refuse the database.
            let found = compare::compare(
                place,
                None,
                &wanted,
                &seen.schema,
                self.domain.suppressions,
                &Decisions::default(),
            );
            let (found, _) = suppression::apply(self.domain.suppressions, &[], found);
            let is_reason = |finding: &&Finding| {
                finding.place == place && finding.severity() == Severity::Error
            };
            reasons.extend(found.iter().filter(is_reason).map(summary));
        }
        let Some(reason) = joined(reasons) else {
            return Ok(());
        };
        // A program that lacks a migration of the database cannot apply its own.
        Err(match is_behind && !is_ahead {
            true => ErrorKind::NotMigrated { reason },
            false => ErrorKind::SchemaDiffers { reason },
        }
        .into())
    }
}

/// The most reasons that an error lists; the doctor reports all.
const MOST_REASONS: usize = 8;

fn summary(finding: &Finding) -> String {
    format!("{} {}", finding.subject(), finding.code.title())
}

fn joined(mut reasons: Vec<String>) -> Option<String> {
    let more = reasons.len().saturating_sub(MOST_REASONS);
    reasons.truncate(MOST_REASONS);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
