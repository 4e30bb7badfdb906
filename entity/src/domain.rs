//! [`DOMAIN`]: the names of the application's tables, columns and constraints.

mod outbox;

use catamaran::domain::{
    Action, Check, ColumnDefault, DefaultValue, Domain, ForeignKey, Index, Table, TableSource,
    UniqueKey,
};
use catamaran::unit::OPERATION_KEYS_TYPES;
use catamaran::{OPERATION_KEYS, table};

pub use outbox::OUTBOX;

use crate::{Device, Entry, Habit, Reminder, postgres, sqlite};

/// Every table. [`table!`] adds what follows from the record and from the convention of names.
pub const DOMAIN: Domain = Domain {
    tables: &[
        HABITS,
        HABIT_ENTRIES,
        REMINDERS,
        DEVICES,
        OUTBOX,
        OPERATION_KEYS,
    ],
    sources: &[
        TableSource::record::<Habit>(),
        TableSource::record::<Entry>(),
        TableSource::record::<Reminder>(),
        TableSource::record::<Device>(),
        TableSource::types(&outbox::TYPES),
        TableSource::sqlite::<sqlite::outbox::Entity>(),
        TableSource::types(&OPERATION_KEYS_TYPES),
        TableSource::sqlite::<sqlite::operation_key::Entity>(),
        TableSource::postgres::<postgres::operation_key::Entity>(),
    ],
    ..Domain::BLANK
};

/// Habits. Child tables reference `(user_id, id)`, so that a child and its habit have the same owner.
pub const HABITS: Table = table!(
    Habit,
    Table {
        name: "habits",
        defaults: &[
            ColumnDefault::new("color", DefaultValue::Text("#0ea5e9")),
            ColumnDefault::new("sort_order", DefaultValue::Integer(0)),
            ColumnDefault::new("is_archived", DefaultValue::Bool(false)),
        ],
        unique_keys: &[UniqueKey::over(&["user_id", "id"])],
        indexes: &[Index::over(&["user_id", "updated_at"])],
        ..Table::BLANK
    }
);

/// What was done for a habit on a day; one live row for each owner, habit and day.
pub const HABIT_ENTRIES: Table = table!(
    Entry,
    Table {
        name: "habit_entries",
        defaults: &[
            ColumnDefault::new("amount", DefaultValue::Integer(0)),
            ColumnDefault::new("source", DefaultValue::Text("local")),
        ],
        indexes: &[
            Index::over(&["user_id", "habit_id", "date"])
                .unique()
                .only("deleted_at IS NULL"),
            Index::over(&["user_id", "habit_id", "date"]),
        ],
        foreign_keys: &[TO_HABIT],
        ..Table::BLANK
    }
);

/// The times at which owners are reminded of a habit.
pub const REMINDERS: Table = table!(
    Reminder,
    Table {
        name: "reminders",
        defaults: &[ColumnDefault::new("is_enabled", DefaultValue::Bool(true))],
        indexes: &[Index::over(&["user_id", "habit_id", "is_enabled"])],
        foreign_keys: &[TO_HABIT],
        checks: &[
            Check::over(&["time_local"]).holds_natively(
                "length(CAST(time_local AS BLOB)) = 5 \
                 AND (time_local GLOB '[01][0-9]:[0-5][0-9]' OR time_local GLOB '2[0-3]:[0-5][0-9]')",
                "time_local ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'",
            ),
            Check::over(&["days_of_week"]).holds("days_of_week BETWEEN 1 AND 127"),
        ],
        ..Table::BLANK
    }
);

/// The devices of owners.
pub const DEVICES: Table = table!(
    Device,
    Table {
        name: "devices",
        indexes: &[Index::over(&["user_id", "platform"])],
        checks: &[Check::over(&["platform"]).holds("length(platform) BETWEEN 1 AND 64")],
        ..Table::BLANK
    }
);

/// The habit with the same owner.
const TO_HABIT: ForeignKey =
    ForeignKey::over(&["user_id", "habit_id"], "habits", &["user_id", "id"])
        .on_delete(Action::Cascade);
