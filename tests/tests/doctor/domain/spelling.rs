//! What DOMAIN writes once for both engines, and should not.

use catamaran::doctor::Code::*;
use catamaran::domain::{Index, Table};
use entity::domain::DEVICES;

use super::changed::{INDEX, platform};
use super::drifts::{BOTH, Drift, PLATFORM};

pub(super) const DRIFTS: &[Drift] = &[
    Drift {
        class: "name that is too long for Postgres",
        table: Table {
            indexes: &[Index {
                name: "ix_devices__user_id_platform_that_goes_on_and_on_until_nobody_reads_it",
                ..INDEX
            }],
            ..DEVICES
        },
        own: Some((
            DomainName,
            "devices: ix_devices__user_id_platform_that_goes_on_and_on_until_nobody_reads_it",
            "63 bytes",
        )),
        databases: None,
    },
    Drift {
        class: "part without a name",
        table: Table {
            indexes: &[INDEX, Index::over(&["last_sync_at", "id DESC"])],
            ..DEVICES
        },
        own: Some((
            DomainUnnamed,
            "devices: the index over (last_sync_at, id DESC)",
            "table!(..) or give it a name",
        )),
        databases: None,
    },
    Drift {
        class: "name that is given twice",
        table: Table {
            indexes: &[Index {
                name: "habits",
                ..INDEX
            }],
            ..DEVICES
        },
        own: Some((DomainClash, "devices: habits", "another name")),
        databases: None,
    },
    Drift {
        class: "column that is listed twice",
        table: Table {
            columns: &[
                "id",
                "user_id",
                "platform",
                "last_sync_at",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
                "platform",
            ],
            ..DEVICES
        },
        own: Some((DomainClash, "devices.platform", "another name")),
        databases: None,
    },
    Drift {
        class: "condition that the engines read in two ways",
        table: Table {
            checks: &platform("platform LIKE 'a%'"),
            ..DEVICES
        },
        own: Some((
            DomainCondition,
            "devices: ck_devices__platform",
            "holds_natively",
        )),
        databases: Some((BOTH, CheckWeaker, "devices: ck_devices__platform")),
    },
    Drift {
        class: "condition that the engines read in two ways",
        table: Table {
            indexes: &[Index {
                predicate: Some("updated_at < CURRENT_TIMESTAMP"),
                ..INDEX
            }],
            ..DEVICES
        },
        own: Some((DomainCondition, PLATFORM, "the same way")),
        databases: None,
    },
    Drift {
        class: "condition that the engines read in two ways",
        table: Table {
            indexes: &[Index {
                columns: &["user_id", "CAST(platform AS INTEGER)"],
                ..INDEX
            }],
            ..DEVICES
        },
        own: Some((DomainCondition, PLATFORM, "the same way")),
        databases: None,
    },
];
