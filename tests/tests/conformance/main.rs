//! What every repository does, on every engine: each test is written once and runs on a SQLite file, on
//! SQLite in memory, and on Postgres databases that collate by code point and as American English does.

mod book;
mod bulk_changes;
mod bulk_inserts;
mod bulk_order;
mod capabilities;
mod cascade;
mod clocks;
mod constraints;
mod cursor_columns;
mod cursors;
mod decode;
mod deletes;
mod differential;
mod duplicates;
mod encodings;
mod engines_agree;
mod engines_page;
mod environment;
mod filter_limits;
mod filters;
mod generic;
mod inserts;
mod one_entry_a_day;
mod opening;
mod pages;
mod reads;
mod records;
mod secrets;
mod settings;
mod streak;
mod texts;
mod unmanaged;
mod updates;
mod upserts;
mod values;
