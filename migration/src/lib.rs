//! The schema of the reference domain, as a history for both engines.
//!
//! One folder for each migration, named as it is recorded; in it what SQLite runs and what Postgres runs. The text is
//! frozen: no entity and no constant that may change later is used here. To change the schema, add a migration.
//!
//! On Postgres every owned table has one policy for everyone, its owner included: a row is visible and writable
//! to the user whose id is the claim `sub` of the setting `request.jwt.claims`, which PostgREST and Supabase set too.
//! A setting that is unset or empty, or has no `sub`, means no rows. One that is no JSON, or whose `sub` is no
//! UUID, is an error: it also shows nothing, and it says that the caller is broken.

mod m20261122_000001_application_role;
mod m20261122_000002_habits;
mod m20261122_000003_habit_entries;
mod m20261122_000004_reminders;
mod m20261122_000005_devices;
mod m20261122_000006_outbox;
mod m20261122_000007_entry_key_per_owner;
mod m20261122_000008_operation_keys;

use catamaran::migrate::TwinMigration;

/// Every migration of the reference domain, oldest first.
pub struct History;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![
            Box::new(m20261122_000001_application_role::Migration),
            Box::new(m20261122_000002_habits::Migration),
            Box::new(m20261122_000003_habit_entries::Migration),
            Box::new(m20261122_000004_reminders::Migration),
            Box::new(m20261122_000005_devices::Migration),
            Box::new(m20261122_000006_outbox::Migration),
            Box::new(m20261122_000007_entry_key_per_owner::Migration),
            Box::new(m20261122_000008_operation_keys::Migration),
        ]
    }
}

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;
