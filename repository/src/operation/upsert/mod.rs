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
use super::{Context, by_ids};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::{Error, Result};
use crate::model::repository::{Upsert, Upserted};
use crate::session::Session;
use crate::sql;
use candidate::{Candidate, candidates};
use together::Together;

/// The rows of an upsert.
pub(crate) struct UpsertMany<'c, R> {
    context: &'c Context,
    candidates: Vec<Candidate<R>>,
    parts: Vec<Vec<usize>>,
}

impl<'c, R> UpsertMany<'c, R> {
    pub(crate) fn new<D: Dialect>(context: &'c Context, rows: Vec<Upsert<R>>) -> Result<Self>
    where
        R: Twin<D>,
    {
        let candidates = candidates::<D, R>(context, rows)?;
        let records: Vec<&R> = candidates.iter().map(|row| &row.record).collect();
        let parts = References::between::<D, R>(&records).parents_first();
        Ok(UpsertMany {
            context,
            candidates,
            parts,
        })
    }
}

impl<D: Dialect, R: Twin<D>> BulkWrite<D> for UpsertMany<'_, R> {
    type Output = Vec<Upserted<R>>;

    fn is_ordered(&self) -> bool {
        self.candidates.len() > 1
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
type Indexed<R> = (usize, Upserted<R>);

fn in_call_order<R>(mut outcomes: Vec<Indexed<R>>) -> Vec<Upserted<R>> {
    outcomes.sort_unstable_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

impl<D: Dialect, R: Twin<D>> Parts<D> for UpsertMany<'_, R> {
    type Outcome = Indexed<R>;

    fn count(&self) -> usize {
        self.parts.len()
    }

    async fn write(
        &self,
        session: &mut Session<D>,
        parts: Range<usize>,
    ) -> Result<Vec<Indexed<R>>> {
        let is_single = parts.len() == 1;
        let indexes: Vec<usize> = self.parts[parts].iter().flatten().copied().collect();
        let rows: Vec<&Candidate<R>> = indexes.iter().map(|row| &self.candidates[*row]).collect();
        let mut outcomes = Vec::with_capacity(rows.len());
        for run in runs::<D, R>(&rows, is_single) {
            let together = Together {
                context: self.context,
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
        let candidates: Vec<&Candidate<R>> = indexes.map(|row| &self.candidates[*row]).collect();
        let circle = UpsertedCircle {
            context: self.context,
            rows: candidates.iter().map(|row| &row.record).collect(),
            candidates,
        };
        circle::first_error(session, self.context, &circle, refused).await
    }
}

/// Rows of an upsert that reference each other.
struct UpsertedCircle<'c, R> {
    context: &'c Context,
    candidates: Vec<&'c Candidate<R>>,
    rows: Vec<&'c R>,
}

impl<D: Dialect, R: Twin<D>> Circle<D, R> for UpsertedCircle<'_, R> {
    fn rows(&self) -> &[&R] {
        &self.rows
    }

    fn updates(&self) -> bool {
        true
    }

    async fn write_alone(&self, session: &mut Session<D>, row: usize) -> Result<()> {
        let alone = Together {
            context: self.context,
            rows: &self.candidates[row..=row],
            is_single: true,
        };
        alone.upsert(session).await.map(|_| ())
    }
}

impl<R> UpsertMany<'_, R> {
    /// Locks the stored rows in the order of ids.
    ///
    /// Without it, the update locks rows in the order of its query plan, and may deadlock with another call.
    async fn lock_stored<D: Dialect>(&self, session: &mut Session<D>) -> Result<()>
    where
        R: Twin<D>,
    {
        // SQLite has one writer at a time, and one row cannot deadlock.
        if D::LOCK_ROWS.is_empty() || self.candidates.len() < 2 {
            return Ok(());
        }
        let owner = self.context.owner_of::<R>();
        let text = sql::lock_by_ids::<D>(R::statements(), owner.is_some());
        let values = by_ids(self.candidates.iter().map(|row| row.record.id()), owner);
        session.execute(&text, values).await?;
        Ok(())
    }
}

/// Splits rows into runs that are written together. A statement can write a row only once, so a row that repeats an id
/// begins a run, as a later call. Rows that refer to each other by a key that an update may change are not mixed.
fn runs<D: Dialect, R: Twin<D>>(rows: &[&Candidate<R>], is_single: bool) -> Vec<Range<usize>> {
    let is_mixed = is_single || !are_by_natural_key::<D, R>();
    let mut runs = Vec::new();
    let mut seen = HashSet::with_capacity(rows.len());
    let mut start = 0;
    for (at, row) in rows.iter().enumerate() {
        let is_new = seen.insert(row.record.id());
        if at > 0 && !(is_new && is_mixed) {
            runs.push(start..at);
            start = at;
            seen.clear();
            seen.insert(row.record.id());
        }
    }
    runs.push(start..rows.len());
    runs
}
