//! The contestants of the benchmarks, the data that they work on, and what is asked of them.
//!
//! Two bench targets stand on this: `ratios` lets the contestants take turns and prints one table for each
//! engine, `operations` gives each of them to criterion. Both begin with [`verify`], which fails where two
//! contestants do not do the same thing.

mod catamaran_repository;
pub mod contestant;
pub mod dataset;
pub mod operation;
mod seaorm;
mod sqlx_postgres;
mod sqlx_sqlite;
pub mod stage;
mod verify;

pub use contestant::{Contestant, Outcome};
pub use operation::Operation;
pub use stage::Stage;
pub use verify::verify;
