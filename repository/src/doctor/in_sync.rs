//! The check as one line of a test.

use super::{Doctor, Place, Report, Skipped};
use crate::migrate::History;
use crate::model::domain::Domain;
use crate::model::engine::Engine;

/// Checks the domain, its models, and what the migrations build, for [`assert_in_sync!`](crate::assert_in_sync).
///
/// On a thread with a runtime of its own, so that it can be called in a test with or without one.
///
/// # Errors
/// The report, where it is other than clean.
pub fn in_sync<H: History>(domain: &'static Domain) -> Result<(), Box<Report>> {
    let check = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.map(|runtime| runtime.block_on(Doctor::new(domain).migrations::<H>().check()))
    };
    let report = std::thread::scope(|scope| scope.spawn(check).join());
    let cannot_see = |reason: String| {
        let skipped = Engine::ALL.map(|engine| Skipped {
            place: Place::Migrations(engine),
            reason: reason.clone(),
        });
        Report {
            skipped: skipped.to_vec(),
            ..Report::default()
        }
    };
    let report = match report {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => cannot_see(format!("no runtime: {error}")),
        Err(_) => cannot_see("the check panicked".to_owned()),
    };
    match report.is_clean() {
        true => Ok(()),
        false => Err(Box::new(report)),
    }
}

/// Fails a test, with the doctor's report, unless the domain, its records, both entity sets and what the
/// migrations build on both engines all say the same.
///
/// `catamaran::assert_in_sync!(entity::DOMAIN, migration::Migrator);`
///
/// A Postgres server has to be at hand, as for every test of the kit: see
/// [`PostgresServer`](crate::testing::PostgresServer).
#[macro_export]
macro_rules! assert_in_sync {
    ($domain:expr, $history:ty $(,)?) => {
        if let Err(report) = $crate::doctor::in_sync::<$history>(&$domain) {
            panic!("the schema is out of sync\n{report}");
        }
    };
}
