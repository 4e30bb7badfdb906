//! Every error: what provokes it, what it tells on both engines, and what it never shows.

mod checks;
mod circles;
mod faults;
mod foreign_keys;
mod index_lengths;
mod leaks;
mod lengths;
mod library;
mod members;
mod urls;
mod which_error;
mod write_order;
