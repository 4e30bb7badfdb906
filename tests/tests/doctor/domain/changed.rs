//! Changed parts of DOMAIN.

use catamaran::domain::{Check, ForeignKey, Index, Table};
use entity::domain::{DEVICES, OUTBOX, REMINDERS};

pub(super) const INDEX: Index = DEVICES.indexes[0];
pub(super) const FOREIGN_KEY: ForeignKey = REMINDERS.foreign_keys[0];

pub(super) const DEVICES_AND_MORE: &[Check] = &[
    DEVICES.checks[0],
    DEVICES.checks[1],
    DEVICES.checks[2],
    DEVICES.checks[3],
    DEVICES.checks[4],
    DEVICES.checks[5],
    DEVICES.checks[6],
    DEVICES.checks[7],
    Check::on_both("ck_devices__more").holds("length(platform) <> 13"),
];

pub(super) const fn platform(condition: &'static str) -> [Check; 8] {
    let mut checks = [DEVICES.checks[0]; 8];
    let mut place = 0;
    while place < checks.len() {
        checks[place] = DEVICES.checks[place];
        place += 1;
    }
    checks[2] = checks[2].holds(condition);
    checks
}

pub(super) const STRICTER: &[Check] = &platform("length(platform) BETWEEN 2 AND 64");
pub(super) const LAXER: &[Check] = &platform("length(platform) BETWEEN 0 AND 64");
pub(super) const UNSAID: &[Check] = &[
    OUTBOX.checks[0],
    OUTBOX.checks[1],
    Check::on_sqlite("ck_outbox__operation"),
    OUTBOX.checks[3],
    OUTBOX.checks[4],
    OUTBOX.checks[5],
    OUTBOX.checks[6],
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
    checks: &platform_of("length(system) BETWEEN 1 AND 64"),
    ..DEVICES
};

pub(super) const fn platform_of(condition: &'static str) -> [Check; 8] {
    let mut checks = platform(condition);
    checks[2] = checks[2].of(&["system"]);
    checks
}
