//! The migrations, oldest first. The SQL of one that was applied is not changed: add another one.

mod m20260101_000001_application_role;
mod m20260101_000002_notes;

use catamaran::migrate::TwinMigration;

/// Every migration.
pub struct History;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![
            Box::new(m20260101_000001_application_role::Migration),
            Box::new(m20260101_000002_notes::Migration),
        ]
    }
}

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;
