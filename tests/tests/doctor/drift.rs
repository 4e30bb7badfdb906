//! Drifts of a database: what somebody does to it, and the finding that this has to give.

use catamaran::Engine;
use catamaran::doctor::Code;

use Code::*;

/// What is done, on one engine.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// Statements that somebody runs, by hand or in a migration.
    Sql(&'static str),
    /// A statement is lost from a migration: how it begins.
    Lost(&'static str),
    /// A table's CREATE TABLE is written otherwise: its name, a part of it, and what stands there instead.
    Written(&'static str, &'static str, &'static str),
}

use Change::{Lost, Sql, Written};

/// A drift of a class, where it can be on an engine.
#[derive(Clone, Copy, Debug)]
pub struct Drift {
    /// What kind of drift, in the words of the proof's table.
    pub class: &'static str,
    pub engine: Engine,
    pub change: Change,
    pub code: Code,
    /// What the finding is about.
    pub subject: &'static str,
}

const fn sqlite(class: &'static str, change: Change, code: Code, subject: &'static str) -> Drift {
    Drift {
        class,
        engine: Engine::Sqlite,
        change,
        code,
        subject,
    }
}

const fn postgres(
    class: &'static str,
    sql: &'static str,
    code: Code,
    subject: &'static str,
) -> Drift {
    Drift {
        class,
        engine: Engine::Postgres,
        change: Sql(sql),
        code,
        subject,
    }
}

const UPDATED: &str = "habits: ix_habits__user_id_updated_at";
const PLATFORM: &str = "devices: ix_devices__user_id_platform";
const DAY: &str = "habit_entries: uq_habit_entries__user_id_habit_id_date";
const HABIT: &str = "reminders: fk_reminders__user_id_habit_id";
const OWNER: &str = "devices: owner_devices";

/// Every drift of a database.
pub const DRIFTS: &[Drift] = &[
    sqlite(
        "table missing",
        Sql("DROP TABLE devices"),
        TableMissing,
        "devices",
    ),
    postgres(
        "table missing",
        "DROP TABLE devices",
        TableMissing,
        "devices",
    ),
    sqlite(
        "table extra",
        Sql("CREATE TABLE drafts (id TEXT)"),
        TableExtra,
        "drafts",
    ),
    postgres(
        "table extra",
        "CREATE TABLE drafts (id uuid)",
        TableExtra,
        "drafts",
    ),
    postgres(
        "table of the other engine alone",
        "CREATE TABLE outbox (id uuid)",
        TableExtra,
        "outbox",
    ),
    sqlite(
        "table renamed",
        Sql("ALTER TABLE devices RENAME TO gadgets"),
        TableRenamed,
        "devices",
    ),
    postgres(
        "table renamed",
        "ALTER TABLE devices RENAME TO gadgets",
        TableRenamed,
        "devices",
    ),
    sqlite(
        "table not STRICT",
        Written("outbox", "STRICT", ""),
        TableOptions,
        "outbox",
    ),
    sqlite(
        "column missing",
        Sql("ALTER TABLE habits DROP COLUMN color"),
        ColumnMissing,
        "habits.color",
    ),
    sqlite(
        "column missing, no default",
        Sql("ALTER TABLE habits DROP COLUMN cadence"),
        ColumnMissing,
        "habits.cadence",
    ),
    postgres(
        "column missing",
        "ALTER TABLE habits DROP COLUMN color",
        ColumnMissing,
        "habits.color",
    ),
    postgres(
        "column missing, no default",
        "ALTER TABLE habits DROP COLUMN cadence",
        ColumnMissing,
        "habits.cadence",
    ),
    sqlite(
        "column extra",
        Sql("ALTER TABLE habits ADD COLUMN icon TEXT"),
        ColumnExtra,
        "habits.icon",
    ),
    postgres(
        "column extra",
        "ALTER TABLE habits ADD COLUMN icon text",
        ColumnExtra,
        "habits.icon",
    ),
    sqlite(
        "column renamed",
        Sql("ALTER TABLE devices RENAME COLUMN platform TO system"),
        ColumnRenamed,
        "devices.platform",
    ),
    postgres(
        "column renamed",
        "ALTER TABLE devices RENAME COLUMN platform TO system",
        ColumnRenamed,
        "devices.platform",
    ),
    sqlite(
        "type",
        Written(
            "habit_entries",
            "amount INTEGER NOT NULL DEFAULT 0",
            "amount TEXT NOT NULL DEFAULT '0'",
        ),
        ColumnType,
        "habit_entries.amount",
    ),
    postgres(
        "type",
        "ALTER TABLE habit_entries ALTER COLUMN amount TYPE integer",
        ColumnType,
        "habit_entries.amount",
    ),
    postgres(
        "type: boolean as a number",
        "ALTER TABLE reminders ALTER COLUMN is_enabled DROP DEFAULT, ALTER COLUMN is_enabled TYPE integer USING 1, \
         ALTER COLUMN is_enabled SET DEFAULT 1",
        ColumnType,
        "reminders.is_enabled",
    ),
    postgres(
        "type: time without a zone",
        "ALTER TABLE devices ALTER COLUMN created_at TYPE timestamp",
        ColumnType,
        "devices.created_at",
    ),
    postgres(
        "type: text with a length",
        "ALTER TABLE devices ALTER COLUMN platform TYPE varchar(64) COLLATE \"C\"",
        ColumnType,
        "devices.platform",
    ),
    sqlite(
        "collation",
        Written("habits", "name TEXT", "name TEXT COLLATE NOCASE"),
        ColumnCollation,
        "habits.name",
    ),
    postgres(
        "collation",
        "ALTER TABLE habits ALTER COLUMN name TYPE text COLLATE \"default\"",
        ColumnCollation,
        "habits.name",
    ),
    sqlite(
        "nullability",
        Written("reminders", "timezone TEXT NOT NULL", "timezone TEXT"),
        ColumnNullability,
        "reminders.timezone",
    ),
    postgres(
        "nullability",
        "ALTER TABLE reminders ALTER COLUMN timezone DROP NOT NULL",
        ColumnNullability,
        "reminders.timezone",
    ),
    sqlite(
        "nullability, the other way",
        Written(
            "devices",
            "last_sync_at TEXT,",
            "last_sync_at TEXT NOT NULL,",
        ),
        ColumnNullability,
        "devices.last_sync_at",
    ),
    postgres(
        "nullability, the other way",
        "ALTER TABLE devices ALTER COLUMN last_sync_at SET NOT NULL",
        ColumnNullability,
        "devices.last_sync_at",
    ),
    sqlite(
        "default",
        Written("habit_entries", "DEFAULT 'local'", "DEFAULT 'remote'"),
        ColumnDefault,
        "habit_entries.source",
    ),
    postgres(
        "default",
        "ALTER TABLE habit_entries ALTER COLUMN source SET DEFAULT 'remote'",
        ColumnDefault,
        "habit_entries.source",
    ),
    sqlite(
        "default missing",
        Written("reminders", " DEFAULT 1", ""),
        ColumnDefault,
        "reminders.is_enabled",
    ),
    postgres(
        "default missing",
        "ALTER TABLE reminders ALTER COLUMN is_enabled DROP DEFAULT",
        ColumnDefault,
        "reminders.is_enabled",
    ),
    sqlite(
        "default extra",
        Written(
            "habits",
            "version INTEGER NOT NULL",
            "version INTEGER NOT NULL DEFAULT 1",
        ),
        ColumnDefault,
        "habits.version",
    ),
    postgres(
        "default extra",
        "ALTER TABLE habits ALTER COLUMN version SET DEFAULT 1",
        ColumnDefault,
        "habits.version",
    ),
    sqlite(
        "generated",
        Written(
            "habits",
            "cadence TEXT NOT NULL",
            "cadence TEXT NOT NULL GENERATED ALWAYS AS ('daily')",
        ),
        ColumnGenerated,
        "habits.cadence",
    ),
    postgres(
        "generated",
        "ALTER TABLE habits DROP COLUMN cadence; ALTER TABLE habits ADD COLUMN cadence text COLLATE \"C\" NOT NULL \
         GENERATED ALWAYS AS ('daily') STORED",
        ColumnGenerated,
        "habits.cadence",
    ),
    sqlite(
        "primary key",
        Written("devices", "PRIMARY KEY (id)", "PRIMARY KEY (user_id, id)"),
        PrimaryKey,
        "devices: pk_devices",
    ),
    postgres(
        "primary key",
        "ALTER TABLE devices DROP CONSTRAINT pk_devices",
        PrimaryKey,
        "devices: pk_devices",
    ),
    sqlite(
        "unique key missing",
        Written(
            "habits",
            "CONSTRAINT uq_habits__user_id_id UNIQUE (user_id, id),",
            "",
        ),
        UniqueKeyMissing,
        "habits: uq_habits__user_id_id",
    ),
    postgres(
        "unique key missing",
        "ALTER TABLE habits DROP CONSTRAINT uq_habits__user_id_id CASCADE",
        UniqueKeyMissing,
        "habits: uq_habits__user_id_id",
    ),
    // The same as the template writes it: NULLs are distinct, so that two living rows of one day are taken.
    sqlite(
        "unique key extra",
        Written(
            "habit_entries",
            "CONSTRAINT pk_habit_entries",
            "UNIQUE (habit_id, date, deleted_at), CONSTRAINT pk_habit_entries",
        ),
        UniqueKeyExtra,
        "habit_entries: (habit_id, date, deleted_at)",
    ),
    postgres(
        "unique key extra",
        "ALTER TABLE devices ADD CONSTRAINT uq_platform UNIQUE (platform)",
        UniqueKeyExtra,
        "devices: uq_platform",
    ),
    postgres(
        "unique key of another kind",
        "ALTER TABLE habits DROP CONSTRAINT uq_habits__user_id_id CASCADE; \
         ALTER TABLE habits ADD CONSTRAINT uq_habits__user_id_id UNIQUE NULLS NOT DISTINCT (user_id, id)",
        UniqueKeyOptions,
        "habits: uq_habits__user_id_id",
    ),
    sqlite(
        "constraint renamed",
        Written(
            "devices",
            "CONSTRAINT pk_devices",
            "CONSTRAINT devices_pkey",
        ),
        ConstraintName,
        "devices: pk_devices",
    ),
    postgres(
        "constraint renamed",
        "ALTER TABLE devices RENAME CONSTRAINT pk_devices TO devices_pkey",
        ConstraintName,
        "devices: pk_devices",
    ),
    postgres(
        "check renamed",
        "ALTER TABLE devices RENAME CONSTRAINT ck_devices__platform TO devices_check",
        ConstraintName,
        "devices: ck_devices__platform",
    ),
    sqlite(
        "check renamed",
        Written("devices", "CONSTRAINT ck_devices__platform", ""),
        ConstraintName,
        "devices: ck_devices__platform",
    ),
    postgres(
        "foreign key renamed",
        "ALTER TABLE reminders RENAME CONSTRAINT fk_reminders__user_id_habit_id TO reminders_fkey",
        ConstraintName,
        HABIT,
    ),
    sqlite(
        "foreign key renamed",
        Written("reminders", "CONSTRAINT fk_reminders__user_id_habit_id", ""),
        ConstraintName,
        HABIT,
    ),
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
    // The founding example: with NULLs distinct, every living row differs from every other.
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
        "index of another kind",
        Sql(
            "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices (user_id, platform COLLATE NOCASE)",
        ),
        IndexOptions,
        PLATFORM,
    ),
    postgres(
        "index of another kind",
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
    sqlite(
        "foreign key missing",
        Written(
            "reminders",
            "CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY (user_id, habit_id)\n        REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE NO ACTION,",
            "",
        ),
        ForeignKeyMissing,
        HABIT,
    ),
    postgres(
        "foreign key missing",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id",
        ForeignKeyMissing,
        HABIT,
    ),
    sqlite(
        "foreign key extra",
        Written(
            "reminders",
            "habit_id TEXT NOT NULL",
            "habit_id TEXT NOT NULL REFERENCES habits (id)",
        ),
        ForeignKeyExtra,
        "reminders: habit_id",
    ),
    postgres(
        "foreign key extra",
        "ALTER TABLE reminders ADD CONSTRAINT fk_short FOREIGN KEY (habit_id) REFERENCES habits (id)",
        ForeignKeyExtra,
        "reminders: fk_short",
    ),
    sqlite(
        "foreign key twice",
        Written(
            "reminders",
            "CONSTRAINT fk_reminders__user_id_habit_id",
            "CONSTRAINT fk_again FOREIGN KEY (user_id, habit_id)\n        REFERENCES habits (user_id, id) ON DELETE SET NULL,\n    CONSTRAINT fk_reminders__user_id_habit_id",
        ),
        ForeignKeyExtra,
        "reminders: fk_again",
    ),
    postgres(
        "foreign key twice",
        "ALTER TABLE reminders ADD CONSTRAINT zz_again FOREIGN KEY (user_id, habit_id) \
         REFERENCES habits (user_id, id) ON DELETE RESTRICT",
        ForeignKeyExtra,
        "reminders: zz_again",
    ),
    sqlite(
        "foreign key: other target",
        Written(
            "reminders",
            "REFERENCES habits (user_id, id)",
            "REFERENCES habits (id, user_id)",
        ),
        ForeignKeyTarget,
        HABIT,
    ),
    postgres(
        "foreign key: other target",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (id, user_id) ON DELETE CASCADE",
        ForeignKeyTarget,
        HABIT,
    ),
    postgres(
        "foreign key: other table",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id; CREATE UNIQUE INDEX ux ON devices (user_id, id); \
         ALTER TABLE reminders ADD CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY (user_id, habit_id) \
         REFERENCES devices (user_id, id) ON DELETE CASCADE",
        ForeignKeyTarget,
        HABIT,
    ),
    sqlite(
        "foreign key: on delete",
        Written("reminders", "ON DELETE CASCADE", "ON DELETE RESTRICT"),
        ForeignKeyDelete,
        HABIT,
    ),
    postgres(
        "foreign key: on delete",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT",
        ForeignKeyDelete,
        HABIT,
    ),
    sqlite(
        "foreign key: on update",
        Written("reminders", "ON UPDATE NO ACTION", "ON UPDATE CASCADE"),
        ForeignKeyUpdate,
        HABIT,
    ),
    postgres(
        "foreign key: on update",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE CASCADE",
        ForeignKeyUpdate,
        HABIT,
    ),
    sqlite(
        "foreign key: deferrable",
        Written(
            "reminders",
            "ON UPDATE NO ACTION",
            "ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED",
        ),
        ForeignKeyDeferrable,
        HABIT,
    ),
    postgres(
        "foreign key: deferrable",
        "ALTER TABLE reminders ALTER CONSTRAINT fk_reminders__user_id_habit_id DEFERRABLE INITIALLY DEFERRED",
        ForeignKeyDeferrable,
        HABIT,
    ),
    postgres(
        "foreign key: never checked",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE CASCADE NOT VALID",
        NotValid,
        HABIT,
    ),
    sqlite(
        "check missing",
        Written(
            "devices",
            "CONSTRAINT ck_devices__platform CHECK (length(platform) BETWEEN 1 AND 64),",
            "",
        ),
        CheckMissing,
        "devices: ck_devices__platform",
    ),
    postgres(
        "check missing",
        "ALTER TABLE devices DROP CONSTRAINT ck_devices__platform",
        CheckMissing,
        "devices: ck_devices__platform",
    ),
    sqlite(
        "check extra",
        Written(
            "habits",
            "CONSTRAINT pk_habits",
            "CONSTRAINT ck_name CHECK (name <> ''), CONSTRAINT pk_habits",
        ),
        CheckExtra,
        "habits: ck_name",
    ),
    postgres(
        "check extra",
        "ALTER TABLE habits ADD CONSTRAINT ck_name CHECK (name <> '')",
        CheckExtra,
        "habits: ck_name",
    ),
    sqlite(
        "check weaker",
        Written(
            "devices",
            "length(platform) BETWEEN 1 AND 64",
            "length(platform) BETWEEN 0 AND 64",
        ),
        CheckWeaker,
        "devices: ck_devices__platform",
    ),
    postgres(
        "check weaker",
        "ALTER TABLE devices DROP CONSTRAINT ck_devices__platform, \
         ADD CONSTRAINT ck_devices__platform CHECK (char_length(platform) BETWEEN 0 AND 64)",
        CheckWeaker,
        "devices: ck_devices__platform",
    ),
    sqlite(
        "check weaker: OR",
        Written(
            "habits",
            "CHECK (is_archived IN (0, 1))",
            "CHECK (is_archived IN (0, 1) OR sort_order = 5)",
        ),
        CheckWeaker,
        "habits: ck_habits__is_archived",
    ),
    sqlite(
        "check weaker: canonical form of a uuid",
        Written(
            "habits",
            "ck_habits__id CHECK (length(CAST(id AS BLOB)) = 36 AND",
            "ck_habits__id CHECK (length(id) >= 36 AND",
        ),
        CheckWeaker,
        "habits: ck_habits__id",
    ),
    postgres(
        "check weaker: range of a time",
        "ALTER TABLE habits DROP CONSTRAINT ck_habits__created_at, \
         ADD CONSTRAINT ck_habits__created_at CHECK (created_at >= '0001-01-01 00:00:00+00')",
        CheckWeaker,
        "habits: ck_habits__created_at",
    ),
    sqlite(
        "check stronger",
        Written(
            "reminders",
            "days_of_week BETWEEN 1 AND 127",
            "days_of_week BETWEEN 1 AND 63",
        ),
        CheckStronger,
        "reminders: ck_reminders__days_of_week",
    ),
    postgres(
        "check stronger",
        "ALTER TABLE reminders DROP CONSTRAINT ck_reminders__days_of_week, \
         ADD CONSTRAINT ck_reminders__days_of_week CHECK (days_of_week BETWEEN 1 AND 63)",
        CheckStronger,
        "reminders: ck_reminders__days_of_week",
    ),
    postgres(
        "check never checked",
        "ALTER TABLE devices DROP CONSTRAINT ck_devices__platform, \
         ADD CONSTRAINT ck_devices__platform CHECK (char_length(platform) BETWEEN 1 AND 64) NOT VALID",
        NotValid,
        "devices: ck_devices__platform",
    ),
    postgres(
        "RLS off",
        "ALTER TABLE devices DISABLE ROW LEVEL SECURITY",
        RowSecurityOff,
        "devices",
    ),
    postgres(
        "RLS not forced",
        "ALTER TABLE devices NO FORCE ROW LEVEL SECURITY",
        RowSecurityNotForced,
        "devices",
    ),
    postgres(
        "policy missing",
        "DROP POLICY owner_devices ON devices",
        PolicyMissing,
        OWNER,
    ),
    postgres(
        "policy extra, permissive",
        "CREATE POLICY support ON devices USING (platform = 'ios')",
        PolicyExtra,
        "devices: support",
    ),
    postgres(
        "policy weaker",
        "ALTER POLICY owner_devices ON devices USING (true)",
        PolicyCondition,
        OWNER,
    ),
    postgres(
        "policy weaker for writes",
        "ALTER POLICY owner_devices ON devices WITH CHECK (user_id IS NOT NULL)",
        PolicyCondition,
        OWNER,
    ),
    postgres(
        "policy weaker: another claim",
        "ALTER POLICY owner_devices ON devices USING (user_id = \
         (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'aud', '')::uuid))",
        PolicyCondition,
        OWNER,
    ),
    postgres(
        "policy for other commands",
        "DROP POLICY owner_devices ON devices; CREATE POLICY owner_devices ON devices FOR SELECT USING (user_id = \
         (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))",
        PolicyKind,
        OWNER,
    ),
    postgres(
        "policy restrictive",
        "DROP POLICY owner_devices ON devices; CREATE POLICY owner_devices ON devices AS RESTRICTIVE USING (user_id = \
         (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))",
        PolicyKind,
        OWNER,
    ),
    postgres(
        "policy for other roles",
        "ALTER POLICY owner_devices ON devices TO catamaran_app",
        PolicyRoles,
        OWNER,
    ),
    postgres(
        "grant missing",
        "REVOKE UPDATE ON devices FROM catamaran_app",
        GrantMissing,
        "devices: UPDATE TO catamaran_app",
    ),
    postgres(
        "grant too much",
        "GRANT TRUNCATE ON devices TO catamaran_app",
        GrantExtra,
        "devices: TRUNCATE TO catamaran_app",
    ),
    postgres(
        "grant to everyone",
        "GRANT SELECT ON devices TO PUBLIC",
        GrantExtra,
        "devices: SELECT TO PUBLIC",
    ),
    postgres(
        "grant of a column to everyone",
        "GRANT SELECT (platform) ON devices TO PUBLIC",
        GrantExtra,
        "devices: SELECT (platform) TO PUBLIC",
    ),
    postgres(
        "grant that may be passed on",
        "GRANT SELECT ON devices TO catamaran_app WITH GRANT OPTION",
        GrantExtra,
        "devices: SELECT TO catamaran_app WITH GRANT OPTION",
    ),
    sqlite(
        "migration that lost a statement",
        Lost("CREATE INDEX ix_habits__user_id_updated_at"),
        IndexMissing,
        UPDATED,
    ),
    Drift {
        change: Lost("ALTER TABLE devices FORCE"),
        ..postgres(
            "migration that lost a statement",
            "",
            RowSecurityNotForced,
            "devices",
        )
    },
    Drift {
        change: Lost("GRANT SELECT, INSERT, UPDATE, DELETE ON devices"),
        ..postgres(
            "migration that lost its grant",
            "",
            GrantMissing,
            "devices: SELECT TO catamaran_app",
        )
    },
    postgres(
        "table of the application's role",
        "ALTER TABLE devices OWNER TO catamaran_app",
        RoleOwns,
        "devices",
    ),
    sqlite(
        "trigger",
        Sql("CREATE TRIGGER touch AFTER UPDATE ON habits BEGIN UPDATE habits SET version = 1; END"),
        Unknown,
        "habits: touch",
    ),
    postgres(
        "trigger",
        "CREATE TRIGGER touch BEFORE UPDATE ON habits FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        Unknown,
        "habits: touch",
    ),
    sqlite(
        "view",
        Sql("CREATE VIEW all_habits AS SELECT id FROM habits"),
        Unknown,
        "all_habits: all_habits",
    ),
    postgres(
        "view",
        "CREATE VIEW all_habits AS SELECT id FROM habits",
        Unknown,
        "all_habits: all_habits",
    ),
];
