//! The city of a person moves to a table of its own.

mod down;
mod up;

catamaran::migrate::data::v1::data_migration!();
