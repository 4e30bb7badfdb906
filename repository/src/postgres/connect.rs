//! Connections to Postgres, each with settings that are asserted.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, QueueMode, RecycleError, RecycleResult};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Row as _};

use super::error;
use super::rls::{self, Answer, Role};
use crate::error::{Error, ErrorKind, Result};
use crate::options::{Settings, StoreOptions, invalid_url};
use crate::pool::{self, Pool};

/// A connection that idled longer is asked whether it still lives before it is used.
const IDLE: Duration = Duration::from_secs(30);

/// A connection and when it was last used.
#[derive(Debug)]
pub struct PooledConnection {
    connection: PgConnection,
    used: Instant,
}

impl PooledConnection {
    /// The connection, for a statement.
    pub(super) fn live(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

/// Makes connections.
pub struct Manager {
    options: PgConnectOptions,
    expected: Vec<(&'static str, String)>,
}

impl managed::Manager for Manager {
    type Type = PooledConnection;
    type Error = Error;

    async fn create(&self) -> Result<PooledConnection> {
        let connected = self.options.connect().await;
        let mut connection = connected.map_err(|error| explain(&self.options, &error))?;
        self.assert(&mut connection).await?;
        Ok(PooledConnection {
            connection,
            used: Instant::now(),
        })
    }

    async fn recycle(&self, pooled: &mut PooledConnection, _: &Metrics) -> RecycleResult<Error> {
        if pooled.used.elapsed() > IDLE {
            let ping = pooled.connection.ping().await;
            ping.map_err(|error| RecycleError::Backend(error::classify(&error, None)))?;
        }
        pooled.used = Instant::now();
        Ok(())
    }
}

impl Manager {
    fn new(options: PgConnectOptions, settings: &Settings) -> Self {
        let milliseconds = |timeout: Duration| timeout.as_millis().to_string();
        let expected = vec![
            (
                "statement_timeout",
                milliseconds(settings.statement_timeout),
            ),
            ("lock_timeout", milliseconds(settings.lock_timeout)),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(settings.statement_timeout),
            ),
        ];
        let options = options
            .application_name(&settings.application_name)
            .options(expected.iter().map(|(name, value)| (*name, value)))
            .disable_statement_logging();
        Manager { options, expected }
    }

    /// Reads the settings back: a pooler between us and the server may drop them.
    async fn assert(&self, connection: &mut PgConnection) -> Result<()> {
        // pg_settings shows these in milliseconds, whatever unit SHOW would choose.
        const READ_BACK: &str = "SELECT name::text, setting::text FROM pg_settings WHERE name = ANY \
             (ARRAY['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'])";
        let rows = sqlx::query(READ_BACK)
            .fetch_all(connection)
            .await
            .map_err(|error| error::classify(&error, None))?;
        for (name, wanted) in &self.expected {
            let found = rows
                .iter()
                .find(|row| {
                    row.try_get::<String, _>(0)
                        .is_ok_and(|found| found == *name)
                })
                .and_then(|row| row.try_get::<String, _>(1).ok())
                .unwrap_or_default();
            if found != *wanted {
                return Err(ErrorKind::Setting {
                    name,
                    wanted: wanted.clone(),
                    found,
                }
                .into());
            }
        }
        Ok(())
    }
}

/// Why the server does not let us in.
pub(crate) fn explain(options: &PgConnectOptions, error: &sqlx::Error) -> Error {
    let classified = error::classify(error, None);
    let kind = match (classified.code(), classified.kind()) {
        (Some("28P01" | "28000"), _) => ErrorKind::Authentication {
            user: options.get_username().to_owned(),
        },
        (Some("3D000"), _) => ErrorKind::DatabaseMissing {
            name: options
                .get_database()
                .unwrap_or(options.get_username())
                .to_owned(),
        },
        (_, ErrorKind::ConnectionLost) => ErrorKind::Unavailable {
            reason: format!(
                "no Postgres answers at {}:{}",
                options.get_host(),
                options.get_port()
            )
            .into(),
        },
        (_, kind) => kind.clone(),
    };
    classified.with_kind(kind)
}

/// The connections of a store on Postgres.
#[derive(Clone)]
pub struct PostgresPool {
    pool: Pool<Manager>,
    role: Arc<Role>,
    patience: Duration,
}

impl PostgresPool {
    pub(crate) async fn open(options: &StoreOptions) -> Result<Self> {
        let settings = &options.settings;
        let server = PgConnectOptions::from_str(options.exposed_url())
            .map_err(|_| {
                invalid_url("it is not of the form postgres://user:password@host/database")
            })?
            .disable_statement_logging();
        let manager = Manager::new(server, settings);
        let pool = pool::build(
            manager,
            settings.connections,
            settings.acquire_timeout,
            QueueMode::Lifo,
        )?;
        let mut connection = pool::acquire(&pool).await?;
        let role = ask_role(connection.live(), &settings.application_role).await?;
        drop(connection);
        Ok(PostgresPool {
            pool,
            role: Arc::new(role),
            patience: settings.patience(),
        })
    }

    pub(super) async fn acquire(&self) -> Result<Object<Manager>> {
        pool::acquire(&self.pool).await
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn role(&self) -> &Role {
        &self.role
    }

    /// Whether the system's scope sees the rows of every owner.
    pub(crate) fn sees_all(&self) -> bool {
        self.role.sees_all
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

async fn ask_role(connection: &mut PgConnection, application: &str) -> Result<Role> {
    let classify = |error: sqlx::Error| error::classify(&error, None);
    let row = sqlx::query(rls::ASK)
        .bind(application)
        .fetch_one(connection)
        .await
        .map_err(classify)?;
    let flag = |index: usize| row.try_get::<bool, _>(index).map_err(classify);
    let answer = Answer {
        login: row.try_get(0).map_err(classify)?,
        login_bypasses: flag(1)?,
        login_owns: flag(2)?,
        application_exists: flag(3)?,
        login_is_member: flag(4)?,
        application_bypasses: flag(5)?,
        application_owns: flag(6)?,
    };
    Ok(answer.role(application))
}
