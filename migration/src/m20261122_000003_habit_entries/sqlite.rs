use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new().sql(TABLE).sql(UNIQUE).sql(INDEX)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE habit_entries")
}

const TABLE: &str = r#"
CREATE TABLE habit_entries (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    habit_id TEXT NOT NULL,
    date TEXT NOT NULL,
    amount INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT 'local',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT,
    CONSTRAINT pk_habit_entries PRIMARY KEY (id),
    CONSTRAINT fk_habit_entries__user_id_habit_id FOREIGN KEY (user_id, habit_id)
        REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE NO ACTION,
    CONSTRAINT ck_habit_entries__id CHECK (length(CAST(id AS BLOB)) = 36 AND id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    CONSTRAINT ck_habit_entries__user_id CHECK (length(CAST(user_id AS BLOB)) = 36 AND user_id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    CONSTRAINT ck_habit_entries__habit_id CHECK (length(CAST(habit_id AS BLOB)) = 36 AND habit_id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    CONSTRAINT ck_habit_entries__date CHECK (length(CAST(date AS BLOB)) = 10 AND date GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND date >= '0001' AND date(date, '+0 days') = date),
    CONSTRAINT ck_habit_entries__created_at CHECK (length(CAST(created_at AS BLOB)) = 27 AND created_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND created_at >= '0001'),
    CONSTRAINT ck_habit_entries__updated_at CHECK (length(CAST(updated_at AS BLOB)) = 27 AND updated_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND updated_at >= '0001'),
    CONSTRAINT ck_habit_entries__version CHECK (version >= 1),
    CONSTRAINT ck_habit_entries__deleted_at CHECK (length(CAST(deleted_at AS BLOB)) = 27 AND deleted_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND deleted_at >= '0001')
) STRICT"#;

const UNIQUE: &str = "CREATE UNIQUE INDEX uq_habit_entries__habit_id_date ON habit_entries (habit_id, date) WHERE deleted_at IS NULL";

const INDEX: &str = "CREATE INDEX ix_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date)";
