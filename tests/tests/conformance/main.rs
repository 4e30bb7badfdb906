//! What every repository does, on every engine: each test is written once and runs on a SQLite file, on
//! SQLite in memory, and on Postgres databases that collate by code point and as American English does.

mod bare;
mod bulks;
mod constraints;
mod cursors;
mod decode;
mod deletes;
mod differential;
mod duplicates;
mod encodings;
mod filters;
mod inserts;
mod opening;
mod pages;
mod reads;
mod secrets;
mod settings;
mod surroundings;
mod texts;
mod updates;
mod upserts;
mod values;
mod wheres;
