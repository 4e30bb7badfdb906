//! The migrations of the reference domain, and the program that runs them.

mod checks;
mod cli;
mod concurrent;
mod doctor;
mod doctor_formats;
mod failures;
mod killed;
mod round_trip;
mod row_level_security;
mod support;
