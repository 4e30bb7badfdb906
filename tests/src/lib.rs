//! What the suites share. The suites are in `tests/`.

pub mod bank;
pub mod book;
pub mod clock;
pub mod engines_page;
pub mod generated;
pub mod intruder;
pub mod kind;
pub mod login;
pub mod nasty;
pub mod outside;
pub mod own_server;
pub mod pages;
pub mod people;
pub mod pgbouncer;
pub mod polls;
pub mod proxy;
pub mod raw;
pub mod sample;
pub mod slow;
pub mod soak;
pub mod specimen;
pub mod stores;
pub mod witness;
