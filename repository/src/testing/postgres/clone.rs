//! Databases cloned from a template.

use std::{mem, sync::mpsc, thread, time::Duration};

use sea_orm::sqlx::Connection;
use tokio::runtime;

use super::{super::TestError, Collation, Locale, PostgresServer, admin, template};
use crate::migrate::History;

/// How long `drop` waits until the database is dropped, which takes some hundredths of a second.
const DROP_TIMEOUT: Duration = Duration::from_secs(1);

/// A database cloned from a template; dropping the value drops it.
pub(in super::super) struct Clone {
    /// `None` once it is dropped.
    name: Option<String>,
    url: String,
    admin_url: String,
}

impl Clone {
    /// Clones the template of `H`'s migrations, and creates the template first if it is missing.
    pub(in super::super) async fn create<H: History>(
        server: &PostgresServer,
        contents: Option<&str>,
        collation: Collation,
    ) -> Result<Self, TestError> {
        let session = server.session().await?;
        let (name, strategy) = (session.database_name(), session.strategy());
        let mut connection = admin::connect(server.admin_url()).await?;
        let locale = Locale::of(collation, &mut connection).await?;
        let template = template::ensure::<H>(server, contents, &locale).await?;
        let copy = |template: &str| {
            let (name, template) = (admin::identifier(&name), admin::identifier(template));
            format!("CREATE DATABASE {name} TEMPLATE {template}{strategy}")
        };
        // Created before the statement, so that the database is dropped even if the statement fails or is cancelled.
        let clone = Self {
            url: server.url(&name),
            admin_url: server.admin_url().to_owned(),
            name: Some(name.clone()),
        };
        let mut copied = admin::execute(&mut connection, copy(&template)).await;
        if copied.as_ref().is_err_and(admin::is_missing_database) {
            // Another process dropped the template, because it was old.
            template::forget(server, &template);
            let template = template::ensure::<H>(server, contents, &locale).await?;
            copied = admin::execute(&mut connection, copy(&template)).await;
        }
        copied?;
        Ok(clone)
    }

    /// Creates an empty database.
    pub(in super::super) async fn empty(
        server: &PostgresServer,
        collation: Collation,
    ) -> Result<Self, TestError> {
        let session = server.session().await?;
        let (name, strategy) = (session.database_name(), session.strategy());
        let mut connection = admin::connect(server.admin_url()).await?;
        let locale = Locale::of(collation, &mut connection).await?;
        // Created before the statement, as above.
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
    /// Drops the database on a thread with a runtime of its own, so that it works inside and outside of a runtime.
    ///
    /// Waits for the thread, but at most [`DROP_TIMEOUT`]. `DROP DATABASE` waits until every server process has handled
    /// a signal. A server process in the middle of a password exchange waits for its client, which may be a task of the
    /// runtime that this call blocks. The thread continues in the background. If the process ends before it, the next
    /// process that uses the server drops the database.
    fn drop(&mut self) {
        let Some(name) = self.name.take() else {
            return;
        };
        let admin_url = mem::take(&mut self.admin_url);
        let (done, finished) = mpsc::channel();
        let remover = thread::Builder::new().name("drop-database".to_owned());
        let spawned = remover.spawn(move || {
            if let Err(error) = remove_blocking(&admin_url, &name) {
                tracing::warn!(database = name, %error, "cannot drop an ephemeral database");
            }
            // Fails after the timeout, when the receiver is gone.
            let _ = done.send(());
        });
        match spawned {
            Ok(_) => drop(finished.recv_timeout(DROP_TIMEOUT)),
            Err(error) => tracing::warn!(%error, "cannot drop an ephemeral database"),
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
    // The database is dropped, so an error of closing is harmless.
    let _ = connection.close().await;
    Ok(())
}
