//! Workloads that look for a lost write, a half unit or an open transaction: in short form as suites, in long
//! form as `cargo xtask soak`.

mod audit;
pub mod bank;
pub mod client;
pub mod database;
pub mod failover;
pub mod faults;
pub mod hazard;
pub mod progress;
pub mod races;
pub mod report;
pub mod run;
pub mod sweep;
pub mod tally;
pub mod workload;
