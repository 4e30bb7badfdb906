//! The doctor: clean where nothing is wrong, and right about whatever is.

#[test]
fn the_reference_domain_is_in_sync() {
    catamaran::assert_in_sync!(entity::DOMAIN, migration::Migrator);
}
