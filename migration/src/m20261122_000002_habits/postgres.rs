use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql(TABLE)
        .sql(INDEX)
        .sql("ALTER TABLE habits ENABLE ROW LEVEL SECURITY")
        .sql("ALTER TABLE habits FORCE ROW LEVEL SECURITY")
        .sql(POLICY)
        .sql(GRANT)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE habits")
}

const TABLE: &str = r#"
CREATE TABLE habits (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    cadence text COLLATE "C" NOT NULL,
    color text COLLATE "C" NOT NULL DEFAULT '#0ea5e9',
    sort_order integer NOT NULL DEFAULT 0,
    is_archived boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT pk_habits PRIMARY KEY (id),
    CONSTRAINT uq_habits__user_id_id UNIQUE (user_id, id),
    CONSTRAINT ck_habits__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_habits__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_habits__version CHECK (version >= 1),
    CONSTRAINT ck_habits__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
)"#;

const INDEX: &str = "CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, updated_at)";

const POLICY: &str = r"
CREATE POLICY owner_habits ON habits FOR ALL
    USING (user_id = catamaran_v1.caller())
    WITH CHECK (user_id = catamaran_v1.caller())";

const GRANT: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON habits TO catamaran_app";
