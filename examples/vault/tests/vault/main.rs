//! The vault on both engines.

mod attachments;
mod deleted_folders;
mod every_method;
mod owners;
mod people;
mod programs;
mod questions;
mod shared_items;

#[test]
fn the_schema_is_in_sync() {
    catamaran::assert_in_sync!(vault::DOMAIN, vault::migration::Migrator);
}
