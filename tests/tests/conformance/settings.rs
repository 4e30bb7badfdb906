//! Every connection of a store has the settings that correctness depends on.

use std::time::Duration;

use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Result, Scope, Store, Synchronous, Unit};
use suite::kind::refused;
use suite::pace::limit;
use suite::raw;
use suite::stores::open_with;
use suite::users::ADA;

const ADAS: Scope = Scope::owner(ADA);

async fn number(unit: &Unit, sql: &str) -> Result<i64> {
    let rows = raw::rows_in(unit, sql).await?;
    // Columns of a PRAGMA have names that differ from the PRAGMA's.
    Ok(rows[0].try_get_by_index::<i64>(0)?)
}

async fn text(unit: &Unit, sql: &str) -> Result<String> {
    let rows = raw::rows_in(unit, sql).await?;
    Ok(rows[0].try_get_by_index::<String>(0)?)
}

/// The settings of the connection that a unit on SQLite has.
async fn pragmas(unit: &Unit) -> Result<(String, [i64; 5])> {
    Ok((
        text(unit, "PRAGMA journal_mode").await?,
        [
            number(unit, "PRAGMA foreign_keys").await?,
            number(unit, "PRAGMA busy_timeout").await?,
            number(unit, "PRAGMA trusted_schema").await?,
            number(unit, "PRAGMA synchronous").await?,
            number(unit, "PRAGMA query_only").await?,
        ],
    ))
}

/// One open read unit for each connection that reads.
async fn readers(store: &Store, count: usize) -> Result<Vec<Unit>> {
    let mut units = Vec::new();
    for _ in 0..count {
        units.push(store.begin_read(&ADAS).await?);
    }
    assert_eq!(
        refused(store.begin_read(&ADAS).await.map(drop)),
        ErrorKind::PoolTimeout,
        "there are no more connections than {count}"
    );
    Ok(units)
}

#[twin_test(migration::Migrator, everywhere)]
async fn every_connection_to_sqlite_has_its_settings(db: &TwinDatabase) -> Result<()> {
    let journal = match db.target() {
        Target::SqliteFile => "wal",
        Target::SqliteMemory => "memory",
        Target::Postgres | Target::PostgresEnUs | Target::PostgresIcu => {
            return every_connection_to_postgres(db).await;
        }
    };
    for (synchronous, level) in [(Synchronous::Full, 2), (Synchronous::Normal, 1)] {
        let store = open_with::<migration::History>(db, |options| {
            options
                .readers(3)
                .lock_timeout(Duration::from_millis(1_234))
                .acquire_timeout(limit())
                .synchronous(synchronous)
        })
        .await?;
        let expected = |query_only| (journal.to_owned(), [1, 1_234, 0, level, query_only]);
        // A database in memory has one connection, which reads and writes in turn.
        let count = if db.is_shared() { 3 } else { 1 };
        for unit in readers(&store, count).await? {
            assert_eq!(pragmas(&unit).await?, expected(1));
        }
        let writer = store.begin_write(&ADAS).await?;
        assert_eq!(pragmas(&writer).await?, expected(0));
        assert_eq!(
            refused(store.begin_write(&ADAS).await.map(drop)),
            ErrorKind::PoolTimeout,
            "one writes at a time"
        );
    }
    Ok(())
}

/// The part of the test above for Postgres.
#[tokio::test]
async fn each_connection_to_a_file_has_its_page_cache_and_its_memory_map() -> Result<()> {
    let db = TwinDatabase::create::<migration::Migrator>(Target::SqliteFile)
        .await
        .expect("a file for the test");
    for (cache, kib, map) in [
        (1024 * 1024, 1024, 0),
        (0, 64, 4 * 1024 * 1024),
        (u64::MAX, i64::from(i32::MAX), 0),
    ] {
        let store = open_with::<migration::History>(&db, |options| {
            options
                .readers(1)
                .acquire_timeout(limit())
                .page_cache(cache)
                .memory_map(map)
        })
        .await?;
        suite::users::habit_of(&store, ADA, "mapped").await?;
        let habits = store.repository::<entity::Habit>(&ADAS);
        assert!(habits.count(&catamaran::Query::all()).await? > 0);
        for unit in [
            store.begin_read(&ADAS).await?,
            store.begin_write(&ADAS).await?,
        ] {
            assert_eq!(number(&unit, "PRAGMA cache_size").await?, -kib);
            let mapped = number(&unit, "PRAGMA mmap_size").await?;
            assert_eq!(u64::try_from(mapped), Ok(map));
        }
    }
    Ok(())
}

async fn every_connection_to_postgres(db: &TwinDatabase) -> Result<()> {
    let store = open_with::<migration::History>(db, |options| {
        options
            .connections(3)
            .acquire_timeout(limit())
            .lock_timeout(Duration::from_millis(1_234))
            .statement_timeout(Duration::from_millis(56_789))
            .application_name("the suite's own")
    })
    .await?;
    for unit in readers(&store, 3).await? {
        for (name, wanted) in [
            ("lock_timeout", "1234ms"),
            ("statement_timeout", "56789ms"),
            ("idle_in_transaction_session_timeout", "56789ms"),
            ("application_name", "the suite's own"),
            ("TimeZone", "UTC"),
            ("transaction_isolation", "repeatable read"),
            ("transaction_read_only", "on"),
            ("role", "catamaran_app"),
            ("request.jwt.claims", &format!("{{\"sub\":\"{ADA}\"}}")),
        ] {
            let found = text(&unit, &format!("SELECT current_setting('{name}')")).await?;
            assert_eq!(found, wanted, "{name}");
        }
        unit.rollback().await?;
    }
    let unit = store.begin_write(&ADAS).await?;
    for (name, wanted) in [
        ("transaction_isolation", "read committed"),
        ("transaction_read_only", "off"),
    ] {
        let found = text(&unit, &format!("SELECT current_setting('{name}')")).await?;
        assert_eq!(found, wanted, "{name}");
    }
    unit.rollback().await?;
    // Role and claims ended with the unit.
    let system = store
        .begin_read(&Scope::system("looks at what is left"))
        .await?;
    let claims = text(
        &system,
        "SELECT coalesce(current_setting('request.jwt.claims', true), '')",
    )
    .await?;
    let role = text(&system, "SELECT current_setting('role')").await?;
    assert_eq!((claims.as_str(), role.as_str()), ("", "none"));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_store_tells_its_engine(db: &TwinDatabase) -> Result<()> {
    let expected = match db.target() {
        Target::SqliteFile | Target::SqliteMemory => Engine::Sqlite,
        Target::Postgres | Target::PostgresEnUs | Target::PostgresIcu => Engine::Postgres,
    };
    assert_eq!(db.store().engine(), expected);
    Ok(())
}
