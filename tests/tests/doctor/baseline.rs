//! Migrations that are recorded as applied on a database that was restored from a dump.

use std::sync::OnceLock;
use std::time::Duration;

use catamaran::Engine;
use catamaran::doctor::{Baseline, BaselineError, Code, Doctor};
use catamaran::migrate::{self, History, Script, TwinMigration};
use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};
use sea_orm::{ConnectionTrait, TransactionTrait};
use suite::observer;

use crate::databases::Migrated;
use crate::no_false_positives::pipe;

const ALL: &str = "m20261122_000008_operation_keys";

/// A database that was restored from a dump of a migrated one, without what its migrations recorded.
struct Restored {
    url: String,
    _folder: tempfile::TempDir,
    _database: Option<EphemeralDatabase>,
}

impl Restored {
    async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let origin = Migrated::new(engine).await;
        for table in ["seaql_migrations", "seaql_migrations_checksums"] {
            origin
                .run(&format!("DROP TABLE {table}"))
                .await
                .expect("no history");
        }
        let url = origin.database.url();
        match engine {
            Engine::Sqlite => {
                let file = url.trim_start_matches("sqlite://");
                let dump = pipe("sqlite3", &[file, ".dump"], &[]);
                let copy = folder.path().join("copy.db");
                pipe("sqlite3", &[&copy.to_string_lossy()], &dump);
                Restored {
                    url: format!("sqlite://{}", copy.display()),
                    _folder: folder,
                    _database: None,
                }
            }
            Engine::Postgres => {
                let dump = pipe("pg_dump", &[url], &[]);
                let server = PostgresServer::shared().await.expect("a server");
                let other = DatabaseOptions::new().empty_postgres_on(server).await;
                let other = other.expect("a database");
                pipe("psql", &["-q", "-v", "ON_ERROR_STOP=1", other.url()], &dump);
                Restored {
                    url: other.url().to_owned(),
                    _folder: folder,
                    _database: Some(other),
                }
            }
        }
    }

    async fn run(&self, sql: &str) {
        let db = observer::connect(&self.url).await.expect("a connection");
        db.execute_unprepared(sql).await.expect("a statement");
        db.close().await.expect("closed");
    }
}

async fn differences(restored: &Restored) -> Vec<(Code, String)> {
    let recorded = Baseline::up_to(ALL)
        .record::<migration::History>(&restored.url)
        .await;
    let Err(BaselineError::Differs { report, .. }) = recorded else {
        panic!("{recorded:?}");
    };
    let findings = report.findings.iter();
    findings.map(|one| (one.code, one.subject())).collect()
}

#[tokio::test]
async fn a_restored_dump_is_recorded_and_in_sync() {
    for engine in Engine::ALL {
        let restored = Restored::new(engine).await;
        let recorded = Baseline::up_to(ALL)
            .record::<migration::History>(&restored.url)
            .await;
        let names = recorded.expect("an equal database");
        let all = migration::History::migrations();
        assert!(
            all.iter()
                .map(|one| one.name())
                .eq(names.iter().map(String::as_str))
        );
        let doctor = Doctor::new(&entity::DOMAIN).migrations::<migration::History>();
        let report = doctor
            .without_scratch()
            .database(&restored.url)
            .check()
            .await;
        assert!(report.is_clean(), "{report}");
        let report = migrate::up::<migration::History>(&restored.url)
            .await
            .expect("up");
        assert!(report.is_empty(), "{report}");
    }
}

/// Each kind of object, also those that DOMAIN cannot describe.
#[tokio::test]
async fn any_difference_of_a_restored_dump_is_named_and_nothing_is_recorded() {
    for engine in Engine::ALL {
        let restored = Restored::new(engine).await;
        for (there, back, code, subject) in [
            (
                "CREATE TABLE extra (id INTEGER)",
                "DROP TABLE extra",
                Code::TableExtra,
                "extra",
            ),
            (
                "CREATE VIEW seen AS SELECT id FROM habits",
                "DROP VIEW seen",
                Code::Unknown,
                "seen: seen",
            ),
            (
                "CREATE INDEX ix_more ON habits (name)",
                "DROP INDEX ix_more",
                Code::IndexExtra,
                "habits: ix_more",
            ),
            (
                "ALTER TABLE devices ADD COLUMN more INTEGER",
                "ALTER TABLE devices DROP COLUMN more",
                Code::ColumnExtra,
                "devices.more",
            ),
        ] {
            restored.run(there).await;
            assert_eq!(differences(&restored).await, [(code, subject.to_owned())]);
            restored.run(back).await;
        }
        let recorded = Baseline::up_to(ALL)
            .record::<migration::History>(&restored.url)
            .await;
        assert!(recorded.is_ok(), "{recorded:?}");
    }
}

/// The dump of each engine.
static DUMPS: [OnceLock<String>; 2] = [OnceLock::new(), OnceLock::new()];

fn dump(of: Engine) -> Script {
    let [sqlite, postgres] = &DUMPS;
    let dump = match of {
        Engine::Sqlite => sqlite,
        Engine::Postgres => postgres,
    };
    Script::baseline(dump.get().cloned().unwrap_or_default())
}

/// A history that begins with a dump of a database that no migrator made.
struct FromDump;

struct Dumped;

impl TwinMigration for Dumped {
    fn name(&self) -> &'static str {
        "m1_dump"
    }
    fn sqlite_up(&self) -> Script {
        dump(Engine::Sqlite)
    }
    fn sqlite_down(&self) -> Script {
        Script::nothing("the database was not made by migrations")
    }
    fn postgres_up(&self) -> Script {
        dump(Engine::Postgres)
    }
    fn postgres_down(&self) -> Script {
        self.sqlite_down()
    }
}

impl History for FromDump {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(Dumped), Box::new(View)]
    }
}

/// The way of an application that had a database before it had migrations.
#[tokio::test]
async fn a_database_is_recorded_by_a_migration_that_is_its_own_dump() {
    for engine in Engine::ALL {
        let restored = Restored::new(engine).await;
        let text = match engine {
            Engine::Sqlite => {
                let file = restored.url.trim_start_matches("sqlite://");
                pipe("sqlite3", &[file, ".dump"], &[])
            }
            Engine::Postgres => pipe("pg_dump", &["--inserts", &restored.url], &[]),
        };
        let text = String::from_utf8(text).expect("UTF-8");
        let [sqlite, postgres] = &DUMPS;
        match engine {
            Engine::Sqlite => sqlite.set(text).expect("the first"),
            Engine::Postgres => postgres.set(text).expect("the first"),
        }
        let recorded = Baseline::up_to("m1_dump")
            .record::<FromDump>(&restored.url)
            .await;
        assert_eq!(recorded.expect("an equal database"), ["m1_dump"]);
        let report = migrate::up::<FromDump>(&restored.url).await.expect("up");
        assert_eq!(report.applied, ["m1_view"]);
    }
}

/// A history with a view, which DOMAIN cannot describe.
struct Views;

struct View;

impl TwinMigration for View {
    fn name(&self) -> &'static str {
        "m1_view"
    }
    fn sqlite_up(&self) -> Script {
        Script::new()
            .sql("CREATE TABLE things (n INTEGER) STRICT")
            .sql("CREATE VIEW few AS SELECT n FROM things WHERE n < 10")
    }
    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP VIEW few").sql("DROP TABLE things")
    }
    fn postgres_up(&self) -> Script {
        Script::new()
            .sql("CREATE TABLE things (n bigint)")
            .sql("CREATE VIEW few AS SELECT n FROM things WHERE n < 10")
    }
    fn postgres_down(&self) -> Script {
        self.sqlite_down()
    }
}

impl History for Views {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(View)]
    }
}

async fn empty(engine: Engine, folder: &tempfile::TempDir) -> (String, Option<EphemeralDatabase>) {
    match engine {
        Engine::Sqlite => {
            let file = folder.path().join("empty.db");
            (format!("sqlite://{}?mode=rwc", file.display()), None)
        }
        Engine::Postgres => {
            let server = PostgresServer::shared().await.expect("a server");
            let database = DatabaseOptions::new().empty_postgres_on(server).await;
            let database = database.expect("a database");
            (database.url().to_owned(), Some(database))
        }
    }
}

#[tokio::test]
async fn a_view_with_another_text_is_a_difference_and_another_spelling_is_none() {
    for engine in Engine::ALL {
        let folder = tempfile::tempdir().expect("a folder");
        let (url, _database) = empty(engine, &folder).await;
        let db = observer::connect(&url).await.expect("a connection");
        let table = match engine {
            Engine::Sqlite => "CREATE TABLE things (n INTEGER) STRICT",
            Engine::Postgres => "CREATE TABLE things (n bigint)",
        };
        for sql in [
            table,
            "CREATE VIEW few AS SELECT n FROM things WHERE n < 11",
        ] {
            db.execute_unprepared(sql).await.expect("a statement");
        }
        let recorded = Baseline::up_to("m1_view").record::<Views>(&url).await;
        let Err(BaselineError::Differs { report, .. }) = recorded else {
            panic!("{recorded:?}");
        };
        let [finding] = report.findings.as_slice() else {
            panic!("{report}");
        };
        assert_eq!(
            (finding.code, finding.name.as_str()),
            (Code::Unknown, "few")
        );

        for sql in [
            "DROP VIEW few",
            "create view few as\n  SELECT n FROM things /* few */ WHERE n < 10",
        ] {
            db.execute_unprepared(sql).await.expect("a statement");
        }
        let recorded = Baseline::up_to("m1_view").record::<Views>(&url).await;
        assert_eq!(recorded.expect("an equal database"), ["m1_view"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_waits_for_a_migrator() {
    for engine in Engine::ALL {
        let restored = Restored::new(engine).await;
        let db = observer::connect(&restored.url)
            .await
            .expect("a connection");
        #[expect(
            clippy::disallowed_methods,
            reason = "the test holds the lock of a migrator"
        )]
        let tx = db.begin().await.expect("begin");
        let lock = match engine {
            Engine::Sqlite => "CREATE TABLE other (id INTEGER)",
            Engine::Postgres => "SELECT pg_advisory_xact_lock(x'636174616d617261'::bigint)",
        };
        tx.execute_unprepared(lock).await.expect("the lock");
        let url = restored.url.clone();
        let baseline = tokio::spawn(async move {
            let baseline = Baseline::up_to(ALL);
            baseline.record::<migration::History>(&url).await
        });
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!baseline.is_finished());
        tx.rollback().await.expect("rollback");
        let names = baseline.await.expect("a task").expect("an equal database");
        assert_eq!(names.len(), migration::History::migrations().len());
    }
}
