//! A loaded database of one engine, and the contestants that share it.

use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};
use catamaran::{Engine, StoreOptions, Synchronous};
use migration::Migrator;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _};
use sea_orm::{ConnectOptions, Database};
use uuid::Uuid;

use crate::catamaran_repository::Catamaran;
use crate::contestant::{Contestant, Outcome};
use crate::dataset::{self, MARK, OWNER};
use crate::sqlx_postgres::SqlxPostgres;
use crate::sqlx_sqlite::SqlxSqlite;
use crate::{seaorm, sqlx_postgres, sqlx_sqlite};

/// Pool size for contestants without a size of their own.
const CONNECTIONS: u32 = 5;

/// The page cache of a tuned connection to SQLite: the one that Catamaran sets, 16 MiB.
const CACHE: &str = "-16384";

/// SQLite's default page cache.
const DEFAULT_CACHE: &str = "-2000";

/// Fewer dead rows than this are left to autovacuum; more are vacuumed between measurements.
const FEW_DEAD: u64 = 1_000;

/// A loaded database of one engine, and the contestants that share it.
pub struct Stage {
    engine: Engine,
    contestants: Vec<Box<dyn Contestant>>,
    backstage: Backstage,
    ids: Vec<Uuid>,
    foreign: Uuid,
    settings: String,
    _database: EphemeralDatabase,
}

/// Connections that no contestant uses.
enum Backstage {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Stage {
    /// Creates a database, loads it, and connects the contestants.
    ///
    /// # Errors
    /// The first error of a contestant that cannot connect.
    pub async fn set(engine: Engine) -> Outcome<Self> {
        match engine {
            Engine::Sqlite => Self::sqlite().await,
            Engine::Postgres => Self::postgres().await,
        }
    }

    async fn sqlite() -> Outcome<Self> {
        let database = EphemeralDatabase::sqlite_file::<Migrator>().await?;
        let url = database.url();
        let options: SqliteConnectOptions = url.parse()?;
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS);
        let backstage = pool.clone().connect_with(options.clone()).await?;
        let rows = dataset::rows();
        let mut loading = backstage.begin().await?;
        sqlx_sqlite::write_many(&mut loading, &rows).await?;
        loading.commit().await?;

        let store = StoreOptions::new(url)
            .synchronous(Synchronous::Normal)
            .open()
            .await?;
        let documented = seaorm_options(url, DEFAULT_CACHE);
        let mut tuned = seaorm_options(url, CACHE);
        tune(&mut tuned, CONNECTIONS);
        let contestants: Vec<Box<dyn Contestant>> = vec![
            Box::new(SqlxSqlite {
                name: "sqlx",
                pool: pool.clone().connect_with(options.clone()).await?,
            }),
            Box::new(SqlxSqlite {
                name: "sqlx tuned",
                pool: pool
                    .test_before_acquire(false)
                    .connect_with(
                        options
                            .pragma("cache_size", CACHE)
                            .disable_statement_logging(),
                    )
                    .await?,
            }),
            Box::new(seaorm::sqlite::SeaOrm {
                name: "SeaORM",
                db: Database::connect(documented).await?,
                tuned: false,
            }),
            Box::new(seaorm::sqlite::SeaOrm {
                name: "SeaORM tuned",
                db: Database::connect(tuned).await?,
                tuned: true,
            }),
            Box::new(Catamaran::owner(&store)),
            Box::new(Catamaran::system(&store)),
        ];
        let version: String = sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(&backstage)
            .await?;
        let settings = format!("SQLite {version}, a file, WAL, synchronous=NORMAL");
        let backstage = Backstage::Sqlite(backstage);
        let stage = Stage::with(Engine::Sqlite, contestants, backstage, &rows, database);
        stage.ready(settings).await
    }

    async fn postgres() -> Outcome<Self> {
        let server = PostgresServer::shared().await?;
        let database = DatabaseOptions::new()
            .postgres_on::<Migrator>(server)
            .await?;
        let url = database.url();
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new();
        let tuned_pool = || pool.clone().test_before_acquire(false);
        let quiet = options.clone().disable_statement_logging();
        let backstage = pool.clone().connect_with(options.clone()).await?;
        let rows = dataset::rows();
        let mut loading = backstage.begin().await?;
        for chunk in rows.chunks(10_000) {
            sqlx_postgres::write_many(&mut loading, chunk).await?;
        }
        loading.commit().await?;

        let store = StoreOptions::new(url).open().await?;
        let mut tuned = ConnectOptions::new(url);
        tune(&mut tuned, pool.get_max_connections());
        let contestants: Vec<Box<dyn Contestant>> = vec![
            Box::new(SqlxPostgres {
                name: "sqlx",
                pool: pool.clone().connect_with(options).await?,
                claims: false,
            }),
            Box::new(SqlxPostgres {
                name: "sqlx tuned",
                pool: tuned_pool().connect_with(quiet.clone()).await?,
                claims: false,
            }),
            Box::new(SqlxPostgres {
                name: "sqlx tuned, claims",
                pool: tuned_pool().connect_with(quiet).await?,
                claims: true,
            }),
            Box::new(seaorm::postgres::SeaOrm {
                name: "SeaORM",
                db: Database::connect(url).await?,
                tuned: false,
            }),
            Box::new(seaorm::postgres::SeaOrm {
                name: "SeaORM tuned",
                db: Database::connect(tuned).await?,
                tuned: true,
            }),
            Box::new(Catamaran::owner(&store)),
            Box::new(Catamaran::system(&store)),
        ];
        let settings: String = sqlx::query_scalar(
            "SELECT format('PostgreSQL %s over TCP, fsync=%s, synchronous_commit=%s', \
             current_setting('server_version'), current_setting('fsync'), \
             current_setting('synchronous_commit'))",
        )
        .fetch_one(&backstage)
        .await?;
        let backstage = Backstage::Postgres(backstage);
        let stage = Stage::with(Engine::Postgres, contestants, backstage, &rows, database);
        stage.ready(settings).await
    }

    fn with(
        engine: Engine,
        contestants: Vec<Box<dyn Contestant>>,
        backstage: Backstage,
        rows: &[entity::Habit],
        database: EphemeralDatabase,
    ) -> Self {
        let (own, foreign): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.user_id == OWNER);
        Stage {
            engine,
            contestants,
            backstage,
            ids: own.iter().map(|row| row.id).collect(),
            foreign: foreign.first().map(|row| row.id).unwrap_or_default(),
            settings: String::new(),
            _database: database,
        }
    }

    async fn ready(mut self, settings: String) -> Outcome<Self> {
        self.settings = settings;
        if let Backstage::Postgres(pool) = &self.backstage {
            sqlx::query("VACUUM (ANALYZE) habits").execute(pool).await?;
        }
        self.tidy().await?;
        Ok(self)
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Version and settings of the engine, for a report.
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// The contestants; the others are compared with the first.
    pub fn contestants(&self) -> &[Box<dyn Contestant>] {
        &self.contestants
    }

    /// An endless sequence of the owner's ids, with neighbours far apart.
    pub fn ids(&self) -> impl Iterator<Item = Uuid> {
        // 7,919 is prime and does not divide the number of rows, so every row occurs.
        (0..).map(|turn: usize| self.ids[turn * 7_919 % self.ids.len()])
    }

    /// The id of another owner's row.
    pub(crate) fn foreign(&self) -> Uuid {
        self.foreign
    }

    /// Removes inserted rows, so that every contestant starts with the same table.
    ///
    /// # Errors
    /// The engine's error.
    pub async fn tidy(&self) -> Outcome<()> {
        let delete = format!("DELETE FROM habits WHERE user_id = $1 AND cadence = '{MARK}'");
        let delete = AssertSqlSafe(delete);
        match &self.backstage {
            Backstage::Sqlite(pool) => {
                let query = sqlx::query(delete).bind(OWNER.hyphenated());
                query.execute(pool).await?;
                let checkpoint = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)");
                checkpoint.execute(pool).await?;
            }
            Backstage::Postgres(pool) => {
                let deleted = sqlx::query(delete).bind(OWNER).execute(pool).await?;
                if deleted.rows_affected() > FEW_DEAD {
                    sqlx::query("VACUUM habits").execute(pool).await?;
                }
            }
        }
        Ok(())
    }
}

/// The connect options that every contestant's file gets.
fn seaorm_options(url: &str, cache: &'static str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.map_sqlx_sqlite_opts(move |options| {
        options
            .pragma("cache_size", cache)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
    });
    options
}

fn tune(options: &mut ConnectOptions, connections: u32) {
    options
        .max_connections(connections)
        .test_before_acquire(false)
        .sqlx_logging(false);
}
