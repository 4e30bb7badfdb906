use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new().sql(TABLE).sql(INDEX)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE reminders")
}

const TABLE: &str = r#"
CREATE TABLE reminders (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    habit_id TEXT NOT NULL,
    time_local TEXT NOT NULL,
    days_of_week INTEGER NOT NULL,
    timezone TEXT NOT NULL,
    is_enabled INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT,
    CONSTRAINT pk_reminders PRIMARY KEY (id),
    CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY (user_id, habit_id)
        REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE NO ACTION,
    CONSTRAINT ck_reminders__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_reminders__user_id CHECK (catamaran_v1.uuid(user_id)),
    CONSTRAINT ck_reminders__habit_id CHECK (catamaran_v1.uuid(habit_id)),
    CONSTRAINT ck_reminders__time_local CHECK (length(CAST(time_local AS BLOB)) = 5
        AND (time_local GLOB '[01][0-9]:[0-5][0-9]' OR time_local GLOB '2[0-3]:[0-5][0-9]')),
    CONSTRAINT ck_reminders__days_of_week CHECK (days_of_week BETWEEN 1 AND 127),
    CONSTRAINT ck_reminders__is_enabled CHECK (catamaran_v1.boolean(is_enabled)),
    CONSTRAINT ck_reminders__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_reminders__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_reminders__version CHECK (version >= 1),
    CONSTRAINT ck_reminders__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
) STRICT"#;

const INDEX: &str = "CREATE INDEX ix_reminders__user_id_habit_id_is_enabled ON reminders (user_id, habit_id, is_enabled)";
