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
        vec![Box::new(Role), Box::new(CreateExhibits::new(VARIANTS))]
    }
}

/// The history of a version whose enums had other variants: [`Access`](super::Access) had no `read-only`, and
/// [`Grade`](super::Grade) had one that is stored as 3.
#[derive(Clone, Copy, Debug)]
pub struct OtherVariants;

impl catamaran::migrate::History for OtherVariants {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let variants = VARIANTS
            .replace("access IN ('nobody', 'read-only'", "access IN ('nobody'")
            .replace("grade IN (10, -1, 2)", "grade IN (10, -1, 2, 3)");
        vec![Box::new(Role), Box::new(CreateExhibits::new(&variants))]
    }
}

struct CreateExhibits {
    variants: String,
}

impl CreateExhibits {
    fn new(variants: &str) -> Self {
        CreateExhibits {
            variants: variants.to_owned(),
        }
    }
}

/// The checks of enums, the same on both engines.
const VARIANTS: &str = "CONSTRAINT ck_exhibits__access CHECK (access IN ('nobody', 'read-only', 'everybody''s')), \
    CONSTRAINT ck_exhibits__shown_to CHECK (shown_to IN ('nobody', 'read-only', 'everybody''s')), \
    CONSTRAINT ck_exhibits__grade CHECK (grade IN (10, -1, 2)), \
    CONSTRAINT ck_exhibits__goal CHECK (goal IN (10, -1, 2)), \
    CONSTRAINT ck_exhibits__loan CHECK (loan IN ('in', 'out')), \
    CONSTRAINT ck_exhibits__last_loan CHECK (last_loan IN ('in', 'out')), \
    CONSTRAINT ck_exhibits__floor CHECK (floor IN (-1, 0))";

/// The check that the type of a column needs.
fn check(engine: Engine, ty: &str, table: &str, column: &str) -> String {
    let row = MATRIX.iter().find(|row| row.name == ty);
    let form = row
        .and_then(|row| row.on(engine).form)
        .expect("a type with a form");
    let form = form.replace("{c}", column);
    format!("CONSTRAINT ck_{table}__{column} CHECK ({form})")
}

impl TwinMigration for CreateExhibits {
    fn name(&self) -> &'static str {
        "m20261122_000002_create_exhibits"
    }

    fn sqlite_up(&self) -> Script {
        let check = |ty, table, column| check(Engine::Sqlite, ty, table, column);
        let variants = &self.variants;
        Script::new()
            .sql(format!(
                "CREATE TABLE exhibits (
                id TEXT NOT NULL,
                price INTEGER NOT NULL DEFAULT 150,
                balance INTEGER,
                share INTEGER,
                title TEXT NOT NULL,
                subtitle TEXT,
                email TEXT NOT NULL DEFAULT 'nobody@example.org',
                reply_to TEXT,
                address TEXT,
                access TEXT NOT NULL DEFAULT 'everybody''s',
                shown_to TEXT,
                grade INTEGER NOT NULL DEFAULT -1,
                goal INTEGER,
                loan TEXT NOT NULL DEFAULT 'in',
                last_loan TEXT,
                floor INTEGER,
                CONSTRAINT pk_exhibits PRIMARY KEY (id),
                {variants},
                CONSTRAINT ck_exhibits__price CHECK (price BETWEEN -999999999999 AND 999999999999),
                CONSTRAINT ck_exhibits__balance
                    CHECK (balance BETWEEN -999999999999999999 AND 999999999999999999),
                CONSTRAINT ck_exhibits__share
                    CHECK (share BETWEEN -999999999999999999 AND 999999999999999999),
                {}
            ) STRICT",
                check("uuid", "exhibits", "id"),
            ))
            .sql(format!(
                "CREATE TABLE measures (
                id TEXT NOT NULL,
                shelf INTEGER NOT NULL,
                gap INTEGER,
                weight REAL NOT NULL,
                depth REAL,
                opens_at TEXT NOT NULL,
                closes_at TEXT,
                CONSTRAINT pk_measures PRIMARY KEY (id),
                {}
            ) STRICT",
                [
                    check("uuid", "measures", "id"),
                    check("int2", "measures", "shelf"),
                    check("int2", "measures", "gap"),
                    check("real", "measures", "weight"),
                    check("real", "measures", "depth"),
                    check("time", "measures", "opens_at"),
                    check("time", "measures", "closes_at"),
                ]
                .join(",\n"),
            ))
            .sql(format!(
                "CREATE TABLE papers (
                id TEXT NOT NULL,
                data TEXT NOT NULL,
                extra TEXT,
                settings TEXT NOT NULL,
                earlier TEXT,
                CONSTRAINT pk_papers PRIMARY KEY (id),
                {}
            ) STRICT",
                [
                    check("uuid", "papers", "id"),
                    check("json", "papers", "data"),
                    check("json", "papers", "extra"),
                    check("json", "papers", "settings"),
                    check("json", "papers", "earlier"),
                ]
                .join(",\n"),
            ))
    }

    fn sqlite_down(&self) -> Script {
        Script::new()
            .sql("DROP TABLE exhibits")
            .sql("DROP TABLE measures")
            .sql("DROP TABLE papers")
    }

    fn postgres_up(&self) -> Script {
        let variants = &self.variants;
        Script::new()
            .sql(format!(
                r#"CREATE TABLE exhibits (
                id uuid NOT NULL,
                price numeric(12, 2) NOT NULL DEFAULT 1.50,
                balance numeric(18, 0),
                share numeric(18, 18),
                title text COLLATE "C" NOT NULL,
                subtitle text COLLATE "C",
                email text COLLATE "C" NOT NULL DEFAULT 'nobody@example.org',
                reply_to text COLLATE "C",
                address text COLLATE "C",
                access text COLLATE "C" NOT NULL DEFAULT 'everybody''s',
                shown_to text COLLATE "C",
                grade integer NOT NULL DEFAULT -1,
                goal integer,
                loan text COLLATE "C" NOT NULL DEFAULT 'in',
                last_loan text COLLATE "C",
                floor integer,
                CONSTRAINT pk_exhibits PRIMARY KEY (id),
                CONSTRAINT ck_exhibits__price CHECK (price <> 'NaN'),
                CONSTRAINT ck_exhibits__balance CHECK (balance <> 'NaN'),
                CONSTRAINT ck_exhibits__share CHECK (share <> 'NaN'),
                {variants}
            )"#
            ))
            .sql(format!(
                r#"CREATE TABLE measures (
                id uuid NOT NULL,
                shelf smallint NOT NULL,
                gap smallint,
                weight real NOT NULL,
                depth real,
                opens_at time NOT NULL,
                closes_at time,
                CONSTRAINT pk_measures PRIMARY KEY (id),
                {}, {}
            )"#,
                check(Engine::Postgres, "time", "measures", "opens_at"),
                check(Engine::Postgres, "time", "measures", "closes_at"),
            ))
            .sql(
                "CREATE TABLE papers (
                id uuid NOT NULL,
                data jsonb NOT NULL,
                extra jsonb,
                settings jsonb NOT NULL,
                earlier jsonb,
                CONSTRAINT pk_papers PRIMARY KEY (id)
            )",
            )
            .sql("GRANT SELECT, INSERT, UPDATE, DELETE ON exhibits, measures, papers TO catamaran_app")
    }

    fn postgres_down(&self) -> Script {
        Script::new()
            .sql("DROP TABLE exhibits")
            .sql("DROP TABLE measures")
            .sql("DROP TABLE papers")
    }
}
