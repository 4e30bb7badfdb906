use catamaran::Engine;
use catamaran::domain::MATRIX;
use catamaran::migrate::{Script, TwinMigration};

use crate::adversarial::Role;

/// The third domain's history.
#[derive(Clone, Copy, Debug)]
pub struct History;

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(Role), Box::new(CreateExhibits)]
    }
}

struct CreateExhibits;

/// The check that the type of a column needs.
fn check(engine: Engine, ty: &str, column: &str) -> String {
    let row = MATRIX.iter().find(|row| row.name == ty);
    let form = row
        .and_then(|row| row.on(engine).form)
        .expect("a type with a form");
    let form = form.replace("{c}", column);
    format!("CONSTRAINT ck_exhibits__{column} CHECK ({form})")
}

impl TwinMigration for CreateExhibits {
    fn name(&self) -> &'static str {
        "m20261122_000002_create_exhibits"
    }

    fn sqlite_up(&self) -> Script {
        let check = |ty, column| check(Engine::Sqlite, ty, column);
        Script::new().sql(format!(
            "CREATE TABLE exhibits (
                id TEXT NOT NULL,
                title TEXT NOT NULL,
                subtitle TEXT,
                email TEXT NOT NULL DEFAULT 'nobody@example.org',
                reply_to TEXT,
                address TEXT,
                CONSTRAINT pk_exhibits PRIMARY KEY (id),
                {}
            ) STRICT",
            [check("uuid", "id")].join(",\n"),
        ))
    }

    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE exhibits")
    }

    fn postgres_up(&self) -> Script {
        Script::new()
            .sql(
                r#"CREATE TABLE exhibits (
                id uuid NOT NULL,
                title text COLLATE "C" NOT NULL,
                subtitle text COLLATE "C",
                email text COLLATE "C" NOT NULL DEFAULT 'nobody@example.org',
                reply_to text COLLATE "C",
                address text COLLATE "C",
                CONSTRAINT pk_exhibits PRIMARY KEY (id)
            )"#,
            )
            .sql("GRANT SELECT, INSERT, UPDATE, DELETE ON exhibits TO catamaran_app")
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("DROP TABLE exhibits")
    }
}
