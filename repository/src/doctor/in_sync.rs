//! The check as one line in a test.

use super::{Doctor, Place, Report, Skipped};
use crate::migrate::History;
use crate::model::domain::Domain;
use crate::model::engine::Engine;

/// Checks the domain, its sources, and what the migrations build. [`assert_in_sync!`](crate::assert_in_sync) calls it.
///
/// Runs on its own thread with its own runtime, so that a test with or without a runtime can call it.
///
/// # Errors
/// The report, if it is not clean.
pub fn in_sync<H: History>(domain: &'static Domain) -> Result<(), Box<Report>> {
    let check = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.map(|runtime| runtime.block_on(Doctor::new(domain).migrations::<H>().check()))
    };
    let report = std::thread::scope(|scope| scope.spawn(check).join());
    let skipped = |reason: String| {
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
        Ok(Err(error)) => skipped(format!("no runtime: {error}")),
        Err(_) => skipped("the check panicked".to_owned()),
    };
    match report.is_clean() {
        true => Ok(()),
        false => Err(Box::new(report)),
    }
}

/// Panics with the doctor's report unless the domain, its records, both entity sets and the schemas that the
/// migrations build on both engines agree.
///
/// `catamaran::assert_in_sync!(entity::DOMAIN, migration::Migrator);`
///
/// Needs a Postgres server, as every test of the kit does: see
/// `catamaran::testing::PostgresServer`.
#[macro_export]
macro_rules! assert_in_sync {
    ($domain:expr, $history:ty $(,)?) => {
        if let Err(report) = $crate::doctor::in_sync::<$history>(&$domain) {
            panic!("the schema is out of sync\n{report}");
        }
    };
}
