//! Every error: what provokes it, what it tells on both engines, and what it never shows.

mod foreign_keys;
mod lengths;
mod library;
mod opposite;
mod urls;
