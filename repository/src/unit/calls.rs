//! The calls of a repository, for records of any type.
//!
//! A [`NativeRepository`](super::NativeRepository) turns its arguments into those of [`Calls`], and the answers into
//! records. [`Calls`] is a trait object that only this library makes, so that what is behind it is compiled once for each
//! engine, and not once for each record in the crates of applications.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::bulk::is_schema_change;
use super::source::{Source, UnitSession, Work};
use crate::driver::rows::Rows;
use crate::driver::{Access, AnyRecord, Dialect, Extent, RecordType, Records};
use crate::model::domain::Table;
use crate::model::error::{ErrorKind, Result};
use crate::model::key::Key;
use crate::model::query::{Condition, PageRequest, QueryParts};
use crate::model::repository::Expected;
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::operation::{
    self, Context, InsertMany, ListedPage, NewRows, Patch, Purge, UpsertMany, UpsertedRow,
    WriteWhere,
};
use crate::session::Session;
use crate::sql::custom::CustomSql;
use crate::sql::{SqlText, Statements};

/// The calls of a repository. Those with the name of a method of [`Repository`](crate::Repository) are the same calls.
///
/// An id is the error of one without a canonical form: a call that writes then ends its unit, as after any error.
#[async_trait]
pub(crate) trait Calls<D: Dialect>: Send + Sync {
    fn scope(&self) -> &Scope;

    /// The row is the first of these, if there is one.
    async fn find(&self, record: RecordType<D>, id: Result<Key>) -> Result<Box<dyn Records>>;

    async fn lock(&self, record: RecordType<D>, ids: Vec<Result<Key>>) -> Result<Box<dyn Records>>;

    async fn exists(&self, record: RecordType<D>, query: QueryParts<'_>) -> Result<bool>;

    async fn count(&self, record: RecordType<D>, query: QueryParts<'_>) -> Result<u64>;

    async fn list(
        &self,
        record: RecordType<D>,
        query: QueryParts<'_>,
        page: PageRequest,
    ) -> Result<ListedPage>;

    /// The row becomes a record, which is inserted.
    async fn insert(&self, record: RecordType<D>, rows: &mut dyn NewRows) -> Result<()>;

    /// The rows become records, which are inserted.
    async fn insert_many(&self, record: RecordType<D>, rows: &mut dyn NewRows) -> Result<()>;

    /// The updated row, or none if the record is the same.
    async fn update(
        &self,
        of: RecordType<D>,
        record: &mut dyn AnyRecord,
    ) -> Result<Option<Box<dyn Records>>>;

    /// One row.
    async fn patch(
        &self,
        record: RecordType<D>,
        id: Result<Key>,
        expected: Expected,
        patch: Patch<'_>,
    ) -> Result<Box<dyn Records>>;

    /// The outcomes in the order of the rows, which become records.
    async fn upsert_many(
        &self,
        record: RecordType<D>,
        rows: &mut dyn NewRows,
    ) -> Result<Vec<UpsertedRow>>;

    async fn delete(
        &self,
        record: RecordType<D>,
        id: Result<Key>,
        expected: Expected,
    ) -> Result<()>;

    /// One row.
    async fn restore(
        &self,
        record: RecordType<D>,
        id: Result<Key>,
        expected: Expected,
    ) -> Result<Box<dyn Records>>;

    async fn purge(&self, record: RecordType<D>, before: DateTime<Utc>, limit: u32) -> Result<u64>;

    async fn patch_where(
        &self,
        record: RecordType<D>,
        filter: &Condition,
        patch: Patch<'_>,
    ) -> Result<u64>;

    async fn delete_where(&self, record: RecordType<D>, filter: &Condition) -> Result<u64>;

    /// Runs custom SQL that reads, and decodes its rows into `rows`.
    async fn query(
        &self,
        table: &'static Table,
        sql: &'static str,
        values: Vec<Value>,
        rows: Box<dyn Rows<D>>,
    ) -> Result<Box<dyn Rows<D>>>;

    /// Runs custom SQL that writes; returns how many rows it changed.
    async fn execute(
        &self,
        table: &'static Table,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64>;
}

/// The calls over the sessions of a source.
pub(super) struct SourceCalls<D: Dialect> {
    pub(super) source: Source<D>,
    pub(super) context: Context,
}

/// The calls over a pool, each with a session of its own.
pub(crate) fn calls_over<D: Dialect>(pool: &D::Pool, context: Context) -> Arc<dyn Calls<D>> {
    let source = Source::Pool(pool.clone());
    Arc::new(SourceCalls { source, context })
}

impl<D: Dialect> SourceCalls<D> {
    async fn work(&self, table: &'static Table, access: Access, extent: Extent) -> Result<Work<D>> {
        let scope = &self.context.scope;
        tracing::trace!(table = table.name, engine = %D::ENGINE, ?scope, ?access);
        match &self.source {
            Source::Pool(pool) => {
                self.context.check_scope(table)?;
                let session = Session::begin(pool, scope, access, extent).await?;
                Ok(Work::Own(session))
            }
            Source::Unit {
                session,
                access: of_unit,
            } => {
                let work = Work::Unit(UnitSession::lock(session).await?);
                match self.check_access(table, *of_unit, access) {
                    Ok(()) => Ok(work),
                    Err(refused) => work.end(access, Err(refused)).await,
                }
            }
        }
    }

    /// Fails if the scope, or a unit for reading, must not be used for the call.
    fn check_access(&self, table: &Table, of_unit: Access, access: Access) -> Result<()> {
        self.context.check_scope(table)?;
        match (of_unit, access) {
            (Access::Read, Access::Write) => Err(ErrorKind::ReadOnly {
                reason: "the unit of work was opened for reading".into(),
            }
            .into()),
            (Access::Write, _) | (Access::Read, Access::Read) => Ok(()),
        }
    }

    async fn read(&self, statements: &Statements) -> Result<Work<D>> {
        let table = statements.domain;
        self.work(table, Access::Read, Extent::Statement).await
    }

    pub(super) async fn write(&self, statements: &Statements, extent: Extent) -> Result<Work<D>> {
        self.work(statements.domain, Access::Write, extent).await
    }

    /// Validates custom SQL, and converts its values to the form that both engines accept.
    fn custom_statement(
        session: &mut Session<D>,
        table: &'static Table,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<(SqlText, Vec<Value>)> {
        let custom = CustomSql::read(D::ENGINE, sql);
        session.validate_one(&custom, values.len())?;
        if custom.has_star() {
            return Err(ErrorKind::InvalidQuery {
                reason: "name the columns instead of *: another process may migrate the table"
                    .into(),
            }
            .into());
        }
        if values.iter().any(has_list) {
            return Err(ErrorKind::InvalidQuery {
                reason: "a list cannot contain lists".into(),
            }
            .into());
        }
        let values: Result<Vec<Value>, _> = values.into_iter().map(Value::canonical).collect();
        let values = values.map_err(|reason| ErrorKind::InvalidValue {
            field: None,
            reason,
        })?;
        let text = SqlText::new(D::custom_text(sql, &values), Some(table));
        Ok((text, values))
    }
}

impl<D: Dialect> SourceCalls<D> {
    async fn fetch_custom(
        session: &mut Session<D>,
        table: &'static Table,
        sql: &'static str,
        values: Vec<Value>,
        rows: Box<dyn Rows<D>>,
    ) -> Result<Box<dyn Rows<D>>> {
        let (text, values) = Self::custom_statement(session, table, sql, values)?;
        session.fetch_rows(&text, values, rows).await
    }
}

/// Whether the value is a list that contains a list.
fn has_list(value: &Value) -> bool {
    let is_list = |value: &Value| matches!(value, Value::Array(..));
    matches!(value, Value::Array(_, values) if values.iter().any(is_list))
}

#[async_trait]
impl<D: Dialect> Calls<D> for SourceCalls<D> {
    fn scope(&self) -> &Scope {
        &self.context.scope
    }

    async fn find(&self, record: RecordType<D>, id: Result<Key>) -> Result<Box<dyn Records>> {
        let mut work = self.read(record.statements).await?;
        let found = operation::find(work.session(), &self.context, record, id).await;
        work.end(Access::Read, found).await
    }

    async fn lock(&self, record: RecordType<D>, ids: Vec<Result<Key>>) -> Result<Box<dyn Records>> {
        if let Source::Pool(_) = &self.source {
            return Err(ErrorKind::Unsupported {
                what: "a lock outside of a unit of work",
                reason: "it would end with the call",
            }
            .into());
        }
        let mut work = self.write(record.statements, Extent::Transaction).await?;
        let locked = operation::lock(work.session(), &self.context, record, ids).await;
        work.end(Access::Write, locked).await
    }

    async fn exists(&self, record: RecordType<D>, query: QueryParts<'_>) -> Result<bool> {
        let statements = record.statements;
        let mut work = self.read(statements).await?;
        let exists = operation::exists(work.session(), &self.context, statements, query).await;
        work.end(Access::Read, exists).await
    }

    async fn count(&self, record: RecordType<D>, query: QueryParts<'_>) -> Result<u64> {
        let statements = record.statements;
        let mut work = self.read(statements).await?;
        let count = operation::count(work.session(), &self.context, statements, query).await;
        work.end(Access::Read, count).await
    }

    async fn list(
        &self,
        record: RecordType<D>,
        query: QueryParts<'_>,
        page: PageRequest,
    ) -> Result<ListedPage> {
        let mut work = self.read(record.statements).await?;
        let page = operation::list(work.session(), &self.context, record, query, &page).await;
        work.end(Access::Read, page).await
    }

    async fn insert(&self, record: RecordType<D>, rows: &mut dyn NewRows) -> Result<()> {
        let statements = record.statements;
        let mut work = self.write(statements, Extent::Statement).await?;
        let inserted = operation::insert(work.session(), &self.context, statements, rows).await;
        work.end(Access::Write, inserted).await
    }

    async fn insert_many(&self, record: RecordType<D>, rows: &mut dyn NewRows) -> Result<()> {
        self.bulk_rows(record.statements, rows, |context, rows, ids| {
            InsertMany::new(context, record, rows, ids)
        })
        .await
    }

    async fn update(
        &self,
        of: RecordType<D>,
        record: &mut dyn AnyRecord,
    ) -> Result<Option<Box<dyn Records>>> {
        let mut work = self.write(of.statements, Extent::Statement).await?;
        let updated = operation::update(work.session(), &self.context, of, record).await;
        work.end(Access::Write, updated).await
    }

    async fn patch(
        &self,
        record: RecordType<D>,
        id: Result<Key>,
        expected: Expected,
        patch: Patch<'_>,
    ) -> Result<Box<dyn Records>> {
        let mut work = self.write(record.statements, Extent::Statement).await?;
        let session = work.session();
        let patched = operation::patch(session, &self.context, record, id, expected, patch).await;
        work.end(Access::Write, patched).await
    }

    async fn upsert_many(
        &self,
        record: RecordType<D>,
        rows: &mut dyn NewRows,
    ) -> Result<Vec<UpsertedRow>> {
        self.bulk_rows(record.statements, rows, |context, rows, ids| {
            UpsertMany::new(context, record, rows, ids)
        })
        .await
    }

    async fn delete(
        &self,
        record: RecordType<D>,
        id: Result<Key>,
        expected: Expected,
    ) -> Result<()> {
        let statements = record.statements;
        let mut work = self.write(statements, Extent::Statement).await?;
        let session = work.session();
        let deleted = operation::delete(session, &self.context, statements, id, expected).await;
        work.end(Access::Write, deleted).await
    }

    async fn restore(
        &self,
        record: RecordType<D>,
        id: Result<Key>,
        expected: Expected,
    ) -> Result<Box<dyn Records>> {
        let mut work = self.write(record.statements, Extent::Statement).await?;
        let session = work.session();
        let restored = operation::restore(session, &self.context, record, id, expected).await;
        work.end(Access::Write, restored).await
    }

    async fn purge(&self, record: RecordType<D>, before: DateTime<Utc>, limit: u32) -> Result<u64> {
        self.bulk(record.statements, Extent::Statement, |context| {
            Purge::new(context, record, before, limit)
        })
        .await
    }

    async fn patch_where(
        &self,
        record: RecordType<D>,
        filter: &Condition,
        patch: Patch<'_>,
    ) -> Result<u64> {
        self.bulk(record.statements, Extent::Statement, |context| {
            WriteWhere::patch(context, record, filter, patch)
        })
        .await
    }

    async fn delete_where(&self, record: RecordType<D>, filter: &Condition) -> Result<u64> {
        self.bulk(record.statements, Extent::Statement, |context| {
            WriteWhere::delete(context, record, filter)
        })
        .await
    }

    async fn query(
        &self,
        table: &'static Table,
        sql: &'static str,
        values: Vec<Value>,
        rows: Box<dyn Rows<D>>,
    ) -> Result<Box<dyn Rows<D>>> {
        // Postgres refuses a write only in a transaction that is READ ONLY.
        let mut work = self.work(table, Access::Read, Extent::Transaction).await?;
        let session = work.session();
        let again = (values.clone(), rows.emptied());
        let mut fetched = Self::fetch_custom(session, table, sql, values, rows).await;
        if let Source::Pool(pool) = &self.source
            && is_schema_change(&fetched)
        {
            let (values, rows) = again;
            fetched = match session.restart(pool, &self.context.scope).await {
                Ok(()) => Self::fetch_custom(session, table, sql, values, rows).await,
                Err(error) => Err(error),
            };
        }
        work.end(Access::Read, fetched).await
    }

    async fn execute(
        &self,
        table: &'static Table,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64> {
        let mut work = self.work(table, Access::Write, Extent::Statement).await?;
        let session = work.session();
        let changed = match Self::custom_statement(session, table, sql, values) {
            Ok((text, values)) => session.execute(&text, values).await,
            Err(error) => Err(error),
        };
        work.end(Access::Write, changed).await
    }
}
