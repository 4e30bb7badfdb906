use catamaran::Engine;
use catamaran::migrate::{Script, TwinMigration};

/// The first migration of the reference domain, which makes the application's role, and the fourth domain's.
#[derive(Clone, Copy, Debug)]
pub struct History;

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let role = migration::History::migrations().into_iter().take(1);
        let tables: Box<dyn TwinMigration> = Box::new(CreateTables);
        role.chain([tables]).collect()
    }
}

struct CreateTables;

/// The types of a column.
type Types = [&'static str; 2];

const UUID: Types = ["TEXT", "uuid"];
const TEXT: Types = ["TEXT", "text COLLATE \"C\""];
const INT: Types = ["INTEGER", "integer"];
const BIGINT: Types = ["INTEGER", "bigint"];
const TIME: Types = ["TEXT", "timestamptz"];

/// A table: its columns of the key, each with its counterpart in the reference to another row.
struct Keys {
    table: &'static str,
    columns: &'static [(&'static str, &'static str, Types)],
}

const TABLES: &[Keys] = &[
    Keys {
        table: "labels",
        columns: &[("name", "parent", TEXT)],
    },
    Keys {
        table: "counters",
        columns: &[("id", "parent", BIGINT)],
    },
    Keys {
        table: "ranks",
        columns: &[("id", "parent", INT)],
    },
    Keys {
        table: "parcels",
        columns: &[("id", "parent", UUID)],
    },
    Keys {
        table: "seats",
        columns: &[("row", "parent_row", TEXT), ("place", "parent_place", INT)],
    },
    Keys {
        table: "folders",
        columns: &[("user_id", "user_id", UUID), ("id", "parent", BIGINT)],
    },
];

/// The policy of a table with owners, and the privileges of the application's role on every table.
const POLICY: &str = "
CREATE POLICY owner_folders ON folders FOR ALL
    USING (user_id = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))
    WITH CHECK (user_id = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))";

impl Keys {
    fn create(&self, engine: Engine) -> String {
        let quoted = |name: &str| match engine {
            Engine::Sqlite => format!("`{name}`"),
            Engine::Postgres => format!("\"{name}\""),
        };
        let of = |types: Types| match engine {
            Engine::Sqlite => types[0],
            Engine::Postgres => types[1],
        };
        let mut parts = Vec::new();
        for (key, _, types) in self.columns {
            parts.push(format!("{} {} NOT NULL", quoted(key), of(*types)));
        }
        parts.push(format!("note {} NOT NULL", of(TEXT)));
        let references = self.columns.iter().filter(|(key, parent, _)| key != parent);
        for (_, parent, types) in references {
            parts.push(format!("{parent} {}", of(*types)));
        }
        parts.push(format!("version {} NOT NULL", of(BIGINT)));
        parts.push(format!("deleted_at {}", of(TIME)));
        let table = self.table;
        let keys: Vec<String> = self.columns.iter().map(|(key, ..)| quoted(key)).collect();
        let keys = keys.join(", ");
        let parents: Vec<&str> = self.columns.iter().map(|(_, parent, _)| *parent).collect();
        let parents = parents.join(", ");
        parts.push(format!("CONSTRAINT pk_{table} PRIMARY KEY ({keys})"));
        parts.push(format!(
            "CONSTRAINT fk_{table}__parent FOREIGN KEY ({parents}) REFERENCES {table} ({keys})"
        ));
        let end = match engine {
            Engine::Sqlite => " STRICT",
            Engine::Postgres => "",
        };
        format!("CREATE TABLE {table} ({}){end}", parts.join(", "))
    }
}

fn up(engine: Engine) -> Script {
    let tables = TABLES.iter().map(|keys| keys.create(engine));
    tables.fold(Script::new(), Script::sql)
}

fn down() -> Script {
    let tables = TABLES
        .iter()
        .map(|keys| format!("DROP TABLE {}", keys.table));
    tables.fold(Script::new(), Script::sql)
}

impl TwinMigration for CreateTables {
    fn name(&self) -> &'static str {
        "m20261127_000001_create_tables"
    }

    fn sqlite_up(&self) -> Script {
        up(Engine::Sqlite)
    }

    fn sqlite_down(&self) -> Script {
        down()
    }

    fn postgres_up(&self) -> Script {
        let grants = TABLES.iter().map(|keys| {
            let table = keys.table;
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO catamaran_app")
        });
        grants
            .fold(up(Engine::Postgres), Script::sql)
            .sql("ALTER TABLE folders ENABLE ROW LEVEL SECURITY")
            .sql("ALTER TABLE folders FORCE ROW LEVEL SECURITY")
            .sql(POLICY)
    }

    fn postgres_down(&self) -> Script {
        down()
    }
}
