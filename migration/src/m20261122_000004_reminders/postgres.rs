use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql(TABLE)
        .sql(INDEX)
        .sql("ALTER TABLE reminders ENABLE ROW LEVEL SECURITY")
        .sql("ALTER TABLE reminders FORCE ROW LEVEL SECURITY")
        .sql(POLICY)
        .sql(GRANT)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE reminders")
}

const TABLE: &str = r#"
CREATE TABLE reminders (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    habit_id uuid NOT NULL,
    time_local text COLLATE "C" NOT NULL,
    days_of_week integer NOT NULL,
    timezone text COLLATE "C" NOT NULL,
    is_enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT pk_reminders PRIMARY KEY (id),
    CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY (user_id, habit_id)
        REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE NO ACTION,
    CONSTRAINT ck_reminders__time_local CHECK (time_local ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
    CONSTRAINT ck_reminders__days_of_week CHECK (days_of_week BETWEEN 1 AND 127),
    CONSTRAINT ck_reminders__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_reminders__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_reminders__version CHECK (version >= 1),
    CONSTRAINT ck_reminders__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
)"#;

const INDEX: &str = "CREATE INDEX ix_reminders__user_id_habit_id_is_enabled ON reminders (user_id, habit_id, is_enabled)";

const POLICY: &str = r"
CREATE POLICY owner_reminders ON reminders FOR ALL
    USING (user_id = catamaran_v1.caller())
    WITH CHECK (user_id = catamaran_v1.caller())";

const GRANT: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON reminders TO catamaran_app";
