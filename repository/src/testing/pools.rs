//! Tests of the connection pools of both engines, without sessions.

use crate::driver::{Access, Dialect, Extent, Settings};
#[cfg(feature = "postgres")]
use crate::model::engine::Engine;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite_pool_reuses_only_released_connections() -> Outcome {
    use crate::driver::sqlite::{Sqlite, SqlitePool, SqliteUrl};

    let pool = SqlitePool::open(SqliteUrl::parse(":memory:")?, &Settings::default(), None).await?;
    for released in [true, false] {
        let mut connection = Sqlite::acquire(&pool, Access::Write, Extent::Statement).await?;
        // Fails on a connection whose transaction is still open.
        Sqlite::control(&mut connection, "BEGIN").await?;
        if released {
            Sqlite::control(&mut connection, "ROLLBACK").await?;
            Sqlite::release(connection);
        }
    }
    let mut connection = Sqlite::acquire(&pool, Access::Write, Extent::Statement).await?;
    Sqlite::control(&mut connection, "BEGIN").await?;
    Ok(())
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_pool_reuses_only_released_connections() -> Outcome {
    use super::PostgresServer;
    use crate::driver::postgres::{Postgres, PostgresPool, PostgresUrl};
    use crate::driver::rows::Decoded;
    use crate::sql::SqlText;

    let server = PostgresServer::shared().await?;
    let settings = Settings {
        connections: 1,
        ..Settings::default()
    };
    let (_, rest) = Engine::split_scheme(server.admin_url())?;
    let url = PostgresUrl::parse(rest)?;
    let pool = PostgresPool::open(&url, &settings, None).await?;
    let backend = SqlText::new("SELECT pg_backend_pid()::bigint", None);
    let mut backends = Vec::new();
    for released in [true, false, true] {
        let mut connection = Postgres::acquire(&pool, Access::Write, Extent::Statement).await?;
        let rows = Decoded::<Postgres, i64>::boxed(|row| row.get(0));
        let rows = Postgres::fetch(&mut connection, &backend, Vec::new(), rows).await?;
        backends.extend(Decoded::<Postgres, i64>::taken(rows)?);
        Postgres::control(&mut connection, "BEGIN").await?;
        if released {
            Postgres::control(&mut connection, "ROLLBACK").await?;
            Postgres::release(connection);
        }
    }
    assert_eq!(backends[0], backends[1], "a released connection is reused");
    assert_ne!(
        backends[1], backends[2],
        "a connection that was not released is not reused"
    );
    Ok(())
}
