//! Indexes.

use catamaran::doctor::Code::*;

use super::{Change::Sql, DAY, Drift, PLATFORM, UPDATED, postgres, sqlite};

pub(super) const DRIFTS: &[Drift] = &[
    sqlite(
        "index missing",
        Sql("DROP INDEX ix_habits__user_id_updated_at"),
        IndexMissing,
        UPDATED,
    ),
    postgres(
        "index missing",
        "DROP INDEX ix_habits__user_id_updated_at",
        IndexMissing,
        UPDATED,
    ),
    sqlite(
        "index extra",
        Sql("CREATE INDEX ix_habits__name ON habits (name)"),
        IndexExtra,
        "habits: ix_habits__name",
    ),
    postgres(
        "index extra",
        "CREATE INDEX ix_habits__name ON habits (name)",
        IndexExtra,
        "habits: ix_habits__name",
    ),
    sqlite(
        "unique index extra",
        Sql("CREATE UNIQUE INDEX ux_habits__name ON habits (name)"),
        UniqueIndexExtra,
        "habits: ux_habits__name",
    ),
    postgres(
        "unique index extra",
        "CREATE UNIQUE INDEX ux_habits__name ON habits (name)",
        UniqueIndexExtra,
        "habits: ux_habits__name",
    ),
    sqlite(
        "index: other columns",
        Sql(
            "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, created_at)",
        ),
        IndexColumns,
        UPDATED,
    ),
    postgres(
        "index: other columns",
        "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, created_at)",
        IndexColumns,
        UPDATED,
    ),
    sqlite(
        "index: columns exchanged",
        Sql(
            "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (updated_at, user_id)",
        ),
        IndexColumns,
        UPDATED,
    ),
    postgres(
        "index: columns exchanged",
        "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (updated_at, user_id)",
        IndexColumns,
        UPDATED,
    ),
    sqlite(
        "index: an expression",
        Sql(
            "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices (user_id, lower(platform))",
        ),
        IndexColumns,
        PLATFORM,
    ),
    postgres(
        "index: an expression",
        "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices (user_id, lower(platform))",
        IndexColumns,
        PLATFORM,
    ),
    sqlite(
        "index: an expression",
        Sql(
            "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (+user_id, updated_at)",
        ),
        IndexColumns,
        UPDATED,
    ),
    sqlite(
        "index: order",
        Sql(
            "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, updated_at DESC)",
        ),
        IndexOrder,
        UPDATED,
    ),
    postgres(
        "index: order",
        "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, updated_at DESC)",
        IndexOrder,
        UPDATED,
    ),
    sqlite(
        "index: uniqueness",
        Sql("DROP INDEX uq_habit_entries__user_id_habit_id_date; \
             CREATE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NULL"),
        IndexUnique,
        DAY,
    ),
    postgres(
        "index: uniqueness",
        "DROP INDEX uq_habit_entries__user_id_habit_id_date; \
         CREATE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NULL",
        IndexUnique,
        DAY,
    ),
    sqlite(
        "index: predicate",
        Sql("DROP INDEX uq_habit_entries__user_id_habit_id_date; \
             CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NOT NULL"),
        IndexPredicate,
        DAY,
    ),
    postgres(
        "index: predicate",
        "DROP INDEX uq_habit_entries__user_id_habit_id_date; \
         CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NOT NULL",
        IndexPredicate,
        DAY,
    ),
    // With NULLs distinct, living rows of one day do not conflict.
    sqlite(
        "index: predicate lost to a column",
        Sql("DROP INDEX uq_habit_entries__user_id_habit_id_date; \
             CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date, deleted_at)"),
        IndexPredicate,
        DAY,
    ),
    postgres(
        "index: predicate lost to a column",
        "DROP INDEX uq_habit_entries__user_id_habit_id_date; \
         CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date, deleted_at)",
        IndexPredicate,
        DAY,
    ),
    sqlite(
        "index with other options",
        Sql(
            "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices (user_id, platform COLLATE NOCASE)",
        ),
        IndexOptions,
        PLATFORM,
    ),
    postgres(
        "index with other options",
        "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices (user_id, platform text_pattern_ops)",
        IndexOptions,
        PLATFORM,
    ),
    postgres(
        "index that holds more",
        "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices (user_id, platform) INCLUDE (last_sync_at)",
        IndexOptions,
        PLATFORM,
    ),
    postgres(
        "index: collation of an expression",
        "DROP INDEX ix_devices__user_id_platform; \
         CREATE INDEX ix_devices__user_id_platform ON devices (user_id, lower(platform) COLLATE \"default\")",
        IndexOptions,
        PLATFORM,
    ),
    sqlite(
        "index renamed",
        Sql(
            "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_platform ON devices (user_id, platform)",
        ),
        IndexRenamed,
        PLATFORM,
    ),
    postgres(
        "index renamed",
        "ALTER INDEX ix_devices__user_id_platform RENAME TO ix_platform",
        IndexRenamed,
        PLATFORM,
    ),
    postgres(
        "indexes that have each other's names",
        "ALTER INDEX ix_habits__user_id_updated_at RENAME TO ix_between; \
         ALTER INDEX ix_devices__user_id_platform RENAME TO ix_habits__user_id_updated_at; \
         ALTER INDEX ix_between RENAME TO ix_devices__user_id_platform",
        IndexRenamed,
        UPDATED,
    ),
];
