//! A loaded database, and the contestants that share it.

use std::sync::Arc;

use catamaran::Engine;
use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};
use migration::Migrator;
use sea_orm::sqlx::postgres::PgPool;
use sea_orm::sqlx::sqlite::SqlitePool;
use sea_orm::sqlx::{self, AssertSqlSafe};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contestant::{Contestant, Outcome};
use crate::contestants::{self, sqlx_postgres, sqlx_sqlite};
use crate::dataset::{self, MARK, OWNER, Size};
use crate::link;
use crate::setting::Setting;

/// Fewer dead rows than this are left to autovacuum; more are vacuumed between measurements.
const FEW_DEAD: u64 = 1_000;

/// A loaded database, which is removed when this is dropped.
pub struct Database {
    ephemeral: EphemeralDatabase,
    size: Size,
}

/// Where the contestants connect, and with which settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    /// The engine, its settings and the link to it.
    pub setting: Setting,
    /// The URL of the contestants.
    pub url: String,
    /// The URL without the link.
    pub direct: String,
    /// How much is loaded.
    pub size: Size,
}

/// The contestants that are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// All of them.
    All,
    /// The floor and Catamaran.
    Catamaran,
}

/// The contestants over one database, and what they share.
pub struct Stage {
    address: Address,
    contestants: Vec<Arc<dyn Contestant>>,
    backstage: Backstage,
    ids: Vec<Uuid>,
    foreign: Uuid,
    settings: String,
}

/// Connections that no contestant uses.
enum Backstage {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Database {
    /// Creates a database and loads it.
    ///
    /// # Errors
    /// The error of the engine.
    pub async fn load(engine: Engine, size: Size) -> Outcome<Self> {
        let rows = dataset::rows(size);
        let ephemeral = match engine {
            Engine::Sqlite => EphemeralDatabase::sqlite_file::<Migrator>().await?,
            Engine::Postgres => {
                let server = PostgresServer::shared().await?;
                let options = DatabaseOptions::new();
                options.postgres_on::<Migrator>(server).await?
            }
        };
        match Backstage::connect(engine, ephemeral.url()).await? {
            Backstage::Sqlite(pool) => {
                let mut loading = pool.begin().await?;
                sqlx_sqlite::write_many(&mut loading, &rows).await?;
                loading.commit().await?;
            }
            Backstage::Postgres(pool) => {
                let mut loading = pool.begin().await?;
                for chunk in rows.chunks(10_000) {
                    sqlx_postgres::write_many(&mut loading, chunk).await?;
                }
                loading.commit().await?;
                sqlx::query("VACUUM (ANALYZE) habits")
                    .execute(&pool)
                    .await?;
            }
        }
        Ok(Database { ephemeral, size })
    }

    /// Its address. With a delay, a link to it is started.
    ///
    /// # Errors
    /// If the link cannot be started.
    pub fn address(&self, setting: Setting) -> Outcome<Address> {
        let direct = self.ephemeral.url().to_owned();
        Ok(Address {
            setting,
            url: match setting {
                Setting::PostgresDelayed => link::delayed(&direct)?,
                _ => direct.clone(),
            },
            direct,
            size: self.size,
        })
    }
}

impl Backstage {
    async fn connect(engine: Engine, url: &str) -> Outcome<Self> {
        Ok(match engine {
            Engine::Sqlite => Backstage::Sqlite(SqlitePool::connect(url).await?),
            Engine::Postgres => Backstage::Postgres(PgPool::connect(url).await?),
        })
    }

    /// The ids of the owner's rows, and that of a row of another owner's.
    async fn ids(&self) -> Outcome<(Vec<Uuid>, Uuid)> {
        const OWN: &str = "SELECT id FROM habits WHERE user_id = $1 ORDER BY id";
        const FOREIGN: &str = "SELECT id FROM habits WHERE user_id <> $1 LIMIT 1";
        Ok(match self {
            Backstage::Sqlite(pool) => {
                let own = sqlx::query_scalar(OWN).bind(OWNER.hyphenated());
                let own: Vec<String> = own.fetch_all(pool).await?;
                let foreign = sqlx::query_scalar(FOREIGN).bind(OWNER.hyphenated());
                let foreign: String = foreign.fetch_one(pool).await?;
                let own = own.iter().map(|id| Uuid::try_parse(id));
                (own.collect::<Result<_, _>>()?, foreign.parse()?)
            }
            Backstage::Postgres(pool) => {
                let own = sqlx::query_scalar(OWN).bind(OWNER);
                let foreign = sqlx::query_scalar(FOREIGN).bind(OWNER);
                (own.fetch_all(pool).await?, foreign.fetch_one(pool).await?)
            }
        })
    }

    async fn settings(&self, setting: Setting) -> Outcome<String> {
        Ok(match self {
            Backstage::Sqlite(pool) => {
                let query = sqlx::query_scalar("SELECT sqlite_version()");
                let version: String = query.fetch_one(pool).await?;
                let synchronous = setting.synchronous();
                format!("SQLite {version}, a file, WAL, synchronous={synchronous}")
            }
            Backstage::Postgres(pool) => {
                let query = sqlx::query_scalar(
                    "SELECT format('PostgreSQL %s over TCP, fsync=%s, synchronous_commit=%s', \
                     current_setting('server_version'), current_setting('fsync'), \
                     current_setting('synchronous_commit'))",
                );
                let settings: String = query.fetch_one(pool).await?;
                match setting {
                    Setting::PostgresDelayed => settings + ", 0.5 ms each way",
                    _ => settings,
                }
            }
        })
    }
}

impl Stage {
    /// Connects the contestants.
    ///
    /// # Errors
    /// The first error of a contestant that cannot connect.
    pub async fn connect(address: Address, who: Who) -> Outcome<Self> {
        let Address { setting, url, .. } = &address;
        let backstage = Backstage::connect(setting.engine(), &address.direct).await?;
        let (ids, foreign) = backstage.ids().await?;
        let stage = Stage {
            contestants: contestants::connect(*setting, url, who).await?,
            settings: backstage.settings(*setting).await?,
            backstage,
            ids,
            foreign,
            address,
        };
        stage.tidy().await?;
        Ok(stage)
    }

    /// Where the contestants are connected.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Engine, settings and link.
    pub fn setting(&self) -> Setting {
        self.address.setting
    }

    /// How many rows a bulk call writes or reads.
    pub fn many(&self) -> usize {
        self.address.size.many
    }

    /// Version and settings of the engine, for a report.
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// The contestants; the others are compared with the first.
    pub fn contestants(&self) -> &[Arc<dyn Contestant>] {
        &self.contestants
    }

    /// The contestant with that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn contestant(&self, name: &str) -> Outcome<Arc<dyn Contestant>> {
        contestants::named(&self.contestants, name)
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

    /// Removes inserted rows and resets the times of updated ones, so that every contestant starts with the same table.
    /// Returns how many were inserted.
    ///
    /// Without the reset, the rows of an upsert would keep one time, and all later pages would sort them by id.
    ///
    /// # Errors
    /// The engine's error.
    pub async fn tidy(&self) -> Outcome<u64> {
        const RESET: &str = "UPDATE habits SET updated_at = created_at \
                             WHERE user_id = $1 AND updated_at <> created_at";
        let delete = format!("DELETE FROM habits WHERE user_id = $1 AND cadence = '{MARK}'");
        let delete = AssertSqlSafe(delete);
        Ok(match &self.backstage {
            Backstage::Sqlite(pool) => {
                let query = sqlx::query(delete).bind(OWNER.hyphenated());
                let deleted = query.execute(pool).await?;
                let reset = sqlx::query(RESET).bind(OWNER.hyphenated());
                reset.execute(pool).await?;
                let checkpoint = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)");
                checkpoint.execute(pool).await?;
                deleted.rows_affected()
            }
            Backstage::Postgres(pool) => {
                let deleted = sqlx::query(delete).bind(OWNER).execute(pool).await?;
                let reset = sqlx::query(RESET).bind(OWNER).execute(pool).await?;
                if deleted.rows_affected() + reset.rows_affected() > FEW_DEAD {
                    sqlx::query("VACUUM habits").execute(pool).await?;
                }
                deleted.rows_affected()
            }
        })
    }
}
