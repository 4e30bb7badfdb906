//! Workloads that look for a lost write, a half unit or an open transaction: in short form as suites, in long
//! form as `cargo xtask soak`.

pub mod place;
pub mod races;
pub mod sweep;
pub mod tally;
