//! What the suites share. The suites are in `tests/`.

pub mod intruder;
pub mod login;
pub mod outside;
pub mod people;
pub mod polls;
pub mod sample;
pub mod schema_sync;
