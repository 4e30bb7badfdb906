use catamaran::migrate::{Script, TwinMigration};

#[derive(Clone, Copy, Debug)]
pub struct History;

pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(CreateMembers)]
    }
}

struct CreateMembers;

/// The table in one engine's types: of an id, a text, bytes, a number and a time, and what ends a table.
fn up([id, text, bytes, number, time, end]: [&str; 6]) -> Script {
    Script::new()
        .sql(format!(
            "CREATE TABLE members (id {id} NOT NULL, email {text} NOT NULL, given_name {text} NOT NULL DEFAULT '', \
             family_name {text} NOT NULL DEFAULT '', nickname {text}, biography {text}, token {bytes}, \
             version {number} NOT NULL, deleted_at {time}, CONSTRAINT pk_members PRIMARY KEY (id), \
             CONSTRAINT uq_members__token UNIQUE (token)){end}"
        ))
        .sql("CREATE UNIQUE INDEX uq_members__email ON members (lower(email))")
        .sql("CREATE INDEX ix_members__name ON members ((family_name || ', ' || given_name) DESC, deleted_at)")
        .sql("CREATE INDEX ix_members__nickname ON members (nickname) WHERE deleted_at IS NULL")
        .sql("CREATE INDEX ix_members__biography ON members (substr(biography, 1, 100))")
}

impl TwinMigration for CreateMembers {
    fn name(&self) -> &'static str {
        "m20261126_000001_create_members"
    }

    fn sqlite_up(&self) -> Script {
        up(["TEXT", "TEXT", "BLOB", "INTEGER", "TEXT", " STRICT"])
    }

    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE members")
    }

    fn postgres_up(&self) -> Script {
        up([
            "uuid",
            "text COLLATE \"C\"",
            "bytea",
            "bigint",
            "timestamptz",
            "",
        ])
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("DROP TABLE members")
    }
}
