use catamaran::Engine;
use catamaran::domain::{MATRIX, NativeType};
use catamaran::migrate::{Script, TwinMigration};

/// The first migration of the reference domain, which makes the application's role, and the fourth domain's.
#[derive(Clone, Copy, Debug)]
pub struct History;

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut migrations = GivenKeys::migrations();
        migrations.push(Box::new(CreateGenerated));
        migrations
    }
}

/// The history without the tables whose ids the database generates.
#[derive(Clone, Copy, Debug)]
pub struct GivenKeys;

impl catamaran::migrate::History for GivenKeys {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let role = migration::History::migrations().into_iter().take(1);
        let tables: Box<dyn TwinMigration> = Box::new(CreateTables);
        role.chain([tables]).collect()
    }
}

struct CreateTables;

/// The name of a type, as in [`MATRIX`].
type TypeName = &'static str;

const UUID: TypeName = "uuid";
const TEXT: TypeName = "text";
const INT: TypeName = "int4";
const BIGINT: TypeName = "bigint";
const TIME: TypeName = "timestamptz";
const DAY: TypeName = "date";
const BOOL: TypeName = "boolean";

fn native(engine: Engine, ty: TypeName) -> &'static NativeType {
    let row = MATRIX.iter().find(|row| row.name == ty);
    row.expect("a type of the matrix").on(engine)
}

/// The type of a column with its collation.
fn column_type(engine: Engine, ty: TypeName) -> String {
    let native = native(engine, ty);
    match native.collation {
        Some(collation) => format!("{} COLLATE \"{collation}\"", native.column),
        None => native.column.to_owned(),
    }
}

/// A table: its columns of the key, each with its counterpart in the reference to another row.
struct Keys {
    table: &'static str,
    /// Whether the rows have an owner who is not in the key. Such a table has no reference.
    owned: bool,
    columns: &'static [(&'static str, &'static str, TypeName)],
}

const TABLES: &[Keys] = &[
    Keys {
        table: "labels",
        owned: false,
        columns: &[("name", "parent", TEXT)],
    },
    Keys {
        table: "counters",
        owned: false,
        columns: &[("id", "parent", BIGINT)],
    },
    Keys {
        table: "ranks",
        owned: false,
        columns: &[("id", "parent", INT)],
    },
    Keys {
        table: "parcels",
        owned: false,
        columns: &[("id", "parent", UUID)],
    },
    Keys {
        table: "seats",
        owned: false,
        columns: &[("row", "parent_row", TEXT), ("place", "parent_place", INT)],
    },
    Keys {
        table: "folders",
        owned: false,
        columns: &[("user_id", "user_id", UUID), ("id", "parent", BIGINT)],
    },
    Keys {
        table: "days",
        owned: false,
        columns: &[("day", "parent", DAY)],
    },
    Keys {
        table: "moments",
        owned: false,
        columns: &[("at", "parent", TIME)],
    },
    Keys {
        table: "octets",
        owned: false,
        columns: &[
            ("a", "parent_a", UUID),
            ("b", "parent_b", TEXT),
            ("c", "parent_c", BOOL),
            ("d", "parent_d", INT),
            ("e", "parent_e", BIGINT),
            ("f", "parent_f", TIME),
            ("g", "parent_g", DAY),
            ("h", "parent_h", UUID),
        ],
    },
    Keys {
        table: "shelves",
        owned: false,
        columns: &[
            ("user_id", "user_id", UUID),
            ("name", "parent_name", TEXT),
            ("day", "parent_day", DAY),
        ],
    },
    Keys {
        table: "badges",
        owned: true,
        columns: &[("name", "name", TEXT)],
    },
    Keys {
        table: "passes",
        owned: true,
        columns: &[("number", "number", BIGINT)],
    },
    Keys {
        table: "desks",
        owned: true,
        columns: &[("hall", "hall", TEXT), ("place", "place", INT)],
    },
];

/// The condition of a policy: the row is that of the owner of the scope.
const IS_OWN: &str = "user_id = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid)";

/// Limits the rows of a table to their owners.
fn protected(script: Script, table: &str) -> Script {
    script
        .sql(format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
        .sql(format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
        .sql(format!(
            "CREATE POLICY owner_{table} ON {table} FOR ALL USING ({IS_OWN}) WITH CHECK ({IS_OWN})"
        ))
}

fn grant(table: &str) -> String {
    format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO catamaran_app")
}

impl Keys {
    fn has_owner(&self) -> bool {
        self.owned || self.columns.iter().any(|(key, ..)| *key == "user_id")
    }

    fn create(&self, engine: Engine) -> String {
        let quoted = |name: &str| match engine {
            Engine::Sqlite => format!("`{name}`"),
            Engine::Postgres => format!("\"{name}\""),
        };
        let mut columns: Vec<(String, TypeName, bool)> = Vec::new();
        if self.owned {
            columns.push(("user_id".to_owned(), UUID, true));
        }
        for (key, _, ty) in self.columns {
            columns.push(((*key).to_owned(), ty, true));
        }
        columns.push(("note".to_owned(), TEXT, true));
        for (_, parent, ty) in self.columns.iter().filter(|(key, parent, _)| key != parent) {
            columns.push(((*parent).to_owned(), ty, false));
        }
        columns.push(("version".to_owned(), BIGINT, true));
        columns.push(("deleted_at".to_owned(), TIME, false));
        let mut parts = Vec::new();
        for (name, ty, required) in &columns {
            let required = if *required { " NOT NULL" } else { "" };
            let ty = column_type(engine, ty);
            parts.push(format!("{} {ty}{required}", quoted(name)));
        }
        let table = self.table;
        let keys: Vec<String> = self.columns.iter().map(|(key, ..)| quoted(key)).collect();
        let keys = keys.join(", ");
        let parents: Vec<&str> = self.columns.iter().map(|(_, parent, _)| *parent).collect();
        let parents = parents.join(", ");
        parts.push(format!("CONSTRAINT pk_{table} PRIMARY KEY ({keys})"));
        if !self.owned {
            parts.push(format!(
                "CONSTRAINT fk_{table}__parent FOREIGN KEY ({parents}) REFERENCES {table} ({keys})"
            ));
        }
        for (name, ty, _) in &columns {
            if let Some(form) = native(engine, ty).form {
                let form = form.replace("{c}", &quoted(name));
                parts.push(format!("CONSTRAINT ck_{table}__{name} CHECK ({form})"));
            }
        }
        parts.push(format!(
            "CONSTRAINT ck_{table}__version CHECK (version >= 1)"
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
        let grants = TABLES.iter().map(|keys| grant(keys.table));
        let script = grants.fold(up(Engine::Postgres), Script::sql);
        let owned = TABLES.iter().filter(|keys| keys.has_owner());
        owned.fold(script, |script, keys| protected(script, keys.table))
    }

    fn postgres_down(&self) -> Script {
        down()
    }
}

/// The tables whose ids the database generates.
const GENERATED: [(&str, [&str; 2]); 3] = [
    (
        "tickets",
        [
            "CREATE TABLE tickets (id INTEGER NOT NULL CONSTRAINT pk_tickets PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL, \
             note TEXT NOT NULL, parent INTEGER, version INTEGER NOT NULL, deleted_at TEXT, \
             CONSTRAINT uq_tickets__note UNIQUE (note), \
             CONSTRAINT fk_tickets__parent FOREIGN KEY (parent) REFERENCES tickets (id)) STRICT",
            "CREATE TABLE tickets (id bigint GENERATED BY DEFAULT AS IDENTITY CONSTRAINT pk_tickets PRIMARY KEY, user_id uuid NOT NULL, \
             note text COLLATE \"C\" NOT NULL, parent bigint, version bigint NOT NULL, deleted_at timestamptz, \
             CONSTRAINT uq_tickets__note UNIQUE (note), \
             CONSTRAINT fk_tickets__parent FOREIGN KEY (parent) REFERENCES tickets (id))",
        ],
    ),
    (
        "marks",
        [
            "CREATE TABLE marks (id INTEGER NOT NULL CONSTRAINT pk_marks PRIMARY KEY AUTOINCREMENT, ticket_id INTEGER, \
             CONSTRAINT ck_marks__id CHECK (id BETWEEN -2147483648 AND 2147483647), \
             CONSTRAINT fk_marks__ticket FOREIGN KEY (ticket_id) REFERENCES tickets (id)) STRICT",
            "CREATE TABLE marks (id integer GENERATED BY DEFAULT AS IDENTITY CONSTRAINT pk_marks PRIMARY KEY, ticket_id bigint, \
             CONSTRAINT fk_marks__ticket FOREIGN KEY (ticket_id) REFERENCES tickets (id))",
        ],
    ),
    (
        "ticks",
        [
            "CREATE TABLE ticks (id INTEGER NOT NULL CONSTRAINT pk_ticks PRIMARY KEY AUTOINCREMENT) STRICT",
            "CREATE TABLE ticks (id bigint GENERATED BY DEFAULT AS IDENTITY CONSTRAINT pk_ticks PRIMARY KEY)",
        ],
    ),
];

/// The index of the owners of tickets.
const INDEX: &str = "CREATE INDEX ix_tickets__user_id ON tickets (user_id)";

struct CreateGenerated;

impl TwinMigration for CreateGenerated {
    fn name(&self) -> &'static str {
        "m20261127_000002_create_generated"
    }

    fn sqlite_up(&self) -> Script {
        let tables = GENERATED.iter().map(|(_, [sqlite, _])| *sqlite);
        tables.fold(Script::new(), Script::sql).sql(INDEX)
    }

    fn sqlite_down(&self) -> Script {
        drop_generated()
    }

    fn postgres_up(&self) -> Script {
        let tables = GENERATED.iter().map(|(_, [_, postgres])| *postgres);
        let script = tables.fold(Script::new(), Script::sql).sql(INDEX);
        let script = GENERATED.iter().fold(script, |script, (table, _)| {
            script.sql(grant(table)).sql(format!(
                "GRANT USAGE ON SEQUENCE {table}_id_seq TO catamaran_app"
            ))
        });
        protected(script, "tickets")
    }

    fn postgres_down(&self) -> Script {
        drop_generated()
    }
}

/// Each table before those that it refers to.
fn drop_generated() -> Script {
    let tables = GENERATED.iter().rev();
    let tables = tables.map(|(table, _)| format!("DROP TABLE {table}"));
    tables.fold(Script::new(), Script::sql)
}
