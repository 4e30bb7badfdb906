//! Data migrations: steps in Rust that read and write rows in batches, the same code on both engines.
//!
//! [`v1`] is the first version of what such a step sees. The version is in the path, because a migration that was
//! released must compile and act the same forever: a version never changes, and what needs another interface gets `v2`
//! beside it.

pub mod v1;
