//! The insert of many rows.

use std::ops::Range;

use super::circle::{self, Circle};
use super::in_order::{self, BulkWrite, Parts};
use super::references::References;
use super::{Context, diagnose, values, write_order};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::{Error, Result};
use crate::session::Session;
use crate::sql::{self, Bulk};

/// The number of rows that share the time limit of a statement.
const ROWS_AT_ONCE: usize = 1_000;

/// New rows.
pub(crate) struct InsertMany<'c, R> {
    context: &'c Context,
    records: Vec<R>,
    parts: Vec<Vec<usize>>,
}

impl<'c, R> InsertMany<'c, R> {
    pub(crate) fn new<D: Dialect>(context: &'c Context, drafts: Vec<R::Draft>) -> Result<Self>
    where
        R: Twin<D>,
    {
        let now = context.now();
        let mut records = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let stamp = context.stamp::<R>(&draft, None, now)?;
            let mut record = R::from_draft(draft, stamp);
            super::normalise::<D, R>(&mut record)?;
            records.push(record);
        }
        let rows: Vec<&R> = records.iter().collect();
        let parts = References::between::<D, R>(&rows).parents_first();
        Ok(InsertMany {
            context,
            records,
            parts,
        })
    }

    /// The rows in the order of the drafts.
    pub(crate) fn into_records(self) -> Vec<R> {
        self.records
    }

    fn records(&self, parts: Range<usize>) -> Vec<&R> {
        let rows = self.parts[parts].iter().flatten();
        rows.map(|row| &self.records[*row]).collect()
    }
}

impl<D: Dialect, R: Twin<D>> BulkWrite<D> for InsertMany<'_, R> {
    type Output = ();

    fn is_ordered(&self) -> bool {
        self.records.len() > 1
    }

    async fn write_at_once(&self, session: &mut Session<D>) -> Result<()> {
        self.write(session, 0..self.parts.len()).await.map(|_| ())
    }

    async fn write_in_order(&self, session: &mut Session<D>) -> Result<()> {
        in_order::write_parts(session, self).await.map(|_| ())
    }
}

impl<D: Dialect, R: Twin<D>> Parts<D> for InsertMany<'_, R> {
    type Outcome = ();

    fn count(&self) -> usize {
        self.parts.len()
    }

    async fn write(&self, session: &mut Session<D>, parts: Range<usize>) -> Result<Vec<()>> {
        let is_single = parts.len() == 1;
        let has_circle = self.parts[parts.clone()].iter().any(|part| part.len() > 1);
        let records = self.records(parts);
        let rows = write_order::sorted::<D, R, _>(&records, |row| row);
        let rows: Vec<&R> = rows.into_iter().copied().collect();
        let written = match has_circle {
            false => insert_each(session, &rows).await,
            true => insert_together(session, &rows, is_single).await,
        };
        match (written, &*rows) {
            (Ok(()), _) => Ok(Vec::new()),
            (Err(error), [row]) => {
                Err(diagnose::insert_error(session, self.context, error, *row, false).await)
            }
            (Err(error), _) => Err(error),
        }
    }

    fn is_circle(&self, part: usize) -> bool {
        self.parts[part].len() > 1
    }

    async fn circle_error(&self, session: &mut Session<D>, part: usize, refused: Error) -> Error {
        let circle = NewCircle {
            context: self.context,
            rows: self.records(part..part + 1),
        };
        circle::first_error(session, self.context, &circle, refused).await
    }
}

/// New rows that reference each other.
struct NewCircle<'c, R> {
    context: &'c Context,
    rows: Vec<&'c R>,
}

impl<D: Dialect, R: Twin<D>> Circle<D, R> for NewCircle<'_, R> {
    fn rows(&self) -> &[&R] {
        &self.rows
    }

    fn updates(&self) -> bool {
        false
    }

    async fn write_alone(&self, session: &mut Session<D>, row: usize) -> Result<()> {
        let row = self.rows[row];
        match insert_each(session, &[row]).await {
            Ok(()) => Ok(()),
            Err(error) => {
                Err(diagnose::insert_error(session, self.context, error, row, false).await)
            }
        }
    }
}

/// Inserts rows that do not reference each other in a circle. In this process a prepared statement for each row is
/// faster than a long text.
async fn insert_each<D: Dialect, R: Twin<D>>(session: &mut Session<D>, rows: &[&R]) -> Result<()> {
    if !D::IN_PROCESS {
        return insert_together(session, rows, false).await;
    }
    let text = sql::insert_one::<D>(R::statements()).with_long_effort();
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        let parameters = chunk.iter().map(|row| values(*row)).collect();
        let inserted = session.execute_each(&text, parameters).await?;
        super::check_count(inserted, chunk.len())?;
    }
    Ok(())
}

/// Inserts rows with few statements. Those of a single part reference each other, so they are one statement.
async fn insert_together<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    rows: &[&R],
    is_single: bool,
) -> Result<()> {
    let statements = R::statements();
    let types = sql::insert_types(statements);
    for chunk in sql::insert_chunks::<D, _>(statements, rows, is_single)? {
        let text = sql::bulk_insert::<D>(statements, Bulk::Refuse, chunk.len());
        let parameters = chunk.iter().map(|row| values(*row)).collect();
        let values = D::row_parameters(&types, parameters);
        let inserted = session.execute(&text, values).await?;
        super::check_count(inserted, chunk.len())?;
    }
    Ok(())
}
