//! What the suites share. The suites are in `tests/`.
