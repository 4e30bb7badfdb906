//! The entities of the tables on Postgres.

pub mod note;
