//! The contestants, each over connections of its own.

mod catamaran;
mod diesel_postgres;
mod diesel_sqlite;
mod pool;
mod rusqlite;
mod seaorm;
pub(crate) mod sqlx_postgres;
pub(crate) mod sqlx_sqlite;
mod tokio_postgres;

use std::sync::Arc;

use ::catamaran::{Engine, StoreOptions};
use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::{ConnectOptions, Database};

use self::catamaran::Catamaran;
use self::diesel_postgres::DieselPostgres;
use self::diesel_sqlite::DieselSqlite;
use self::sqlx_postgres::SqlxPostgres;
use self::sqlx_sqlite::SqlxSqlite;
use self::tokio_postgres::TokioPostgres;
use crate::contestant::{Contestant, Outcome};
use crate::setting::Setting;
use crate::stage::Who;

/// Connections of a pool to SQLite: as many as Catamaran's one writer and four readers.
const CONNECTIONS: u32 = 5;

/// The page cache of a tuned connection to SQLite: the one that Catamaran sets, 16 MiB.
const CACHE: &str = "-16384";

/// SQLite's default page cache.
const DEFAULT_CACHE: &str = "-2000";

type Contestants = Vec<Arc<dyn Contestant>>;

/// Connects the contestants. The first one is the floor.
pub(crate) async fn connect(setting: Setting, url: &str, who: Who) -> Outcome<Contestants> {
    let mut all = vec![floor(setting, url).await?];
    if who == Who::All {
        all.extend(match setting.engine() {
            Engine::Sqlite => others_on_sqlite(setting, url).await?,
            Engine::Postgres => others_on_postgres(url).await?,
        });
    }
    all.extend(catamaran(setting, url).await?);
    Ok(all)
}

/// Connects the floor or Catamaran alone, for a runtime of its own.
pub(crate) async fn connect_one(
    setting: Setting,
    url: &str,
    name: &str,
) -> Outcome<Arc<dyn Contestant>> {
    let floor = floor(setting, url).await?;
    if floor.name() == name {
        return Ok(floor);
    }
    named(&catamaran(setting, url).await?, name)
}

pub(crate) fn named(all: &[Arc<dyn Contestant>], name: &str) -> Outcome<Arc<dyn Contestant>> {
    let found = all.iter().find(|one| one.name() == name).cloned();
    Ok(found.ok_or_else(|| format!("no contestant {name}"))?)
}

async fn floor(setting: Setting, url: &str) -> Outcome<Arc<dyn Contestant>> {
    Ok(match setting.engine() {
        Engine::Sqlite => {
            let options: SqliteConnectOptions = url.parse()?;
            let path = options.get_filename();
            Arc::new(rusqlite::Threads::open(path, setting.synchronous(), CACHE)?)
        }
        Engine::Postgres => Arc::new(TokioPostgres::open(url).await?),
    })
}

async fn catamaran(setting: Setting, url: &str) -> Outcome<Contestants> {
    let options = StoreOptions::new(url).synchronous(setting.durability());
    let store = options.open().await?;
    Ok(vec![
        Arc::new(Catamaran::owner(&store)),
        Arc::new(Catamaran::system(&store)),
    ])
}

async fn others_on_sqlite(setting: Setting, url: &str) -> Outcome<Contestants> {
    let synchronous = match setting {
        Setting::SqliteFull => SqliteSynchronous::Full,
        _ => SqliteSynchronous::Normal,
    };
    let options: SqliteConnectOptions = url.parse()?;
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous);
    let path = options.get_filename().to_owned();
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS);
    let quiet = options
        .clone()
        .pragma("cache_size", CACHE)
        .disable_statement_logging();
    let seaorm_options = |cache: &'static str| {
        let mut to = ConnectOptions::new(url);
        to.map_sqlx_sqlite_opts(move |options| {
            options
                .pragma("cache_size", cache)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(synchronous)
        });
        to
    };
    let mut tuned = seaorm_options(CACHE);
    tune(&mut tuned, CONNECTIONS);
    let synchronous = setting.synchronous();
    Ok(vec![
        Arc::new(rusqlite::InPlace::open(&path, synchronous, CACHE)?),
        Arc::new(SqlxSqlite {
            name: "sqlx",
            pool: pool.clone().connect_with(options).await?,
        }),
        Arc::new(SqlxSqlite {
            name: "sqlx tuned",
            pool: pool.test_before_acquire(false).connect_with(quiet).await?,
        }),
        Arc::new(seaorm::sqlite::SeaOrm {
            name: "SeaORM",
            db: Database::connect(seaorm_options(DEFAULT_CACHE)).await?,
            tuned: false,
        }),
        Arc::new(seaorm::sqlite::SeaOrm {
            name: "SeaORM tuned",
            db: Database::connect(tuned).await?,
            tuned: true,
        }),
        Arc::new(DieselSqlite::open(
            path.to_str().ok_or("a path that is not UTF-8")?,
            synchronous,
            CACHE,
            CONNECTIONS,
        )?),
    ])
}

async fn others_on_postgres(url: &str) -> Outcome<Contestants> {
    let options: PgConnectOptions = url.parse()?;
    let pool = PgPoolOptions::new();
    let quiet = options.clone().disable_statement_logging();
    let mut tuned = ConnectOptions::new(url);
    tune(&mut tuned, pool.get_max_connections());
    Ok(vec![
        Arc::new(SqlxPostgres {
            name: "sqlx",
            pool: pool.clone().connect_with(options).await?,
        }),
        Arc::new(SqlxPostgres {
            name: "sqlx tuned",
            pool: pool.test_before_acquire(false).connect_with(quiet).await?,
        }),
        Arc::new(seaorm::postgres::SeaOrm {
            name: "SeaORM",
            db: Database::connect(url).await?,
            tuned: false,
        }),
        Arc::new(seaorm::postgres::SeaOrm {
            name: "SeaORM tuned",
            db: Database::connect(tuned).await?,
            tuned: true,
        }),
        Arc::new(DieselPostgres::open(url).await?),
    ])
}

fn tune(options: &mut ConnectOptions, connections: u32) {
    options
        .max_connections(connections)
        .test_before_acquire(false)
        .sqlx_logging(false);
}
