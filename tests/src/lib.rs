//! What the suites share. The suites are in `tests/`.

pub mod clock;
pub mod kind;
pub mod pages;
pub mod people;
pub mod raw;
pub mod sample;
pub mod stores;
