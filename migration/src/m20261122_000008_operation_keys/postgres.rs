use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql(TABLE)
        .sql("ALTER TABLE catamaran_operation_keys ENABLE ROW LEVEL SECURITY")
        .sql("ALTER TABLE catamaran_operation_keys FORCE ROW LEVEL SECURITY")
        .sql(POLICY)
        .sql(GRANT)
}

pub fn down() -> Script {
    Script::new().sql("DROP TABLE catamaran_operation_keys")
}

const TABLE: &str = r#"
CREATE TABLE catamaran_operation_keys (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_catamaran_operation_keys PRIMARY KEY (user_id, id),
    CONSTRAINT ck_catamaran_operation_keys__created_at CHECK (catamaran_v1.timestamptz(created_at))
)"#;

const POLICY: &str = r"
CREATE POLICY owner_catamaran_operation_keys ON catamaran_operation_keys FOR ALL
    USING (user_id = catamaran_v1.caller())
    WITH CHECK (user_id = catamaran_v1.caller())";

const GRANT: &str =
    "GRANT SELECT, INSERT, UPDATE, DELETE ON catamaran_operation_keys TO catamaran_app";
