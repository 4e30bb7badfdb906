use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new().sql(TABLE)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE catamaran_operation_keys")
}

const TABLE: &str = r#"
CREATE TABLE catamaran_operation_keys (
    user_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_catamaran_operation_keys PRIMARY KEY (user_id, id),
    CONSTRAINT ck_catamaran_operation_keys__user_id CHECK (catamaran_v1.uuid(user_id)),
    CONSTRAINT ck_catamaran_operation_keys__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_catamaran_operation_keys__created_at CHECK (catamaran_v1.timestamptz(created_at))
) STRICT"#;
