//! Connections to SQLite: one writer behind a fair queue, and several readers. Their settings are verified.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, QueueMode, RecycleError, RecycleResult};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row as _};

use super::connection::{CommitWaits, Guarded, PooledConnection};
use super::deadline::Deadline;
use super::error;
use super::file::File;
use super::group::Group;
use super::handle::Held;
use super::url::SqliteUrl;
use crate::driver::pool::{self, Pool};
use crate::driver::{Access, ApplyMigrations, Begin, Extent, Sending, Settings, Synchronous};
use crate::model::error::{Error, ErrorKind, Result};

/// The number of rows that the driver's thread reads ahead, for statements of SeaORM.
const ROWS_AHEAD: usize = 512;

/// The number of steps of SQLite's virtual machine between two checks of the deadline: some microseconds.
const STEPS: i32 = 1_000;

/// Opens connections, either for writing or for reading.
#[derive(Debug)]
pub struct Manager {
    url: SqliteUrl,
    options: SqliteConnectOptions,
    required: RequiredSettings,
    statement_timeout: Duration,
    file: Arc<File>,
}

/// The settings that a connection must have.
#[derive(Clone, Debug)]
struct RequiredSettings {
    /// `None` if the file is read-only, so that its own mode applies.
    journal_mode: Option<&'static str>,
    busy_timeout: Duration,
    synchronous: Synchronous,
    cache_kib: u32,
    memory_map: u64,
    query_only: bool,
}

impl managed::Manager for Manager {
    type Type = PooledConnection;
    type Error = Error;

    async fn create(&self) -> Result<PooledConnection> {
        // A file that was removed is not created again, since it would be an empty database.
        let options = match self.file.was_opened() {
            true => self.options.clone().create_if_missing(false),
            false => self.options.clone(),
        };
        let before = self.file.identity();
        let mut connection = self.connect(&options).await?;
        let identity = self.file.opened(before)?;
        let deadline = Arc::new(Deadline::default());
        let driver = |error| error::classify(&error, None);
        let mut handle = connection.lock_handle().await.map_err(driver)?;
        handle.set_progress_handler(STEPS, deadline.handler());
        // SQLite may ask for the deadline once more after a commit. Then the statement would count as interrupted.
        let committing = deadline.clone();
        handle.set_commit_hook(move || {
            committing.clear();
            true
        });
        drop(handle);
        let lock_timeout = self.required.busy_timeout;
        let held = Held::new(connection, lock_timeout).await.map_err(driver)?;
        let guarded = Guarded {
            deadline,
            statement_timeout: self.statement_timeout,
            file: self.file.clone(),
            identity,
        };
        let waits = self.required.commit_waits();
        Ok(PooledConnection::new(held, guarded, lock_timeout, waits))
    }

    async fn recycle(&self, pooled: &mut PooledConnection, _: &Metrics) -> RecycleResult<Error> {
        if !pooled.was_released() {
            return Err(RecycleError::message(pool::NOT_RELEASED));
        }
        Ok(pooled.guarded().check_file()?)
    }
}

/// The pause before another attempt to set the journal mode.
const PAUSE: Duration = Duration::from_millis(10);

impl Manager {
    /// Connects, and checks the settings.
    async fn connect(&self, options: &SqliteConnectOptions) -> Result<SqliteConnection> {
        self.url.refuse_device()?;
        let until = Instant::now() + self.required.busy_timeout;
        loop {
            let error = match self.try_to_connect(options).await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            // A change of the journal mode fails at once if another process changes it too.
            if *error.kind() != ErrorKind::LockTimeout || Instant::now() >= until {
                return Err(self.url.explain(error));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn try_to_connect(&self, options: &SqliteConnectOptions) -> Result<SqliteConnection> {
        let connected = options.connect().await;
        let mut connection = connected.map_err(|error| error::classify(&error, None))?;
        self.required.assert(&mut connection).await?;
        Ok(connection)
    }

    fn new(
        url: SqliteUrl,
        options: SqliteConnectOptions,
        required: RequiredSettings,
        statement_timeout: Duration,
        file: Arc<File>,
    ) -> Self {
        let options = options
            .foreign_keys(true)
            .busy_timeout(required.busy_timeout)
            .synchronous(match required.synchronous {
                Synchronous::Full => SqliteSynchronous::Full,
                Synchronous::Normal => SqliteSynchronous::Normal,
            })
            .row_buffer_size(ROWS_AHEAD)
            .pragma("cache_size", format!("-{}", required.cache_kib))
            .pragma("mmap_size", required.memory_map.to_string())
            .pragma("trusted_schema", "OFF")
            .pragma("query_only", if required.query_only { "ON" } else { "OFF" });
        Manager {
            url,
            options,
            required,
            statement_timeout,
            file,
        }
    }
}

impl RequiredSettings {
    /// What a commit waits for with these settings.
    fn commit_waits(&self) -> CommitWaits {
        match (self.query_only, self.journal_mode, self.synchronous) {
            (true, ..) | (_, Some("memory"), _) => CommitWaits::Never,
            (_, _, Synchronous::Normal) => CommitWaits::Sometimes,
            (_, _, Synchronous::Full) => CommitWaits::Always,
        }
    }

    /// Reads the settings back, and fails if the driver or the file did not accept one.
    async fn assert(&self, connection: &mut SqliteConnection) -> Result<()> {
        const READ_BACK: &str = "SELECT foreign_keys, journal_mode, timeout, trusted_schema, \
             synchronous, query_only, cache_size, encoding FROM pragma_foreign_keys, pragma_journal_mode, \
             pragma_busy_timeout, pragma_trusted_schema, pragma_synchronous, pragma_query_only, \
             pragma_cache_size, pragma_encoding";
        let driver = |error| error::classify(&error, None);
        let read_back = sqlx::query(READ_BACK).fetch_one(&mut *connection);
        let row = read_back.await.map_err(driver)?;
        // It is no table. It has no row where files cannot be mapped.
        let mapped = sqlx::query_scalar("PRAGMA mmap_size").fetch_optional(connection);
        let mapped: i64 = mapped.await.map_err(driver)?.unwrap_or_default();
        let number = |index: usize| {
            let value: Result<i64, _> = row.try_get_unchecked(index);
            value.map_or_else(|_| "unreadable".to_owned(), |value| value.to_string())
        };
        let journal: String = row.try_get(1).unwrap_or_default();
        let encoding: String = row.try_get(7).unwrap_or_default();
        let level = match self.synchronous {
            Synchronous::Full => 2,
            Synchronous::Normal => 1,
        };
        let flag = |on: bool| i64::from(on).to_string();
        for (name, wanted, found) in [
            ("foreign_keys", flag(true), number(0)),
            (
                "journal_mode",
                self.journal_mode.unwrap_or(&journal).to_owned(),
                journal.clone(),
            ),
            (
                "busy_timeout",
                self.busy_timeout.as_millis().to_string(),
                number(2),
            ),
            ("trusted_schema", flag(false), number(3)),
            ("synchronous", level.to_string(), number(4)),
            ("query_only", flag(self.query_only), number(5)),
            ("cache_size", format!("-{}", self.cache_kib), number(6)),
            ("mmap_size", self.memory_map.to_string(), mapped.to_string()),
            // With UTF-16, the checks that count bytes would refuse every text.
            ("encoding", "UTF-8".to_owned(), encoding),
        ] {
            if wanted != found {
                return Err(ErrorKind::Setting {
                    name,
                    wanted,
                    found,
                }
                .into());
            }
        }
        Ok(())
    }
}

/// The connections of a store on SQLite.
#[derive(Clone)]
pub struct SqlitePool {
    writer: Pool<Manager>,
    readers: Pool<Manager>,
    /// Keeps the in-memory database alive if its working connection closes.
    anchor: Option<Pool<Manager>>,
    /// Commits writes together. `None` for an in-memory database, whose commits wait for nothing.
    group: Option<Arc<Group>>,
    response_deadline: Duration,
}

impl SqlitePool {
    /// Opens the database of the URL. Also migrates an in-memory database, because no other connection can.
    ///
    /// # Errors
    /// As [`StoreOptions::open`](crate::StoreOptions::open).
    pub(crate) async fn open(
        url: SqliteUrl,
        settings: &Settings,
        migrate: Option<ApplyMigrations>,
    ) -> Result<Self> {
        let options = url.options().disable_statement_logging();
        let Some(path) = url.file().map(Path::to_owned) else {
            return Self::open_in_memory(url, settings, options, migrate).await;
        };
        let read_only = url.is_read_only();
        let required = RequiredSettings {
            journal_mode: (!read_only).then_some("wal"),
            busy_timeout: settings.lock_timeout,
            synchronous: settings.synchronous,
            cache_kib: settings.cache_kib,
            memory_map: settings.memory_map,
            query_only: false,
        };
        let reading = RequiredSettings {
            query_only: true,
            ..required.clone()
        };
        let writing = match read_only {
            true => options.clone(),
            false => options.clone().journal_mode(SqliteJournalMode::Wal),
        };
        let timeout = settings.statement_timeout;
        let file = Arc::new(File::new(path));
        let writer = Manager::new(url.clone(), writing, required, timeout, file.clone());
        let readers = Manager::new(url, options, reading, timeout, file);
        let pool = SqlitePool {
            writer: pool_of(writer, 1, settings)?,
            readers: pool_of(readers, settings.readers, settings)?,
            anchor: None,
            group: Some(Arc::default()),
            response_deadline: settings.response_deadline(),
        };
        pool.acquire(Access::Write).await?.release();
        Ok(pool)
    }

    /// Opens an in-memory database. It has one connection for reads and writes, since a second one would lock whole
    /// tables.
    async fn open_in_memory(
        url: SqliteUrl,
        settings: &Settings,
        memory: SqliteConnectOptions,
        migrations: Option<ApplyMigrations>,
    ) -> Result<Self> {
        let required = RequiredSettings {
            journal_mode: Some("memory"),
            busy_timeout: settings.lock_timeout,
            synchronous: settings.synchronous,
            cache_kib: settings.cache_kib,
            // A database in memory has no file to map.
            memory_map: 0,
            query_only: false,
        };
        let only_one = || {
            let (url, options, required) = (url.clone(), memory.clone(), required.clone());
            let no_file = Arc::new(File::in_memory());
            let timeout = settings.statement_timeout;
            let manager = Manager::new(url, options, required, timeout, no_file);
            pool_of(manager, 1, settings)
        };
        let (only, anchor) = (only_one()?, only_one()?);
        drop(pool::acquire(&anchor).await?);
        let pool = SqlitePool {
            writer: only.clone(),
            readers: only,
            anchor: Some(anchor),
            group: None,
            response_deadline: settings.response_deadline(),
        };
        if let Some(apply) = migrations {
            migrate(apply, memory, settings.acquire_timeout).await?;
        }
        Ok(pool)
    }

    pub(super) async fn acquire(&self, access: Access) -> Result<Object<Manager>> {
        let pool = match access {
            Access::Write => &self.writer,
            Access::Read => &self.readers,
        };
        pool::acquire(pool).await
    }

    /// Takes the writer if it is free.
    pub(super) async fn acquire_free_writer(&self) -> Result<Option<Object<Manager>>> {
        pool::acquire_free(&self.writer).await
    }

    /// The writes that are committed together.
    pub(super) fn group(&self) -> Option<&Group> {
        self.group.as_deref()
    }

    /// The SQL that begins a session.
    ///
    /// A writer waits for the write lock at its start. A transaction that reads first and writes later would fail if
    /// another connection wrote in between. The only connection of an in-memory database sets for each session whether
    /// it may write.
    ///
    /// A unit starts with a read, which fixes the schema of its snapshot. Otherwise custom SQL might be compiled for
    /// columns that another process then changes, and the driver would return no rows.
    pub(super) fn begin_sql(&self, access: Access, extent: Extent) -> Option<Begin> {
        let transaction = extent != Extent::Statement;
        let unit = matches!(extent, Extent::Unit | Extent::SerializableUnit);
        let text = match (self.anchor.is_some(), access, transaction) {
            (false, _, false) => return None,
            (false, Access::Read, true) if unit => "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1",
            (false, Access::Write, true) if unit => {
                "BEGIN IMMEDIATE; SELECT 1 FROM sqlite_schema LIMIT 1"
            }
            (false, Access::Read, true) => "BEGIN",
            (false, Access::Write, true) => "BEGIN IMMEDIATE",
            (true, Access::Read, false) => "PRAGMA query_only = ON",
            (true, Access::Write, false) => "PRAGMA query_only = OFF",
            (true, Access::Read, true) => "PRAGMA query_only = ON; BEGIN",
            (true, Access::Write, true) => "PRAGMA query_only = OFF; BEGIN IMMEDIATE",
        };
        Some(Begin {
            opening: text,
            role: None,
            settings: Vec::new(),
            transaction,
            sending: Sending::Now,
            guard_query: String::new(),
        })
    }

    pub(super) fn response_deadline(&self) -> Duration {
        self.response_deadline
    }

    pub(crate) fn close(&self) {
        for pool in [
            Some(&self.readers),
            Some(&self.writer),
            self.anchor.as_ref(),
        ] {
            pool.map(Pool::close);
        }
    }
}

fn pool_of(manager: Manager, size: usize, settings: &Settings) -> Result<Pool<Manager>> {
    pool::build(manager, size, settings.acquire_timeout, QueueMode::Lifo)
}

/// Runs the migrations over a SeaORM connection, while the anchor keeps the database alive.
async fn migrate(
    apply: ApplyMigrations,
    memory: SqliteConnectOptions,
    acquire_timeout: Duration,
) -> Result<()> {
    let connected = connect_seaorm(memory, acquire_timeout).await;
    let db = connected.map_err(|error| error::classify(&error, None))?;
    let migrated = apply(&db).await;
    // An error is harmless, because the connection is not used again.
    let _closed = db.close().await;
    migrated
}

/// Opens a SeaORM connection: a pool of one connection, which never expires.
pub(crate) async fn connect_seaorm(
    options: SqliteConnectOptions,
    acquire_timeout: Duration,
) -> Result<DatabaseConnection, sqlx::Error> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.disable_statement_logging())
        .await?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// As [`connect_seaorm`], for a URL. Reads the schema, since SQLite reads a file only for the first statement.
///
/// # Errors
/// Those of opening the database, and of its schema.
#[cfg(feature = "migrate")]
pub(crate) async fn open_seaorm(
    url: &SqliteUrl,
    busy_timeout: Duration,
    acquire_timeout: Duration,
) -> Result<DatabaseConnection> {
    let explain = |error: sqlx::Error| url.explain(error::classify(&error, None));
    url.refuse_device()?;
    let options = url.options().busy_timeout(busy_timeout);
    let db = connect_seaorm(options, acquire_timeout)
        .await
        .map_err(explain)?;
    let pool = db.get_sqlite_connection_pool();
    let read = sqlx::query("SELECT 1 FROM sqlite_schema LIMIT 1").execute(pool);
    if let Err(error) = read.await {
        db.close().await.ok();
        return Err(explain(error));
    }
    Ok(db)
}
