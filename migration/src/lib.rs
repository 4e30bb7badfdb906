//! The migrations of the reference domain for both engines.
//!
//! Each migration is a folder with a file for each engine. The folder has the name under which databases record the
//! migration. The SQL is frozen: it uses no entity and no constant that may change later. To change the schema, add a
//! migration.
//!
//! On Postgres every table with an owner has one policy, which binds the table's owner too. A row is visible and
//! writable to the user whose id is the claim `sub` in the setting `request.jwt.claims`, which PostgREST and Supabase
//! set too:
//! - No row is visible if the setting is unset or empty, or has no `sub`.
//! - A setting that is no JSON, or whose `sub` is no UUID, is an error, because the caller has a bug.

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
