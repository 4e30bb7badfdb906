use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql(TABLE)
        .sql(UNIQUE)
        .sql(INDEX)
        .sql("ALTER TABLE habit_entries ENABLE ROW LEVEL SECURITY")
        .sql("ALTER TABLE habit_entries FORCE ROW LEVEL SECURITY")
        .sql(POLICY)
        .sql(GRANT)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE habit_entries")
}

const TABLE: &str = r#"
CREATE TABLE habit_entries (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    habit_id uuid NOT NULL,
    date date NOT NULL,
    amount bigint NOT NULL DEFAULT 0,
    source text COLLATE "C" NOT NULL DEFAULT 'local',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT pk_habit_entries PRIMARY KEY (id),
    CONSTRAINT fk_habit_entries__user_id_habit_id FOREIGN KEY (user_id, habit_id)
        REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE NO ACTION,
    CONSTRAINT ck_habit_entries__date CHECK (catamaran_v1.date(date)),
    CONSTRAINT ck_habit_entries__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_habit_entries__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_habit_entries__version CHECK (version >= 1),
    CONSTRAINT ck_habit_entries__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
)"#;

const UNIQUE: &str = "CREATE UNIQUE INDEX uq_habit_entries__habit_id_date ON habit_entries (habit_id, date) WHERE deleted_at IS NULL";

const INDEX: &str = "CREATE INDEX ix_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date)";

const POLICY: &str = r"
CREATE POLICY owner_habit_entries ON habit_entries FOR ALL
    USING (user_id = catamaran_v1.caller())
    WITH CHECK (user_id = catamaran_v1.caller())";

const GRANT: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON habit_entries TO catamaran_app";
