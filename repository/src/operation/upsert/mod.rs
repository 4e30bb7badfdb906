//! Upsert in steps: update the rows that differ, insert the missing ones, read the rest, and update those whose natural
//! key changes.
//!
//! Each row has an exact outcome, and a concurrent write is never overwritten unseen. A row whose natural key changes
//! frees its old key for others, so it comes last and in the order of the call: then a success is one of the rows one by
//! one.

mod candidate;
mod together;

use std::collections::HashSet;
use std::ops::Range;

use super::circle::{self, Circle};
use super::in_order::{self, BulkWrite, Parts};
use super::references::{References, are_by_natural_key};
use super::{Context, NewRow, NewRows, ReservedIds, Stamper, by_keys};
use crate::driver::{AnyRecord, Dialect, RecordType};
use crate::model::error::{Error, Result};
use crate::model::key::Key;
use crate::session::Session;
use crate::sql::{self, Statements};
use together::Together;
pub(crate) use together::{StoredRow, UpsertedRow};

/// The rows of an upsert.
pub(crate) struct UpsertMany<'c, D: Dialect> {
    context: &'c Context,
    record: RecordType<D>,
    rows: Vec<NewRow<'c>>,
    parts: Vec<Vec<usize>>,
}

impl<'c, D: Dialect> UpsertMany<'c, D> {
    pub(crate) fn new(
        context: &'c Context,
        record: RecordType<D>,
        rows: &'c mut dyn NewRows,
        ids: ReservedIds,
    ) -> Result<Self> {
        rows.stamp(Stamper::new(context, record.statements).with_ids(ids))?;
        let rows = rows.rows();
        let records: Vec<&dyn AnyRecord> = rows.iter().map(|row| row.record).collect();
        let parts = References::between(record.statements, &records).parents_first();
        Ok(UpsertMany {
            context,
            record,
            rows,
            parts,
        })
    }
}

impl<D: Dialect> BulkWrite<D> for UpsertMany<'_, D> {
    /// The outcomes in the order of the call.
    type Output = Vec<UpsertedRow>;

    fn is_ordered(&self) -> bool {
        self.rows.len() > 1
    }

    async fn write_at_once(&self, session: &mut Session<D>) -> Result<Self::Output> {
        self.lock_stored(session).await?;
        let written = self.write(session, 0..self.parts.len()).await?;
        Ok(in_call_order(written))
    }

    async fn write_in_order(&self, session: &mut Session<D>) -> Result<Self::Output> {
        self.lock_stored(session).await?;
        let written = in_order::write_parts(session, self).await?;
        Ok(in_call_order(written))
    }
}

/// An outcome with the index of its row in the call.
type Indexed = (usize, UpsertedRow);

fn in_call_order(mut outcomes: Vec<Indexed>) -> Vec<UpsertedRow> {
    outcomes.sort_unstable_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

impl<D: Dialect> Parts<D> for UpsertMany<'_, D> {
    type Outcome = Indexed;

    fn count(&self) -> usize {
        self.parts.len()
    }

    async fn write(&self, session: &mut Session<D>, parts: Range<usize>) -> Result<Vec<Indexed>> {
        let is_single = parts.len() == 1;
        let indexes: Vec<usize> = self.parts[parts].iter().flatten().copied().collect();
        let rows: Vec<NewRow<'_>> = indexes.iter().map(|row| self.rows[*row]).collect();
        let mut outcomes = Vec::with_capacity(rows.len());
        for run in runs(self.record.statements, &rows, is_single) {
            let together = Together {
                context: self.context,
                record: self.record,
                rows: &rows[run.clone()],
                is_single,
            };
            let written = together.upsert(session).await?;
            outcomes.extend(indexes[run].iter().copied().zip(written));
        }
        Ok(outcomes)
    }

    fn is_circle(&self, part: usize) -> bool {
        self.parts[part].len() > 1
    }

    async fn circle_error(&self, session: &mut Session<D>, part: usize, refused: Error) -> Error {
        let indexes = self.parts[part].iter();
        let rows: Vec<NewRow<'_>> = indexes.map(|row| self.rows[*row]).collect();
        let circle = UpsertedCircle {
            context: self.context,
            record: self.record,
            records: rows.iter().map(|row| row.record).collect(),
            rows,
        };
        circle::first_error(session, self.context, &circle, refused).await
    }
}

/// Rows of an upsert that reference each other.
struct UpsertedCircle<'c, D: Dialect> {
    context: &'c Context,
    record: RecordType<D>,
    rows: Vec<NewRow<'c>>,
    records: Vec<&'c dyn AnyRecord>,
}

impl<D: Dialect> Circle<D> for UpsertedCircle<'_, D> {
    fn record(&self) -> RecordType<D> {
        self.record
    }

    fn rows(&self) -> &[&dyn AnyRecord] {
        &self.records
    }

    fn updates(&self) -> bool {
        true
    }

    async fn write_alone(&self, session: &mut Session<D>, row: usize) -> Result<()> {
        let alone = Together {
            context: self.context,
            record: self.record,
            rows: &self.rows[row..=row],
            is_single: true,
        };
        alone.upsert(session).await.map(|_| ())
    }
}

impl<D: Dialect> UpsertMany<'_, D> {
    /// Locks the stored rows in the order of keys.
    ///
    /// Without it, the update locks rows in the order of its query plan, and may deadlock with another call.
    async fn lock_stored(&self, session: &mut Session<D>) -> Result<()> {
        // SQLite has one writer at a time, and one row cannot deadlock.
        if D::LOCK_ROWS.is_empty() || self.rows.len() < 2 {
            return Ok(());
        }
        let statements = self.record.statements;
        let owner = self.context.owner_of(statements);
        let text = sql::lock_by_keys::<D>(statements, owner.is_some());
        let keys: Vec<Key> = self.rows.iter().map(|row| row.record.key()).collect();
        let values = by_keys::<D>(statements, &keys, owner);
        session.execute(&text, values).await?;
        Ok(())
    }
}

/// Splits rows into runs that are written together. A statement can write a row only once, so a row that repeats an id
/// begins a run, as a later call. Rows that refer to each other by a key that an update may change are not mixed.
fn runs(statements: &Statements, rows: &[NewRow<'_>], is_single: bool) -> Vec<Range<usize>> {
    let is_mixed = is_single || !are_by_natural_key(statements);
    let mut runs = Vec::new();
    let mut seen = HashSet::with_capacity(rows.len());
    let mut start = 0;
    for (at, row) in rows.iter().enumerate() {
        let is_new = seen.insert(row.record.key());
        if at > 0 && !(is_new && is_mixed) {
            runs.push(start..at);
            start = at;
            seen.clear();
            seen.insert(row.record.key());
        }
    }
    runs.push(start..rows.len());
    runs
}
