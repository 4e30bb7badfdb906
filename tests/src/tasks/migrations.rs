use catamaran::migrate::{Script, TwinMigration};

/// The third domain's history.
#[derive(Clone, Copy, Debug)]
pub struct History;

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(CreateTasks)]
    }
}

struct CreateTasks;

impl TwinMigration for CreateTasks {
    fn name(&self) -> &'static str {
        "m20261126_000001_create_tasks"
    }

    fn sqlite_up(&self) -> Script {
        Script::new()
            .sql(
                "CREATE TABLE tasks (
                    id TEXT NOT NULL,
                    slug TEXT NOT NULL,
                    code TEXT NOT NULL,
                    place INTEGER NOT NULL,
                    is_open INTEGER NOT NULL,
                    note TEXT NOT NULL,
                    parent_id TEXT,
                    next_id TEXT,
                    version INTEGER NOT NULL,
                    CONSTRAINT pk_tasks PRIMARY KEY (id),
                    CONSTRAINT uq_tasks__slug UNIQUE (slug),
                    CONSTRAINT uq_tasks__code UNIQUE (code),
                    CONSTRAINT fk_tasks__parent_id FOREIGN KEY (parent_id) REFERENCES tasks (id)
                        ON DELETE NO ACTION,
                    CONSTRAINT fk_tasks__next_id FOREIGN KEY (next_id) REFERENCES tasks (id)
                        ON DELETE NO ACTION,
                    CONSTRAINT ck_tasks__slug_length CHECK (length(slug) <= 40),
                    CONSTRAINT ck_tasks__code_differs CHECK (code <> slug)
                ) STRICT",
            )
            .sql("CREATE UNIQUE INDEX uq_tasks__place ON tasks (place DESC) WHERE is_open")
    }

    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE tasks")
    }

    fn postgres_up(&self) -> Script {
        Script::new()
            .sql(
                r#"CREATE TABLE tasks (
                    id uuid NOT NULL,
                    slug text COLLATE "C" NOT NULL,
                    code text COLLATE "C" NOT NULL,
                    place integer NOT NULL,
                    is_open boolean NOT NULL,
                    note text COLLATE "C" NOT NULL,
                    parent_id uuid,
                    next_id uuid,
                    version bigint NOT NULL,
                    CONSTRAINT pk_tasks PRIMARY KEY (id),
                    CONSTRAINT uq_tasks__slug UNIQUE (slug),
                    CONSTRAINT uq_tasks__code UNIQUE (code),
                    CONSTRAINT fk_tasks__parent_id FOREIGN KEY (parent_id) REFERENCES tasks (id)
                        ON DELETE NO ACTION,
                    CONSTRAINT fk_tasks__next_id FOREIGN KEY (next_id) REFERENCES tasks (id)
                        ON DELETE NO ACTION,
                    CONSTRAINT ck_tasks__slug_length CHECK (length(slug) <= 40),
                    CONSTRAINT ck_tasks__code_differs CHECK (code <> slug)
                )"#,
            )
            .sql("CREATE UNIQUE INDEX uq_tasks__place ON tasks (place DESC) WHERE is_open")
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("DROP TABLE tasks")
    }
}
