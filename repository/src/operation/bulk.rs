//! The insert of many rows.

use std::ops::Range;

use super::circle::{self, Circle};
use super::in_order::{self, BulkWrite, Parts};
use super::references::References;
use super::{Context, NewRows, ReservedIds, Stamper, diagnose, values, write_order};
use crate::driver::{AnyRecord, Dialect, RecordType};
use crate::model::error::{Error, Result};
use crate::session::Session;
use crate::sql::{self, Bulk, Statements};

/// The number of rows that share the time limit of a statement in this process.
const ROWS_AT_ONCE: usize = 1_000;

/// The same for a copy to a server.
const ROWS_OF_COPY: usize = 10_000;

/// The number of rows from which a copy on Postgres is faster than a statement, although it is two round trips.
const COPIED_ROWS: usize = 200;

/// New rows.
pub(crate) struct InsertMany<'c, D: Dialect> {
    context: &'c Context,
    record: RecordType<D>,
    records: Vec<&'c dyn AnyRecord>,
    parts: Vec<Vec<usize>>,
}

impl<'c, D: Dialect> InsertMany<'c, D> {
    pub(crate) fn new(
        context: &'c Context,
        record: RecordType<D>,
        rows: &'c mut dyn NewRows,
        ids: ReservedIds,
    ) -> Result<Self> {
        let statements = record.statements;
        rows.stamp(Stamper::new(context, statements).with_ids(ids))?;
        let records: Vec<_> = rows.rows().into_iter().map(|row| row.record).collect();
        let parts = References::between(statements, &records).parents_first();
        Ok(InsertMany {
            context,
            record,
            records,
            parts,
        })
    }

    fn records(&self, parts: Range<usize>) -> Vec<&'c dyn AnyRecord> {
        let rows = self.parts[parts].iter().flatten();
        rows.map(|row| self.records[*row]).collect()
    }
}

impl<D: Dialect> BulkWrite<D> for InsertMany<'_, D> {
    type Output = ();

    fn is_ordered(&self) -> bool {
        self.records.len() > 1
    }

    async fn write_at_once(&self, session: &mut Session<D>) -> Result<()> {
        let all = 0..self.parts.len();
        Parts::write(self, session, all).await.map(|_| ())
    }

    async fn write_in_order(&self, session: &mut Session<D>) -> Result<()> {
        in_order::write_parts(session, self).await.map(|_| ())
    }
}

impl<D: Dialect> Parts<D> for InsertMany<'_, D> {
    type Outcome = ();

    fn count(&self) -> usize {
        self.parts.len()
    }

    async fn write(&self, session: &mut Session<D>, parts: Range<usize>) -> Result<Vec<()>> {
        let is_single = parts.len() == 1;
        let has_circle = self.parts[parts.clone()].iter().any(|part| part.len() > 1);
        let rows = write_order::sorted(self.record.statements, &self.records(parts));
        let written = match has_circle {
            false => insert_each(session, self.context, self.record.statements, &rows).await,
            true => insert_together(session, self.record.statements, &rows, is_single).await,
        };
        match (written, &*rows) {
            (Ok(()), _) => Ok(Vec::new()),
            (Err(error), [row]) => Err(diagnose::insert_error(
                session,
                self.context,
                self.record.statements,
                error,
                *row,
                false,
            )
            .await),
            (Err(error), _) => Err(error),
        }
    }

    fn is_circle(&self, part: usize) -> bool {
        self.parts[part].len() > 1
    }

    async fn circle_error(&self, session: &mut Session<D>, part: usize, refused: Error) -> Error {
        let circle = NewCircle {
            context: self.context,
            record: self.record,
            rows: self.records(part..part + 1),
        };
        circle::first_error(session, self.context, &circle, refused).await
    }
}

/// New rows that reference each other.
struct NewCircle<'c, D: Dialect> {
    context: &'c Context,
    record: RecordType<D>,
    rows: Vec<&'c dyn AnyRecord>,
}

impl<D: Dialect> Circle<D> for NewCircle<'_, D> {
    fn record(&self) -> RecordType<D> {
        self.record
    }

    fn rows(&self) -> &[&dyn AnyRecord] {
        &self.rows
    }

    fn updates(&self) -> bool {
        false
    }

    async fn write_alone(&self, session: &mut Session<D>, row: usize) -> Result<()> {
        let row = self.rows[row];
        let (context, statements) = (self.context, self.record.statements);
        match insert_each(session, context, statements, &[row]).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let error = diagnose::insert_error(session, context, statements, error, row, false);
                Err(error.await)
            }
        }
    }
}

/// Inserts rows that do not reference each other in a circle. In this process a prepared statement for each row is
/// faster than a long text, and on Postgres a copy is, where no policy holds.
async fn insert_each<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    rows: &[&dyn AnyRecord],
) -> Result<()> {
    let rows_at_once = match D::IN_PROCESS {
        true => ROWS_AT_ONCE,
        false if context.has_no_policy() && rows.len() >= COPIED_ROWS => ROWS_OF_COPY,
        false => return insert_together(session, statements, rows, false).await,
    };
    let text = sql::insert_each::<D>(statements);
    let next_rows = move |remaining: usize| remaining.min(rows_at_once);
    for chunk in sql::chunks(rows, next_rows, |row| values(statements, *row)) {
        let rows = chunk.len();
        let inserted = session.execute_each(&text, chunk).await?;
        super::check_count(inserted, rows)?;
    }
    Ok(())
}

/// Inserts rows with few statements. Those of a single part reference each other, so they are one statement.
async fn insert_together<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    rows: &[&dyn AnyRecord],
    is_single: bool,
) -> Result<()> {
    let types = sql::insert_types(statements);
    let parameters = |row: &&dyn AnyRecord| values(statements, *row);
    for chunk in sql::insert_chunks::<D, _>(statements, rows, is_single, parameters)? {
        let rows = chunk.len();
        let text = sql::bulk_insert::<D>(statements, Bulk::Refuse, rows);
        let values = D::row_parameters(&types, chunk);
        let inserted = session.execute(&text, values).await?;
        super::check_count(inserted, rows)?;
    }
    Ok(())
}
