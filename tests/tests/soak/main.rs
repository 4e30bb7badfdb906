//! Each workload of `cargo xtask soak` in short form.

mod bank;
mod cancellation;
mod faults;
mod races;
