//! Connections to Postgres. Their settings are verified.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, QueueMode, RecycleError, RecycleResult};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::connect_error::explain;
use super::connection::PooledConnection;
use super::error;
use super::message::Prepared;
use super::plans::SchemaChanges;
use super::retirement::{Age, Condition, Incidents, test_limit};
use super::rls::{self, Role, RoleFacts};
use super::search_path::{self, SearchPath};
use super::server::{Connected, Server};
use super::session_settings::{self, Locals, SessionSettings, texts_after};
use super::token::Token;
use super::url::PostgresUrl;
use crate::driver::pool::{self, Pool};
use crate::driver::url::invalid_url;
use crate::driver::{Access, Extent, Settings};
use crate::model::domain::Domain;
use crate::model::engine::Engine;
use crate::model::error::{Error, ErrorKind, Result};

/// The name of connections that are given none.
const APPLICATION_NAME: &str = "catamaran";

/// `DISCARD ALL`, except for the prepared statements of the driver. `DISCARD ALL` must be a message of its own; these
/// statements are sent with the end of a transaction, and cost no round trip.
const CLEANING: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; \
    SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

/// Opens connections.
pub struct Manager {
    server: Server,
    session: SessionSettings,
    /// The settings of each transaction, if a transaction pooler may be in front of the server.
    locals: Option<Locals>,
    cleaning: Arc<str>,
    changes: SchemaChanges,
    incidents: Incidents,
    max_lifetime: Option<Duration>,
    /// How long a test waits for the answer.
    test_limit: Duration,
}

impl managed::Manager for Manager {
    type Type = PooledConnection;
    type Error = Error;

    async fn create(&self) -> Result<PooledConnection> {
        // On the heap: a call holds this future, and would otherwise need a large stack.
        Box::pin(self.open()).await
    }

    async fn recycle(&self, pooled: &mut PooledConnection, _: &Metrics) -> RecycleResult<Error> {
        if !std::mem::take(&mut pooled.released) {
            return Err(RecycleError::message(pool::NOT_RELEASED));
        }
        match self.incidents.condition(&pooled.age) {
            Condition::Usable => {}
            Condition::Unknown => self.test(pooled).await?,
            Condition::Retired => return Err(RecycleError::message("it is retired")),
        }
        let removed = pooled.remove_old_statements().await;
        removed.map_err(|error| RecycleError::Backend(error::classify(&error, None)))?;
        pooled.age.taken_again();
        Ok(())
    }
}

impl Manager {
    fn new(url: &PostgresUrl, settings: &Settings, path: &SearchPath) -> Self {
        let name = settings.application_name.as_deref();
        let name = name.or(url.application_name()).unwrap_or(APPLICATION_NAME);
        let server = url.server().map(|options| options.application_name(name));
        let server = server.within(settings.acquire_timeout);
        let (session, locals, server, cleaning) = match settings.transaction_pooler {
            false => {
                let session = SessionSettings::of_connection(settings, path);
                let server =
                    server.map(|options| options.options(session.pinned().iter().cloned()));
                (session, None, server, CLEANING.into())
            }
            true => {
                let name = name.replace('\'', "''");
                // RESET restores the values of the pooler's own connection, not those that the driver set and that the
                // pooler tracks.
                let cleaning = format!(
                    "{CLEANING}; SET client_encoding = 'UTF8'; SET datestyle = 'ISO, MDY'; \
                     SET timezone = 'UTC'; SET application_name = '{name}'"
                );
                let session = SessionSettings::of_transactions(settings, path);
                let locals = Locals::new(settings, path);
                (session, Some(locals), server, cleaning.into())
            }
        };
        Manager {
            server,
            session,
            locals,
            cleaning,
            changes: SchemaChanges::default(),
            incidents: Incidents::default(),
            max_lifetime: settings.max_lifetime,
            test_limit: test_limit(settings.acquire_timeout),
        }
    }

    async fn open(&self) -> Result<PooledConnection> {
        let age = Age::zero(self.max_lifetime);
        let mut connected = match self.locals {
            Some(_) => self.server.connect().await?,
            None => {
                let token = Token::new();
                let mut connected = token.on(&self.server).connect().await?;
                assert_own(&mut connected, &token).await?;
                connected
            }
        };
        let cleaning = self.adjust_settings(&mut connected).await?;
        if self.incidents.awaits_writable() {
            let read_only =
                session_settings::texts(&mut connected.connection, "SHOW transaction_read_only")
                    .await;
            let read_only = read_only.map_err(|error| explain(&connected.options, &error))?;
            if read_only == [["off"]] {
                self.incidents.writable(&age);
            }
        }
        Ok(PooledConnection {
            connection: connected.connection,
            age,
            own_backend: self.locals.is_none(),
            released: false,
            incidents: self.incidents.clone(),
            cleaning,
            prepared: Prepared::new(),
            plans: self.changes.plans(),
        })
    }

    /// Waits for an answer of the server. After an error the connection must not be used.
    async fn test(&self, pooled: &mut PooledConnection) -> Result<()> {
        let sent = Instant::now();
        match tokio::time::timeout(self.test_limit, pooled.connection.ping()).await {
            Ok(Ok(())) => {
                pooled.age.answered(sent);
                Ok(())
            }
            Ok(Err(error)) => {
                self.incidents.lost();
                Err(error::classify(&error, None))
            }
            Err(_) => {
                // A pooler answers when it has a free server connection.
                if self.locals.is_none() {
                    self.incidents.silent(sent);
                }
                Err(pool::no_response())
            }
        }
    }

    /// Replaces a connection that must not be used for the write, in its place in the pool. So the others stay for
    /// reads.
    async fn fit_to_write(
        &self,
        pooled: &mut PooledConnection,
        commits_itself: bool,
    ) -> Result<()> {
        let usable = match self
            .incidents
            .condition_to_write(&pooled.age, commits_itself)
        {
            Condition::Usable => true,
            Condition::Unknown => self.test(pooled).await.is_ok(),
            Condition::Retired => false,
        };
        match usable {
            true => Ok(()),
            false => self.renew(pooled).await,
        }
    }

    async fn renew(&self, pooled: &mut PooledConnection) -> Result<()> {
        *pooled = Box::pin(self.open()).await?;
        Ok(())
    }

    /// Sets what the server still has with another value.
    async fn adjust_settings(&self, connected: &mut Connected) -> Result<Arc<str>> {
        let locals = self.locals_text();
        let differing = self
            .session
            .read_back(&mut connected.connection, &locals, &connected.options)
            .await?;
        if differing.is_empty() {
            return Ok(self.cleaning.clone());
        }
        if let Some(locals) = &self.locals {
            locals.add(&differing);
            return Ok(self.cleaning.clone());
        }
        let set = session_settings::set(&differing, false);
        let set_now = session_settings::texts(&mut connected.connection, &set).await;
        set_now.map_err(|error| explain(&connected.options, &error))?;
        Ok(format!("{}; {set}", self.cleaning).into())
    }

    /// The statements that each transaction behind a pooler runs. May be empty.
    fn locals_text(&self) -> Arc<str> {
        self.locals.as_ref().map(Locals::text).unwrap_or_default()
    }
}

/// Fails if a pooler is in front of the server, and may switch server connections.
async fn assert_own(connected: &mut Connected, token: &Token) -> Result<()> {
    let is_kept = token.is_kept_by(&mut connected.connection).await;
    if is_kept.map_err(|error| explain(&connected.options, &error))? {
        return Ok(());
    }
    Err(ErrorKind::Pooler {
        reason: "it dropped the connection's startup options, and may switch server connections between two \
             statements: open the store with StoreOptions::transaction_pooler(true), or connect to the server \
             itself"
            .into(),
    }
    .into())
}

/// The connections of a store on Postgres.
#[derive(Clone)]
pub struct PostgresPool {
    pool: Pool<Manager>,
    role: Arc<Role>,
    /// The search path of every transaction, as a literal of SQL.
    path: Arc<str>,
    /// The settings of each transaction behind a pooler, where a connection cannot keep them.
    settings: Option<Locals>,
    response_deadline: Duration,
}

impl PostgresPool {
    /// Opens the database of the URL, and checks the row level security of the domain's tables.
    ///
    /// # Errors
    /// As [`StoreOptions::open`](crate::StoreOptions::open).
    pub(crate) async fn open(
        url: &PostgresUrl,
        settings: &Settings,
        domain: Option<&'static Domain>,
    ) -> Result<Self> {
        let path = SearchPath::over(&settings.schemas)?;
        if !settings.transaction_pooler {
            // A pooler rejects all options by itself.
            search_path::refuse_another(url.server()).map_err(invalid_url)?;
        }
        let manager = Manager::new(url, settings, &path);
        let locals = manager.locals.clone();
        let pool = pool::build(
            manager,
            settings.connections,
            settings.acquire_timeout,
            QueueMode::Lifo,
        )?;
        let mut connection = pool::acquire(&pool).await?;
        let role = &settings.application_role;
        let text = locals.as_ref().map(Locals::text).unwrap_or_default();
        let reading = read_role(connection.live(), &text, role, &path);
        let role = tokio::time::timeout(settings.response_deadline(), reading).await;
        let role = role.unwrap_or_else(|_| Err(pool::no_response()))?;
        connection.release();
        let owned = domain.map(|domain| domain.tables_on(Engine::Postgres));
        let owned = owned
            .into_iter()
            .flatten()
            .filter(|table| table.owner.is_some());
        let role = role.require_rls(owned.map(|table| table.name));
        drop(connection);
        Ok(PostgresPool {
            pool,
            role: Arc::new(role),
            path: path.literal().into(),
            settings: locals,
            response_deadline: settings.response_deadline(),
        })
    }

    pub(super) async fn acquire(&self, access: Access, extent: Extent) -> Result<Object<Manager>> {
        let deadline = pool::deadline(&self.pool);
        let mut connection = pool::acquire_by(&self.pool, deadline).await?;
        if access == Access::Write {
            let commits_itself = extent == Extent::Statement;
            let fit = self
                .pool
                .manager()
                .fit_to_write(&mut connection, commits_itself);
            pool::by(deadline, fit).await?;
        }
        Ok(connection)
    }

    /// Replaces a connection by a new one, in its place in the pool.
    pub(super) async fn renew(connection: &mut Object<Manager>) -> Result<()> {
        let pool = Object::pool(connection).ok_or(ErrorKind::ConnectionLost)?;
        pool::by(pool::deadline(&pool), pool.manager().renew(connection)).await
    }

    pub(super) fn response_deadline(&self) -> Duration {
        self.response_deadline
    }

    pub(super) fn role(&self) -> &Role {
        &self.role
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn settings(&self) -> Option<Arc<str>> {
        self.settings.as_ref().map(Locals::text)
    }

    /// The tables whose row level security is off, so that a scope cannot be enforced.
    pub(crate) fn unguarded(&self) -> Arc<[String]> {
        self.role.unguarded.clone()
    }

    /// A table may be missing because the login may not use its schema.
    pub(crate) fn explain_missing(&self, error: Error) -> Error {
        let statement = &self.role.lacks_usage;
        if statement.is_empty() || !matches!(error.kind(), ErrorKind::NotMigrated { .. }) {
            return error;
        }
        error.with_kind(ErrorKind::Permission {
            reason: format!("the login may not use the schema of the tables: run {statement}")
                .into(),
        })
    }

    /// Whether the system's scope sees the rows of every owner.
    pub(crate) fn sees_all(&self) -> bool {
        self.role.sees_all
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

async fn read_role(
    connection: &mut PgConnection,
    locals: &str,
    application: &str,
    path: &SearchPath,
) -> Result<Role> {
    let unreadable = || ErrorKind::Internal;
    let version = connection.server_version_num();
    let query = rls::role_query(application, path.schemas(), version);
    let classify = |error: sqlx::Error| error::classify(&error, None);
    let rows = texts_after(connection, locals, &query).await;
    let rows = rows.map_err(classify)?;
    let row = rows.first().ok_or_else(unreadable)?;
    let text = |index: usize| row.get(index).cloned().ok_or_else(unreadable);
    let flag = |index: usize| text(index).map(|text| text == "t");
    let missing = text(9)?;
    if !missing.is_empty() {
        let reason = format!(
            "the schema {missing} does not exist; create it, or name the application's schemas with \
             StoreOptions::schemas"
        );
        return Err(ErrorKind::NotMigrated { reason }.into());
    }
    let facts = RoleFacts {
        login: text(0)?,
        login_bypasses: flag(1)?,
        login_powers: text(2)?,
        login_owns: text(3)?,
        application_exists: flag(4)?,
        login_is_member: flag(5)?,
        application_powers: text(6)?,
        application_owns: text(7)?,
        login_lacks: text(8)?,
        remedy: text(10)?,
        lacks_usage: text(11)?,
    };
    let unguarded = texts_after(connection, locals, &rls::unguarded_query(path.schemas())).await;
    let unguarded = unguarded.map_err(classify)?.into_iter().flatten().collect();
    Ok(facts.role(application, unguarded))
}
