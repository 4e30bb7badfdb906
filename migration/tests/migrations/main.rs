//! The migrations of the reference domain, and the program that runs them.

mod application_role;
mod baseline;
mod checks;
mod checksums;
mod cli;
mod concurrent;
mod doctor;
mod doctor_formats;
mod dumps;
mod entity;
mod failures;
mod foreign_keys;
mod fresh;
mod generate;
mod killed;
mod left_behind;
mod older_program;
mod outside;
mod plan;
mod round_trip;
mod row_level_security;
mod scripts;
mod settings;
mod support;
mod two_programs;
mod variables;
