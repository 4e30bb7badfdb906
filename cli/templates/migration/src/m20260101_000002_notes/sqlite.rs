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
    CONSTRAINT ck_notes__id CHECK (length(CAST(id AS BLOB)) = 36 AND id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    CONSTRAINT ck_notes__user_id CHECK (length(CAST(user_id AS BLOB)) = 36 AND user_id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    CONSTRAINT ck_notes__stars CHECK (stars BETWEEN -2147483648 AND 2147483647),
    CONSTRAINT ck_notes__created_at CHECK (length(CAST(created_at AS BLOB)) = 27 AND created_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND created_at >= '0001'),
    CONSTRAINT ck_notes__updated_at CHECK (length(CAST(updated_at AS BLOB)) = 27 AND updated_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND updated_at >= '0001'),
    CONSTRAINT ck_notes__version CHECK (version >= 1),
    CONSTRAINT ck_notes__deleted_at CHECK (length(CAST(deleted_at AS BLOB)) = 27 AND deleted_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z' AND deleted_at >= '0001')
) STRICT"#;

const INDEX: &str = "CREATE UNIQUE INDEX uq_notes__user_id_title ON notes (user_id, title) WHERE deleted_at IS NULL";
