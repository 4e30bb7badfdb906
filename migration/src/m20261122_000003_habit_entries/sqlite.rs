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
    CONSTRAINT ck_habit_entries__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_habit_entries__user_id CHECK (catamaran_v1.uuid(user_id)),
    CONSTRAINT ck_habit_entries__habit_id CHECK (catamaran_v1.uuid(habit_id)),
    CONSTRAINT ck_habit_entries__date CHECK (catamaran_v1.date(date)),
    CONSTRAINT ck_habit_entries__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_habit_entries__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_habit_entries__version CHECK (version >= 1),
    CONSTRAINT ck_habit_entries__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
) STRICT"#;

const UNIQUE: &str = "CREATE UNIQUE INDEX uq_habit_entries__habit_id_date ON habit_entries (habit_id, date) WHERE deleted_at IS NULL";

const INDEX: &str = "CREATE INDEX ix_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date)";
