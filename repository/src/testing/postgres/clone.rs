use std::{mem, sync::mpsc, thread, time::Duration};

use sea_orm::sqlx::Connection;
use sea_orm_migration::MigratorTrait;
use tokio::runtime;

use super::{super::TestError, Collation, Locale, PostgresServer, admin, template};

/// How long a drop waits for its database to go. It takes some hundredths of a second.
const PATIENCE: Duration = Duration::from_secs(1);

/// A database cloned from a template; dropping the value drops it.
pub(in super::super) struct Clone {
    /// `None` once it is dropped.
    name: Option<String>,
    url: String,
    admin_url: String,
}

impl Clone {
    /// Clones the template of `M`'s migrations, making it first where it is missing.
    pub(in super::super) async fn create<M: MigratorTrait>(
        server: &PostgresServer,
        fingerprint: Option<&str>,
        collation: Collation,
    ) -> Result<Self, TestError> {
        let session = server.session().await?;
        let (name, strategy) = (session.database_name(), session.strategy());
        let mut connection = admin::connect(server.admin_url()).await?;
        let locale = Locale::of(collation, &mut connection).await?;
        let template = template::ensure::<M>(server, fingerprint, &locale).await?;
        let copy = |template: &str| {
            let (name, template) = (admin::identifier(&name), admin::identifier(template));
            format!("CREATE DATABASE {name} TEMPLATE {template}{strategy}")
        };
        // Before the statement: where that is cancelled or fails half-way, the drop still comes.
        let clone = Self {
            url: server.url(&name),
            admin_url: server.admin_url().to_owned(),
            name: Some(name.clone()),
        };
        let mut copied = admin::execute(&mut connection, copy(&template)).await;
        if copied.as_ref().is_err_and(admin::is_missing_database) {
            // Another process found it old and dropped it.
            template::forget(server, &template);
            let template = template::ensure::<M>(server, fingerprint, &locale).await?;
            copied = admin::execute(&mut connection, copy(&template)).await;
        }
        copied?;
        Ok(clone)
    }

    /// Makes a database with nothing in it.
    pub(in super::super) async fn empty(
        server: &PostgresServer,
        collation: Collation,
    ) -> Result<Self, TestError> {
        let session = server.session().await?;
        let (name, strategy) = (session.database_name(), session.strategy());
        let mut connection = admin::connect(server.admin_url()).await?;
        let locale = Locale::of(collation, &mut connection).await?;
        // Before the statement, as above.
        let database = Self {
            url: server.url(&name),
            admin_url: server.admin_url().to_owned(),
            name: Some(name.clone()),
        };
        let (name, options) = (admin::identifier(&name), locale.options());
        let create = format!("CREATE DATABASE {name} {options}{strategy}");
        admin::execute(&mut connection, create).await?;
        Ok(database)
    }

    /// Drops the database without blocking the runtime.
    pub(in super::super) async fn close(mut self) -> Result<(), TestError> {
        match &self.name {
            Some(name) => remove(&self.admin_url, name).await?,
            None => return Ok(()),
        }
        self.name = None;
        Ok(())
    }

    pub(in super::super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Clone {
    /// Drops the database, inside a runtime or outside: on a thread with a runtime of its own.
    ///
    /// Waits for that, but not for ever. `DROP DATABASE` waits until every server process has answered
    /// a signal, and one that is in the middle of a password exchange answers only when its client
    /// does. That client may be a task of the very runtime that this call blocks. The thread goes on
    /// when we return, and what a process leaves undone is swept by the next that uses the server.
    fn drop(&mut self) {
        let Some(name) = self.name.take() else {
            return;
        };
        let admin_url = mem::take(&mut self.admin_url);
        let (done, finished) = mpsc::channel();
        let remover = thread::Builder::new().name("drop-database".to_owned());
        let spawned = remover.spawn(move || {
            if let Err(error) = remove_blocking(&admin_url, &name) {
                tracing::warn!(database = name, %error, "could not drop an ephemeral database");
            }
            // Nobody listens any more when it took too long.
            let _ = done.send(());
        });
        match spawned {
            Ok(_) => drop(finished.recv_timeout(PATIENCE)),
            Err(error) => tracing::warn!(%error, "could not drop an ephemeral database"),
        }
    }
}

fn remove_blocking(admin_url: &str, name: &str) -> Result<(), TestError> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(TestError::io("starting a runtime"))?;
    runtime.block_on(remove(admin_url, name))
}

async fn remove(admin_url: &str, name: &str) -> Result<(), TestError> {
    let mut connection = admin::connect(admin_url).await?;
    let name = admin::identifier(name);
    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    admin::execute(&mut connection, sql).await?;
    // The database is gone; how the connection ends no longer matters.
    let _ = connection.close().await;
    Ok(())
}
