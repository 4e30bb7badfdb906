//! Ephemeral databases, on both engines, and the server that the Postgres ones live on.

mod cloning;
mod environment;
mod isolation;
mod migrator;
mod ownership;

type Outcome = Result<(), Box<dyn std::error::Error>>;
