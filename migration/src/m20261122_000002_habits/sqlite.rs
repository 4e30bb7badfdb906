use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new().sql(TABLE).sql(INDEX)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE habits")
}

const TABLE: &str = r#"
CREATE TABLE habits (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    cadence TEXT NOT NULL,
    color TEXT NOT NULL DEFAULT '#0ea5e9',
    sort_order INTEGER NOT NULL DEFAULT 0,
    is_archived INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT,
    CONSTRAINT pk_habits PRIMARY KEY (id),
    CONSTRAINT uq_habits__user_id_id UNIQUE (user_id, id),
    CONSTRAINT ck_habits__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_habits__user_id CHECK (catamaran_v1.uuid(user_id)),
    CONSTRAINT ck_habits__sort_order CHECK (catamaran_v1.int4(sort_order)),
    CONSTRAINT ck_habits__is_archived CHECK (catamaran_v1.boolean(is_archived)),
    CONSTRAINT ck_habits__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_habits__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_habits__version CHECK (version >= 1),
    CONSTRAINT ck_habits__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
) STRICT"#;

const INDEX: &str = "CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, updated_at)";
