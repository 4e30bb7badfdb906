use catamaran::migrate::{Script, TwinMigration};

/// The second domain's history.
#[derive(Clone, Copy, Debug)]
pub struct History;

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(CreateSpecimens)]
    }
}

struct CreateSpecimens;

impl TwinMigration for CreateSpecimens {
    fn name(&self) -> &'static str {
        "m20261122_000001_create_specimens"
    }

    fn sqlite_up(&self) -> Script {
        Script::new().sql(
            "CREATE TABLE specimens (
                id TEXT NOT NULL,
                label TEXT NOT NULL,
                note TEXT,
                small INTEGER NOT NULL,
                whole INTEGER,
                ratio REAL NOT NULL,
                reading REAL,
                flag INTEGER,
                day TEXT,
                at TEXT,
                link TEXT,
                blob BLOB NOT NULL,
                CONSTRAINT pk_specimens PRIMARY KEY (id)
            ) STRICT",
        )
    }

    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE specimens")
    }

    fn postgres_up(&self) -> Script {
        Script::new().sql(
            r#"CREATE TABLE specimens (
                id uuid NOT NULL,
                label text COLLATE "C" NOT NULL,
                note text COLLATE "C",
                small integer NOT NULL,
                whole bigint,
                ratio double precision NOT NULL,
                reading double precision,
                flag boolean,
                day date,
                at timestamptz,
                link uuid,
                blob bytea NOT NULL,
                CONSTRAINT pk_specimens PRIMARY KEY (id)
            )"#,
        )
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("DROP TABLE specimens")
    }
}
