//! Constraints that SQLite resolves by itself.

use catamaran::doctor::Code::*;

use super::{Change::Written, Drift, sqlite};

pub(super) const DRIFTS: &[Drift] = &[
    sqlite(
        "ON CONFLICT of NOT NULL",
        Written(
            "habits",
            "name TEXT NOT NULL",
            "name TEXT NOT NULL ON CONFLICT IGNORE",
        ),
        ConflictClause,
        "habits.name",
    ),
    sqlite(
        "ON CONFLICT of a primary key",
        Written(
            "devices",
            "PRIMARY KEY (id)",
            "PRIMARY KEY (id) ON CONFLICT REPLACE",
        ),
        ConflictClause,
        "devices: pk_devices",
    ),
    sqlite(
        "ON CONFLICT of a unique key",
        Written(
            "habits",
            "UNIQUE (user_id, id)",
            "UNIQUE (user_id, id) on /* the last one */ conflict replace",
        ),
        ConflictClause,
        "habits: uq_habits__user_id_id",
    ),
    sqlite(
        "ON CONFLICT of a unique column",
        Written(
            "devices",
            "platform TEXT NOT NULL",
            "platform TEXT CONSTRAINT one NOT NULL ON CONFLICT ABORT CONSTRAINT two UNIQUE ON CONFLICT FAIL",
        ),
        ConflictClause,
        "devices.platform",
    ),
];
