//! Catamaran beside bare drivers, sqlx, SeaORM and Diesel: the same workloads on the same rows.
//!
//! The program `ratios` runs the contestants in turns, and prints the rate of each relative to the floor: a bare driver
//! in the same round. It begins with [`verify`], which fails if two contestants differ.

pub mod arguments;
pub mod contestant;
mod contestants;
pub mod dataset;
pub mod disturbance;
mod link;
pub mod player;
pub mod report;
pub mod rounds;
pub mod run;
pub mod serve;
pub mod setting;
pub mod stage;
mod verify;
pub mod workload;

pub use contestant::{Contestant, Outcome};
pub use stage::Stage;
pub use verify::verify;
pub use workload::Workload;
