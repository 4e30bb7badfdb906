//! The connections that a catalog is read over: a SeaORM connection, or a store's pool.

use std::marker::PhantomData;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, Statement,
    TransactionOptions,
};

use super::fields::Row;
use super::{Unreadable, engine_of};
use crate::driver::{Access, Dialect, Extent};
use crate::migrate::begin;
use crate::model::engine::Engine;
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::session::Session;
use crate::sql::SqlText;

/// A database whose catalog can be read.
pub(crate) trait Source: Sync {
    type Snapshot: Snapshot;

    fn engine(&self) -> Result<Engine, Unreadable>;

    /// Begins a transaction that only reads.
    fn begin(&self) -> impl Future<Output = Result<Self::Snapshot, Unreadable>> + Send;
}

/// A transaction that only reads.
pub(crate) trait Snapshot: Send {
    /// The rows of a catalog query: kind, table, place, and facts as JSON.
    fn rows(
        &mut self,
        sql: &str,
        parameters: Vec<String>,
    ) -> impl Future<Output = Result<Vec<Row>, Unreadable>> + Send;

    /// The first column of a query.
    fn lines(&mut self, sql: &str) -> impl Future<Output = Result<Vec<String>, Unreadable>> + Send;

    fn rollback(self) -> impl Future<Output = Result<(), Unreadable>> + Send;
}

impl Source for DatabaseConnection {
    type Snapshot = DatabaseTransaction;

    fn engine(&self) -> Result<Engine, Unreadable> {
        engine_of(self)
    }

    async fn begin(&self) -> Result<DatabaseTransaction, Unreadable> {
        let read_only = (engine_of(self)? == Engine::Postgres).then_some(AccessMode::ReadOnly);
        let options = TransactionOptions {
            access_mode: read_only,
            ..TransactionOptions::default()
        };
        Ok(begin(self, options).await?)
    }
}

impl Snapshot for DatabaseTransaction {
    async fn rows(&mut self, sql: &str, parameters: Vec<String>) -> Result<Vec<Row>, Unreadable> {
        let parameters = parameters.into_iter().map(Into::into);
        let backend = self.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, parameters);
        let mut rows = Vec::new();
        for row in self.query_all_raw(statement).await? {
            let (kind, table) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let facts: String = row.try_get_by_index(3)?;
            rows.push(Row::new(kind, table, &facts)?);
        }
        Ok(rows)
    }

    async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Unreadable> {
        let statement = Statement::from_string(self.get_database_backend(), sql);
        let rows = self.query_all_raw(statement).await?;
        let lines = rows.iter().map(|row| row.try_get_by_index(0));
        Ok(lines.collect::<Result<_, DbErr>>()?)
    }

    async fn rollback(self) -> Result<(), Unreadable> {
        Ok(DatabaseTransaction::rollback(self).await?)
    }
}

/// The pool of a store, which has its own sessions and no SeaORM connection.
pub(crate) struct StorePool<'p, D: Dialect> {
    pool: &'p D::Pool,
    dialect: PhantomData<D>,
}

impl<'p, D: Dialect> StorePool<'p, D> {
    pub(crate) fn new(pool: &'p D::Pool) -> Self {
        let dialect = PhantomData;
        StorePool { pool, dialect }
    }
}

impl<D: Dialect> Source for StorePool<'_, D> {
    type Snapshot = Session<D>;

    fn engine(&self) -> Result<Engine, Unreadable> {
        Ok(D::ENGINE)
    }

    async fn begin(&self) -> Result<Session<D>, Unreadable> {
        let scope = Scope::system("comparing the schema with the application's");
        Ok(Session::begin(self.pool, &scope, Access::Read, Extent::Unit).await?)
    }
}

impl<D: Dialect> Snapshot for Session<D> {
    async fn rows(&mut self, sql: &str, parameters: Vec<String>) -> Result<Vec<Row>, Unreadable> {
        let parameters = parameters.into_iter().map(Value::Text).collect();
        let decode = |row: &D::Row<'_>| {
            Ok((
                D::get::<String>(row, 0)?,
                D::get::<String>(row, 1)?,
                D::get::<String>(row, 3)?,
            ))
        };
        let rows = self.fetch(&text(sql), parameters, decode).await?;
        let rows = rows.into_iter();
        rows.map(|(kind, table, facts)| Row::new(kind, table, &facts))
            .collect()
    }

    async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Unreadable> {
        let first = |row: &D::Row<'_>| D::get::<String>(row, 0);
        Ok(self.fetch(&text(sql), Vec::new(), first).await?)
    }

    async fn rollback(self) -> Result<(), Unreadable> {
        Ok(Session::rollback(self).await?)
    }
}

fn text(sql: &str) -> SqlText {
    SqlText::new(sql, None)
}
