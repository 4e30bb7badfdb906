//! The migrations, oldest first.

mod m20261126_000001_vault;

use catamaran::migrate::TwinMigration;

/// Every migration of the vault.
pub struct History;

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(m20261126_000001_vault::Migration)]
    }
}
