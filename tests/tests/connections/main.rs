//! Connections: waiting for one, losing one, sharing one behind a pooler, and what a call costs on the wire.

mod acquire_timeout;
mod concurrent_migrations;
mod copies;
mod database_settings;
mod failovers;
mod lost_connections;
mod messages;
mod pooled_migrations;
mod pooler_states;
mod poolers;
mod refusals;
mod restarts;
mod round_trips;
mod schema_changes;
mod silence;
mod tls;
mod urls;
