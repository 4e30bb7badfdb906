//! The contestants of the benchmarks, their data, and their operations.
//!
//! Two bench targets use it: `ratios` runs the contestants in turns and prints one table for each engine; `operations`
//! runs each of them under criterion. Both begin with [`verify`], which fails if two contestants differ.

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
