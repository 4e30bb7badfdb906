//! Units of work: transactions, savepoints, retries, time limits, and what happens when one ends early.

mod ended_runtimes;
mod ended_units;
mod group_commit;
mod refused_calls;
mod retries;
mod savepoints;
mod seaorm_connection;
mod timeouts;
mod transactions;
