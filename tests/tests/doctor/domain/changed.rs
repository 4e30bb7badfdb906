//! Changed parts of DOMAIN.

use catamaran::domain::{Check, ForeignKey, Index, Table};
use entity::domain::{DEVICES, REMINDERS};

pub(super) const INDEX: Index = DEVICES.indexes[0];
pub(super) const FOREIGN_KEY: ForeignKey = REMINDERS.foreign_keys[0];

pub(super) const DEVICES_AND_MORE: &[Check] = &[
    DEVICES.checks[0],
    Check::on_both("ck_devices__more").holds("length(platform) <> 13"),
];

pub(super) const fn platform(condition: &'static str) -> [Check; 1] {
    [DEVICES.checks[0].holds(condition)]
}

pub(super) const STRICTER: &[Check] = &platform("length(platform) BETWEEN 2 AND 64");
pub(super) const LAXER: &[Check] = &platform("length(platform) BETWEEN 0 AND 64");
pub(super) const UNSAID: &[Check] = &[Check::on_sqlite("ck_outbox__operation")];
pub(super) const OF_ONE_ENGINE: &[Check] = &[
    DEVICES.checks[0],
    Check::on_sqlite("ck_devices__last_sync_at"),
];

pub(super) const RENAMED: Table = Table {
    columns: &[
        "id",
        "user_id",
        "system",
        "last_sync_at",
        "created_at",
        "updated_at",
        "version",
        "deleted_at",
    ],
    indexes: &[Index {
        columns: &["user_id", "system"],
        ..INDEX
    }],
    checks: &[Check::on_both("ck_devices__platform")
        .of(&["system"])
        .holds("length(system) BETWEEN 1 AND 64")],
    ..DEVICES
};
