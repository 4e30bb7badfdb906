use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql(TABLE)
        .sql(INDEX)
        .sql("ALTER TABLE devices ENABLE ROW LEVEL SECURITY")
        .sql("ALTER TABLE devices FORCE ROW LEVEL SECURITY")
        .sql(POLICY)
        .sql(GRANT)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE devices")
}

const TABLE: &str = r#"
CREATE TABLE devices (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    platform text COLLATE "C" NOT NULL,
    last_sync_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT pk_devices PRIMARY KEY (id),
    CONSTRAINT ck_devices__platform CHECK (char_length(platform) BETWEEN 1 AND 64),
    CONSTRAINT ck_devices__last_sync_at CHECK (catamaran_v1.timestamptz(last_sync_at)),
    CONSTRAINT ck_devices__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_devices__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_devices__version CHECK (version >= 1),
    CONSTRAINT ck_devices__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
)"#;

const INDEX: &str = "CREATE INDEX ix_devices__user_id_platform ON devices (user_id, platform)";

const POLICY: &str = r"
CREATE POLICY owner_devices ON devices FOR ALL
    USING (user_id = catamaran_v1.caller())
    WITH CHECK (user_id = catamaran_v1.caller())";

const GRANT: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON devices TO catamaran_app";
