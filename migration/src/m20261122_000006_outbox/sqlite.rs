use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql(TABLE)
        .sql("CREATE INDEX ix_outbox__created_at ON outbox (created_at)")
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE outbox")
}

const TABLE: &str = r#"
CREATE TABLE outbox (
    id TEXT NOT NULL,
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    payload TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT ck_outbox__id CHECK (length(CAST(id AS BLOB)) = 36 AND id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    CONSTRAINT ck_outbox__row_id CHECK (length(CAST(row_id AS BLOB)) = 36 AND row_id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    CONSTRAINT ck_outbox__operation CHECK (operation IN ('insert', 'update', 'delete')),
    CONSTRAINT ck_outbox__attempts CHECK (attempts BETWEEN -2147483648 AND 2147483647),
    CONSTRAINT ck_outbox__created_at CHECK (length(CAST(created_at AS BLOB)) = 27 AND created_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND created_at >= '0001'),
    CONSTRAINT ck_outbox__updated_at CHECK (length(CAST(updated_at AS BLOB)) = 27 AND updated_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND updated_at >= '0001'),
    CONSTRAINT ck_outbox__version CHECK (version >= 1)
) STRICT"#;
