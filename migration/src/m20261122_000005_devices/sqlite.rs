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
    CONSTRAINT ck_devices__id CHECK (length(CAST(id AS BLOB)) = 36 AND id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    CONSTRAINT ck_devices__user_id CHECK (length(CAST(user_id AS BLOB)) = 36 AND user_id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    CONSTRAINT ck_devices__platform CHECK (length(platform) BETWEEN 1 AND 64),
    CONSTRAINT ck_devices__last_sync_at CHECK (length(CAST(last_sync_at AS BLOB)) = 27 AND last_sync_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND last_sync_at >= '0001'),
    CONSTRAINT ck_devices__created_at CHECK (length(CAST(created_at AS BLOB)) = 27 AND created_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND created_at >= '0001'),
    CONSTRAINT ck_devices__updated_at CHECK (length(CAST(updated_at AS BLOB)) = 27 AND updated_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND updated_at >= '0001'),
    CONSTRAINT ck_devices__version CHECK (version >= 1),
    CONSTRAINT ck_devices__deleted_at CHECK (length(CAST(deleted_at AS BLOB)) = 27 AND deleted_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND deleted_at >= '0001')
) STRICT"#;

const INDEX: &str = "CREATE INDEX ix_devices__user_id_platform ON devices (user_id, platform)";
