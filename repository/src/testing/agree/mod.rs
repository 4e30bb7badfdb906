//! Compares the engines: random operations on a SQLite and a Postgres database with the same records, clock and ids.
//!
//! Each outcome is compared as a whole, and checked against a model of the rows: versions, timestamps, owners,
//! visibility, counts, orders, pages, rollbacks. See [`EnginesAgree`].

mod call;
mod generate;
mod lab;
mod model;
mod operation;
mod outcome;
mod print;
mod replay;
mod run;
mod setup;
mod shape;
mod shrink;
mod side;
mod source;
mod summary;

pub use operation::with_other_byte;
pub use replay::{Replay, Stop, replay};
pub use run::{EnginesAgree, OPERATIONS_VARIABLE, SEED_VARIABLE};
pub use summary::{Divergence, Summary};

use super::TestError;

/// Why a run of [`EnginesAgree`] did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgreeError {
    /// The engines answered differently, or an answer cannot be right.
    #[error("{0}")]
    Diverged(Box<Divergence>),
    /// A database is missing, or cannot be created, read or removed.
    #[error("the engines were not compared: {0}")]
    Test(#[from] TestError),
    /// The run cannot compare anything, or not what was asked.
    #[error("the engines were not compared: {reason}")]
    Setup {
        /// Why, and what to do.
        reason: String,
    },
    /// An environment variable is no number.
    #[error("the engines were not compared: {variable} is not a number")]
    Variable {
        /// The variable.
        variable: &'static str,
    },
}

/// Panics if SQLite and Postgres answer differently to random operations on an application's own records.
///
/// ```no_run
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{Note, domain::DOMAIN, migration::History};
/// #[test]
/// fn the_engines_agree() {
///     catamaran::assert_engines_agree!(DOMAIN, History, records: [Note], operations: 2_000);
/// }
/// ```
///
/// List the record of a parent before those of its children. After `operations` these may follow, in this order:
/// - `seed: 42`: the same operations in each run. Otherwise each run has a new seed, and prints it if it fails.
/// - `examples: [Note::TITLE => ["hull", "deck"]]`: values for a column whose check few random values satisfy.
///
/// A failure prints the seed, the shortest sequence of operations that was found as the code of a test, and both
/// answers. `CATAMARAN_SEED` and `CATAMARAN_OPERATIONS` override the arguments. Both engines are needed: without a
/// Postgres server it panics; see [`PostgresServer`](crate::testing::PostgresServer).
/// [`EnginesAgree`](crate::testing::EnginesAgree) has further options.
#[macro_export]
macro_rules! assert_engines_agree {
    (
        $domain:expr, $history:ty, records: [$($record:ty),+ $(,)?], operations: $operations:expr
        $(, seed: $seed:expr)? $(, examples: [$($column:expr => $values:expr),* $(,)?])? $(,)?
    ) => {
        let run = $crate::testing::EnginesAgree::new(&$domain)
            $(.record::<$record>())+
            $($(.example($column, $values))*)?
            $(.seed($seed))?
            .operations($operations);
        if let Err(error) = run.run::<$history>() {
            panic!("{error}");
        }
    };
}
