use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new().sql(TABLE).sql(INDEX)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE devices")
}

const TABLE: &str = r#"
CREATE TABLE devices (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    last_sync_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT,
    CONSTRAINT pk_devices PRIMARY KEY (id),
    CONSTRAINT ck_devices__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_devices__user_id CHECK (catamaran_v1.uuid(user_id)),
    CONSTRAINT ck_devices__platform CHECK (length(platform) BETWEEN 1 AND 64),
    CONSTRAINT ck_devices__last_sync_at CHECK (catamaran_v1.timestamptz(last_sync_at)),
    CONSTRAINT ck_devices__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_devices__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_devices__version CHECK (version >= 1),
    CONSTRAINT ck_devices__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
) STRICT"#;

const INDEX: &str = "CREATE INDEX ix_devices__user_id_platform ON devices (user_id, platform)";
