use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new().sql(TABLE).sql(INDEX)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE notes")
}

const TABLE: &str = r#"
CREATE TABLE notes (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    title TEXT NOT NULL,
    stars INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT,
    CONSTRAINT pk_notes PRIMARY KEY (id),
    CONSTRAINT uq_notes__user_id_id UNIQUE (user_id, id),
    CONSTRAINT ck_notes__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_notes__user_id CHECK (catamaran_v1.uuid(user_id)),
    CONSTRAINT ck_notes__stars CHECK (catamaran_v1.int4(stars)),
    CONSTRAINT ck_notes__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_notes__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_notes__version CHECK (version >= 1),
    CONSTRAINT ck_notes__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
) STRICT"#;

const INDEX: &str = "CREATE UNIQUE INDEX uq_notes__user_id_title ON notes (user_id, title) WHERE deleted_at IS NULL";
