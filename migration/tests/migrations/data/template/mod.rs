//! Say here why the rows change.

mod down;
mod up;

catamaran::migrate::data::v1::data_migration!();
