//! Each error of opening a store has a kind of its own.

use std::time::{Duration, Instant};

use catamaran::domain::{Domain, Presence, PrimaryKey, Table};
use catamaran::migrate::{History, Script, TwinMigration};
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Query, Result, Scope, Store, StoreOptions};
use entity::{DOMAIN, Habit};
use suite::kind::refused;
use suite::pace::scaled;
use suite::raw;
use suite::users::ADA;

async fn refusal(url: &str) -> ErrorKind {
    refused(Store::open(url).await)
}

/// The URL with another database.
fn elsewhere(url: &str, database: &str) -> String {
    let mut url: url::Url = url.parse().expect("the test's own URL");
    url.set_path(database);
    url.into()
}

fn not_migrated(reason: &str) -> ErrorKind {
    ErrorKind::NotMigrated {
        reason: reason.to_owned(),
    }
}

#[tokio::test]
async fn a_url_of_an_unsupported_engine_is_invalid() {
    for (url, reason) in [
        (
            "mysql://ann:s3cret@localhost/habits",
            "the scheme mysql: is unknown; write sqlite:, postgres: or postgresql:",
        ),
        (
            "http://localhost",
            "the scheme http: is unknown; write sqlite:, postgres: or postgresql:",
        ),
        (
            "habits.db",
            "it has no scheme; write sqlite:, postgres: or postgresql:",
        ),
        (
            "",
            "it has no scheme; write sqlite:, postgres: or postgresql:",
        ),
        (
            "ann:s3cret@localhost",
            "the scheme ann: is unknown; write sqlite:, postgres: or postgresql:",
        ),
        (
            "an n:s3cret@localhost",
            "it has no scheme; write sqlite:, postgres: or postgresql:",
        ),
        (
            "postgres://ann:s3cret@localhost:port/habits",
            "the port of its host is not a number from 1 to 65535",
        ),
    ] {
        let expected = ErrorKind::InvalidUrl {
            reason: reason.into(),
        };
        assert_eq!(refusal(url).await, expected, "{url}");
    }
    assert!(matches!(
        refusal("sqlite://habits.db?mode=sideways").await,
        ErrorKind::InvalidUrl { .. }
    ));
}

#[tokio::test]
async fn a_missing_file_is_named_and_not_created() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("habits.db");
    let name = file.display().to_string();
    for mode in ["", "?mode=rw", "?mode=ro"] {
        let kind = refusal(&format!("sqlite://{name}{mode}")).await;
        assert_eq!(
            kind,
            ErrorKind::DatabaseMissing { name: name.clone() },
            "{mode}"
        );
        assert!(!file.exists());
    }
    let options = StoreOptions::new(format!("sqlite://{name}"));
    let kind = refused(options.migrate::<migration::History>().open().await);
    assert_eq!(kind, ErrorKind::DatabaseMissing { name: name.clone() });
    assert!(!file.exists());
}

#[tokio::test]
async fn opening_a_folder_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let kind = refusal(&format!("sqlite://{}", folder.path().display())).await;
    assert_eq!(
        kind,
        ErrorKind::Unavailable {
            reason: "it is a directory, not a database file".into()
        }
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_and_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("habits.db");
    let path = file.display().to_string();
    for contents in [
        b"SQLite format 2\0".repeat(100),
        vec![0xff; 4_096],
        b"hello, world. ".repeat(90),
    ] {
        std::fs::write(&file, &contents).expect("a file");
        for mode in ["", "?mode=rwc", "?mode=ro"] {
            let kind = refusal(&format!("sqlite://{path}{mode}")).await;
            assert_eq!(kind, ErrorKind::NotADatabase { path: path.clone() });
        }
        let options = StoreOptions::new(format!("sqlite://{path}"));
        let kind = refused(options.migrate::<migration::History>().open().await);
        assert!(matches!(kind, ErrorKind::NotADatabase { .. }), "{kind:?}");
        assert!(std::fs::read(&file).expect("the file") == contents);
    }
}

#[tokio::test]
async fn an_empty_file_is_reported_as_not_migrated() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("habits.db");
    std::fs::write(&file, b"").expect("a file");
    let url = format!("sqlite://{}", file.display());
    assert_eq!(
        refusal(&url).await,
        not_migrated("there is no table seaql_migrations")
    );
    assert_eq!(
        refusal("sqlite::memory:").await,
        not_migrated("there is no table seaql_migrations")
    );
}

#[twin_test(migration::Migrator)]
async fn a_missing_database_on_the_server_is_named(db: &TwinDatabase) -> Result<()> {
    if db.engine() == Engine::Sqlite {
        let name = format!("{}_that_is_not_there", db.url());
        let kind = refusal(&name).await;
        let name = name.trim_start_matches("sqlite://").to_owned();
        assert_eq!(kind, ErrorKind::DatabaseMissing { name });
        return Ok(());
    }
    let url = elsewhere(db.url(), "no_such_database");
    let name = "no_such_database".to_owned();
    assert_eq!(
        refusal(&url).await,
        ErrorKind::DatabaseMissing { name: name.clone() }
    );
    let options = StoreOptions::new(url).migrate::<migration::History>();
    assert_eq!(
        refused(options.open().await),
        ErrorKind::DatabaseMissing { name }
    );
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_database_without_a_history_is_reported_as_not_migrated(db: &TwinDatabase) -> Result<()> {
    raw::execute(db.store(), "DROP TABLE seaql_migrations").await?;
    assert_eq!(
        refusal(db.url()).await,
        not_migrated("there is no table seaql_migrations")
    );
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_table_or_column_that_is_missing_in_the_schema_is_named(db: &TwinDatabase) -> Result<()> {
    let open = async || StoreOptions::new(db.url()).domain(&DOMAIN).open().await;
    open().await?;
    raw::execute(
        db.store(),
        "ALTER TABLE devices RENAME COLUMN last_sync_at TO seen",
    )
    .await?;
    assert_eq!(
        refused(open().await),
        not_migrated("the table devices has no column last_sync_at")
    );
    raw::execute(db.store(), "ALTER TABLE devices RENAME TO machines").await?;
    assert_eq!(
        refused(open().await),
        not_migrated("there is no table devices")
    );
    // Without a domain tables are not checked.
    Store::open(db.url()).await?;
    Ok(())
}

/// A domain with one table, on the engine that the test is not on.
const ELSEWHERE: Table = Table {
    name: "elsewhere",
    columns: &["id"],
    primary_key: PrimaryKey {
        name: "pk_elsewhere",
        columns: &["id"],
    },
    owner: None,
    defaults: &[],
    unique_keys: &[],
    indexes: &[],
    foreign_keys: &[],
    checks: &[],
    presence: Presence::Both,
    ..Table::BLANK
};

const ONLY_ON_SQLITE: Domain = Domain {
    tables: &[Table {
        presence: Presence::Only {
            engine: Engine::Sqlite,
            reason: "the test says so",
        },
        ..ELSEWHERE
    }],
    ..Domain::BLANK
};

const ONLY_ON_POSTGRES: Domain = Domain {
    tables: &[Table {
        presence: Presence::Only {
            engine: Engine::Postgres,
            reason: "the test says so",
        },
        ..ELSEWHERE
    }],
    ..Domain::BLANK
};

#[twin_test(migration::Migrator)]
async fn a_table_of_the_other_engine_is_not_required(db: &TwinDatabase) -> Result<()> {
    let (here, there) = match db.engine() {
        Engine::Sqlite => (&ONLY_ON_SQLITE, &ONLY_ON_POSTGRES),
        Engine::Postgres => (&ONLY_ON_POSTGRES, &ONLY_ON_SQLITE),
    };
    StoreOptions::new(db.url()).domain(there).open().await?;
    assert_eq!(
        refused(StoreOptions::new(db.url()).domain(here).open().await),
        not_migrated("there is no table elsewhere")
    );
    Ok(())
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_unavailable_at_once() {
    // Bound, so that no other process gets the port, and not listening.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    let any = (std::net::Ipv4Addr::LOCALHOST, 0).into();
    socket.bind(any).expect("a port");
    let port = socket.local_addr().expect("its address").port();
    let url = format!("postgres://ann:s3cret@127.0.0.1:{port}/habits");
    let expected = ErrorKind::Unavailable {
        reason: format!(
            "no Postgres server responds at 127.0.0.1:{port}: the connection was refused"
        )
        .into(),
    };
    let begin = Instant::now();
    assert_eq!(refusal(&url).await, expected);
    let options = StoreOptions::new(url).migrate::<migration::History>();
    assert_eq!(refused(options.open().await), expected);
    let took = begin.elapsed();
    assert!(took < scaled(Duration::from_secs(3)), "it took {took:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_unavailable_after_the_timeout() {
    // Accepts and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let options = StoreOptions::new(format!("postgres://ann@127.0.0.1:{port}/habits"))
        .acquire_timeout(Duration::from_millis(200));
    assert_eq!(
        refused(options.open().await),
        ErrorKind::Unavailable {
            reason: "it did not respond in time".into()
        }
    );
}

struct Broken;

impl History for Broken {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(BreaksHalfWay)]
    }
}

struct BreaksHalfWay;

impl TwinMigration for BreaksHalfWay {
    fn name(&self) -> &'static str {
        "m20261122_000001_breaks_half_way"
    }

    fn sqlite_up(&self) -> Script {
        let script = Script::new().sql("CREATE TABLE half (id TEXT) STRICT");
        script.sql("INSERT INTO nowhere VALUES (1)")
    }

    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE half")
    }

    fn postgres_up(&self) -> Script {
        let script = Script::new().sql("CREATE TABLE half (id uuid)");
        script.sql("INSERT INTO nowhere VALUES (1)")
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("DROP TABLE half")
    }
}

#[twin_test(migration::Migrator)]
async fn a_migration_that_fails_while_opening_is_named_and_rolled_back(
    db: &TwinDatabase,
) -> Result<()> {
    raw::execute(db.store(), "DELETE FROM seaql_migrations").await?;
    let kind = refused(StoreOptions::new(db.url()).migrate::<Broken>().open().await);
    let ErrorKind::Migration { reason } = &kind else {
        panic!("{kind:?}");
    };
    assert!(
        reason.contains("m20261122_000001_breaks_half_way"),
        "{reason}"
    );
    let unit = db
        .store()
        .begin_read(&Scope::system("looks for the half"))
        .await?;
    let sql = match db.engine() {
        Engine::Sqlite => "SELECT 1 FROM sqlite_master WHERE name = 'half'",
        Engine::Postgres => "SELECT 1 FROM pg_class WHERE relname = 'half'",
    };
    assert_eq!(raw::rows_in(&unit, sql).await?.len(), 0);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn opening_with_migrations_applies_them_once(db: &TwinDatabase) -> Result<()> {
    for _ in 0..2 {
        let options = StoreOptions::new(db.url()).migrate::<migration::History>();
        let store = options.domain(&DOMAIN).open().await?;
        let habits = store.repository::<Habit>(&Scope::owner(ADA));
        assert_eq!(habits.count(&Query::all()).await?, 0);
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_closed_store_is_unavailable(db: &TwinDatabase) -> Result<()> {
    let store = suite::stores::open_with::<migration::History>(db, |options| options).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    assert_eq!(habits.count(&Query::all()).await?, 0);
    store.close();
    let closed = ErrorKind::Unavailable {
        reason: "the store is closed".into(),
    };
    assert_eq!(refused(habits.count(&Query::all()).await), closed);
    let draft = entity::HabitDraft::new("run", "daily");
    assert_eq!(refused(habits.insert(draft).await), closed);
    assert_eq!(
        refused(store.begin_read(&Scope::owner(ADA)).await.map(drop)),
        closed
    );
    Ok(())
}
