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
    CONSTRAINT ck_outbox__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_outbox__row_id CHECK (catamaran_v1.uuid(row_id)),
    CONSTRAINT ck_outbox__operation CHECK (operation IN ('insert', 'update', 'delete')),
    CONSTRAINT ck_outbox__attempts CHECK (catamaran_v1.int4(attempts)),
    CONSTRAINT ck_outbox__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_outbox__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_outbox__version CHECK (version >= 1)
) STRICT"#;
