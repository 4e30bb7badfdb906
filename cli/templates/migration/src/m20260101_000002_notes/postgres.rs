use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql(TABLE)
        .sql(INDEX)
        .sql("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        .sql("ALTER TABLE notes FORCE ROW LEVEL SECURITY")
        .sql(POLICY)
        .sql(GRANT)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE notes")
}

const TABLE: &str = r#"
CREATE TABLE notes (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    title text COLLATE "C" NOT NULL,
    stars integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT pk_notes PRIMARY KEY (id),
    CONSTRAINT uq_notes__user_id_id UNIQUE (user_id, id),
    CONSTRAINT ck_notes__created_at CHECK (catamaran_v1.timestamptz(created_at)),
    CONSTRAINT ck_notes__updated_at CHECK (catamaran_v1.timestamptz(updated_at)),
    CONSTRAINT ck_notes__version CHECK (version >= 1),
    CONSTRAINT ck_notes__deleted_at CHECK (catamaran_v1.timestamptz(deleted_at))
)"#;

const INDEX: &str = "CREATE UNIQUE INDEX uq_notes__user_id_title ON notes (user_id, title) WHERE deleted_at IS NULL";

const POLICY: &str = r"
CREATE POLICY owner_notes ON notes FOR ALL
    USING (user_id = catamaran_v1.caller())
    WITH CHECK (user_id = catamaran_v1.caller())";

const GRANT: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO catamaran_app";
