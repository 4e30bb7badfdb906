//! What the suites share. The suites are in `tests/`.

pub mod clock;
pub mod intruder;
pub mod kind;
pub mod login;
pub mod outside;
pub mod pages;
pub mod people;
pub mod polls;
pub mod raw;
pub mod sample;
pub mod specimen;
pub mod stores;
