//! The schemas are in sync: DOMAIN, the records, the entities, and what the migrations build on both engines.

use migration::Migrator;

#[test]
fn the_schema_is_in_sync() {
    catamaran::assert_in_sync!(entity::DOMAIN, Migrator);
}
