//! The migrated databases from which test databases are cloned.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use sea_orm::sqlx::{self, PgConnection};
use tokio::sync::OnceCell;

use super::{
    super::{TestError, template},
    Locale, PostgresServer, admin,
};
use crate::migrate::History;

/// The age in days at which a template is dropped. On a server that keeps running, each edited migration leaves one
/// behind.
const DAYS_TO_KEEP: u32 = 7;

/// Templates by server and name; a cell is set once its template exists.
type Known = HashMap<(String, String), Arc<OnceCell<()>>>;

/// The templates that this process knows to exist.
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// Creates the template if it does not exist; returns its name.
pub(super) async fn ensure<H: History>(
    server: &PostgresServer,
    contents: Option<&str>,
    locale: &Locale,
) -> Result<String, TestError> {
    let key = template::key::<H>(contents, &locale.to_string());
    let name = format!("catamaran_tpl_{key}");
    let known = {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry((server.admin_url().to_owned(), name.clone()));
        Arc::clone(entry.or_default())
    };
    known
        .get_or_try_init(|| create::<H>(server, &key, &name, locale))
        .await?;
    Ok(name)
}

/// Forgets that a template exists.
pub(super) fn forget(server: &PostgresServer, name: &str) {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.remove(&(server.admin_url().to_owned(), name.to_owned()));
}

/// Creates the template unless another process has.
///
/// It is migrated under another name and renamed after that, so that a database with the name of a template is
/// complete.
async fn create<H: History>(
    server: &PostgresServer,
    key: &str,
    name: &str,
    locale: &Locale,
) -> Result<(), TestError> {
    let mut connection = admin::connect(server.admin_url()).await?;
    // The lock is held until the connection closes.
    let lock = sqlx::query("SELECT pg_advisory_lock(hashtextextended($1, 0))").bind(name);
    let locked = lock.execute(&mut connection).await;
    locked.map_err(TestError::sql("waiting for the template's lock"))?;
    let query = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    let exists = sqlx::query_scalar(query)
        .bind(name)
        .fetch_one(&mut connection)
        .await;
    if exists.map_err(TestError::sql("looking for the template"))? {
        return Ok(());
    }
    if let Err(error) = prune(&mut connection).await {
        // For example, another process is cloning one of them. The next process tries again.
        tracing::debug!(%error, "cannot drop old templates");
    }

    let unfinished = format!("catamaran_new_{key}");
    let quoted = admin::identifier(&unfinished);
    let options = locale.options();
    // A process that was killed during the migration left it behind.
    let drop = format!("DROP DATABASE IF EXISTS {quoted} WITH (FORCE)");
    admin::execute(&mut connection, drop).await?;
    let create = format!("CREATE DATABASE {quoted} {options}");
    admin::execute(&mut connection, create).await?;
    template::migrate::<H, _>(&server.url(&unfinished), async |_| Ok(())).await?;
    // A template must have no connections while it is cloned, not even one of autovacuum.
    let close = format!("ALTER DATABASE {quoted} WITH ALLOW_CONNECTIONS false");
    admin::execute(&mut connection, close).await?;
    let query = "SELECT floor(extract(epoch FROM now()))::bigint::text";
    let now = sqlx::query_scalar::<_, String>(query)
        .fetch_one(&mut connection)
        .await;
    let now = now.map_err(TestError::sql("reading the server's clock"))?;
    let date = format!("COMMENT ON DATABASE {quoted} IS {}", admin::literal(&now));
    admin::execute(&mut connection, date).await?;
    let publish = format!(
        "ALTER DATABASE {quoted} RENAME TO {}",
        admin::identifier(name)
    );
    admin::execute(&mut connection, publish).await
}

/// Drops old templates. A process that still uses one creates it again.
async fn prune(connection: &mut PgConnection) -> Result<(), TestError> {
    let query = "SELECT datname::text FROM pg_database \
                 WHERE starts_with(datname::text, 'catamaran_tpl_') \
                   AND shobj_description(oid, 'pg_database')::bigint \
                       < extract(epoch FROM now()) - $1::int * 86400";
    let old = sqlx::query_scalar(query).bind(DAYS_TO_KEEP as i32);
    let old: Result<Vec<String>, _> = old.fetch_all(&mut *connection).await;
    for name in old.map_err(TestError::sql("looking for old templates"))? {
        let name = admin::identifier(&name);
        admin::execute(connection, format!("DROP DATABASE IF EXISTS {name}")).await?;
    }
    Ok(())
}
