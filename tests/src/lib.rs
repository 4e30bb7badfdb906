//! What the suites share. The suites are in `tests/`.

pub mod schema_sync;
