//! Upsert in steps: update the rows that differ, insert the missing ones, read the rest, and update those whose natural
//! key changes.
//!
//! Each row has an exact outcome, and a concurrent write is never overwritten unseen. A row whose natural key changes
//! frees its old key for others, so it comes last and in the order of the call: then a success is one of the rows one by
//! one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use uuid::Uuid;

use super::in_order::{self, BulkWrite, Parts};
use super::write::conflict;
use super::write_order::{self, KeyValues};
use super::{Context, circle, diagnose, normalise, one_each, values};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::{ConflictReason, Error, ErrorKind, Result};
use crate::model::record::Record;
use crate::model::repository::{Upsert, Upserted};
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::{self, Bulk, KeyChange, RowWrite};

/// A row to be upserted: the record to insert if it is missing, and the version to update if it is stored.
struct Candidate<R> {
    record: R,
    expected: Option<i64>,
}

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
        let parts = write_order::parts::<D, R>(&records);
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
        self.parts.len() > 1
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
        for segment in segments(&rows) {
            let (context, rows) = (self.context, &rows[segment.clone()]);
            let step = Step {
                context,
                rows,
                is_single,
            };
            let written = step.upsert(session).await?;
            outcomes.extend(indexes[segment].iter().copied().zip(written));
        }
        Ok(outcomes)
    }
}

/// Splits rows where an id is repeated: a statement can write a row only once. The repeated row is written as by a
/// later call.
fn segments<R: Record>(rows: &[&Candidate<R>]) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let mut seen = HashSet::with_capacity(rows.len());
    let mut start = 0;
    for (at, row) in rows.iter().enumerate() {
        if !seen.insert(row.record.id()) {
            segments.push(start..at);
            start = at;
            seen.clear();
            seen.insert(row.record.id());
        }
    }
    segments.push(start..rows.len());
    segments
}

fn candidates<D: Dialect, R: Twin<D>>(
    context: &Context,
    rows: Vec<Upsert<R>>,
) -> Result<Vec<Candidate<R>>> {
    let now = context.now();
    rows.into_iter()
        .map(|row| {
            context.check_owner(row.owner)?;
            let stamp = context.stamp::<R>(&row.draft, row.owner, now)?;
            let mut record = R::from_draft(row.draft, stamp);
            normalise::<D, R>(&mut record)?;
            Ok(Candidate {
                record,
                expected: row.expected,
            })
        })
        .collect()
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
        let values = by_ids(self.candidates.iter(), owner);
        session.execute(&text, values).await?;
        Ok(())
    }
}

/// The parameters of a statement that selects by ids.
fn by_ids<'r, R: Record>(
    rows: impl Iterator<Item = &'r Candidate<R>>,
    owner: Option<Uuid>,
) -> Vec<Value> {
    let ids = rows.map(|row| Value::Uuid(row.record.id())).collect();
    let mut values = vec![Value::Array(Type::Uuid, ids)];
    values.extend(owner.map(Value::Uuid));
    values
}

/// Rows with different ids that are written together.
struct Step<'s, R> {
    context: &'s Context,
    rows: &'s [&'s Candidate<R>],
    /// Whether they are one part, whose error is complete.
    is_single: bool,
}

impl<'s, R: Record> Step<'s, R> {
    fn is_circle(&self) -> bool {
        self.is_single && self.rows.len() > 1
    }

    /// Returns the outcomes in the order of the rows.
    async fn upsert<D: Dialect>(&self, session: &mut Session<D>) -> Result<Vec<Upserted<R>>>
    where
        R: Twin<D>,
    {
        // In the order of ids: two calls with the same ids then wait for each other, and do not deadlock.
        let mut rest: Vec<&Candidate<R>> = self.rows.to_vec();
        rest.sort_unstable_by_key(|row| row.record.id());
        let mut outcomes = HashMap::with_capacity(rest.len());

        if self.is_circle() {
            // A stored row may reference a missing one.
            self.insert_missing(session, &mut rest, &mut outcomes)
                .await?;
        }
        let key_change = match rest.len() {
            0 | 1 => KeyChange::Write,
            _ => KeyChange::Skip,
        };
        let updated = self.update_changed(session, &rest, key_change).await?;
        add_updated(updated, &mut rest, &mut outcomes);
        if !self.is_circle() {
            self.insert_missing(session, &mut rest, &mut outcomes)
                .await?;
        }
        self.check_stored(session, rest, &mut outcomes).await?;
        // Each id has an outcome, or the call has failed above.
        let ids = self.rows.iter().map(|row| row.record.id());
        Ok(ids.filter_map(|id| outcomes.remove(&id)).collect())
    }

    /// Updates the rows that are stored in the expected version and differ.
    async fn update_changed<D: Dialect>(
        &self,
        session: &mut Session<D>,
        rows: &[&Candidate<R>],
        key_change: KeyChange,
    ) -> Result<Vec<R>>
    where
        R: Twin<D>,
    {
        let statements = R::statements();
        if user_columns::<R>().next().is_none() {
            return Ok(Vec::new());
        }
        let types = sql::update_types(statements);
        let updated = R::MANAGED.updated.zip(rows.first());
        let now = updated.map(|(index, row)| row.record.value(index));
        let before: Vec<Value> = now.into_iter().collect();
        let mut updated = Vec::new();
        for chunk in sql::chunks::<D, _>(rows, types.len(), before.len()) {
            let parameters = chunk.iter().map(|row| update_values(*row)).collect();
            let mut values = before.clone();
            values.extend(D::row_parameters(&types, parameters));
            let text = sql::bulk_update::<D>(statements, chunk.len(), key_change);
            match session.fetch(&text, values, R::from_row).await {
                Ok(rows) => updated.extend(rows),
                Err(error) => {
                    let rows: Vec<&R> = chunk.iter().map(|row| &row.record).collect();
                    return Err(self.complete(session, error, &rows, RowWrite::Update).await);
                }
            }
        }
        one_each(&updated)?;
        Ok(updated)
    }

    /// Inserts the rows whose ids are not stored yet.
    async fn insert_missing<D: Dialect>(
        &self,
        session: &mut Session<D>,
        rest: &mut Vec<&'s Candidate<R>>,
        outcomes: &mut HashMap<Uuid, Upserted<R>>,
    ) -> Result<()>
    where
        R: Twin<D>,
    {
        let rows = write_order::sorted::<D, R, _>(rest, |row| &row.record);
        let rows: Vec<&R> = rows.into_iter().map(|row| &row.record).collect();
        let inserted = match self.is_circle() {
            true => {
                circle::begin(session).await?;
                let inserted = insert_or_skip(session, &rows, true).await;
                circle::end(session, inserted, |ids| {
                    let inserted = rows.iter().filter(|row| ids.contains(&row.id()));
                    inserted.copied().collect()
                })
                .await
            }
            false => insert_or_skip(session, &rows, false).await,
        };
        let inserted = match inserted {
            Ok(ids) => ids,
            Err(error) => {
                return Err(self
                    .complete(session, error, &rows, RowWrite::InsertMissing)
                    .await);
            }
        };
        rest.retain(|row| {
            let is_inserted = inserted.contains(&row.record.id());
            if is_inserted {
                outcomes.insert(row.record.id(), Upserted::Inserted(row.record.clone()));
            }
            !is_inserted
        });
        Ok(())
    }

    /// Completes the error of a statement that writes these rows.
    async fn complete<D: Dialect>(
        &self,
        session: &mut Session<D>,
        error: Error,
        rows: &[&R],
        write: RowWrite,
    ) -> Error
    where
        R: Twin<D>,
    {
        if !self.is_single {
            return error;
        }
        diagnose::row_error(session, self.context, error, rows, write).await
    }

    /// Reads the rows that were neither updated nor inserted: each is unchanged, or its natural key changes, or the call
    /// fails.
    async fn check_stored<D: Dialect>(
        &self,
        session: &mut Session<D>,
        rest: Vec<&'s Candidate<R>>,
        outcomes: &mut HashMap<Uuid, Upserted<R>>,
    ) -> Result<()>
    where
        R: Twin<D>,
    {
        if rest.is_empty() {
            return Ok(());
        }
        let owner = self.context.owner_of::<R>();
        let text = sql::select_by_ids::<D>(R::statements(), owner.is_some());
        let values = by_ids(rest.iter().copied(), owner);
        let stored = session.fetch(&text, values, R::from_row).await?;
        one_each(&stored)?;
        let mut stored: HashMap<Uuid, R> = stored.into_iter().map(|row| (row.id(), row)).collect();
        let mut moves = Vec::new();
        let is_rest: HashSet<Uuid> = rest.iter().map(|row| row.record.id()).collect();
        for row in self
            .rows
            .iter()
            .filter(|row| is_rest.contains(&row.record.id()))
        {
            let id = row.record.id();
            let found = stored.remove(&id).ok_or_else(id_is_taken::<R>)?;
            if is_same(row, &found)? {
                outcomes.insert(id, Upserted::Unchanged(found));
            } else if self.rows.len() > 1 {
                moves.push((*row, found));
            } else {
                // The update would have changed it, so it was written after the update.
                return Err(ErrorKind::Serialization.into());
            }
        }
        self.move_keys(session, &moves, outcomes).await
    }

    /// Updates rows whose natural key changes, in the order of the call: together if the order does not matter.
    async fn move_keys<D: Dialect>(
        &self,
        session: &mut Session<D>,
        moves: &[(&'s Candidate<R>, R)],
        outcomes: &mut HashMap<Uuid, Upserted<R>>,
    ) -> Result<()>
    where
        R: Twin<D>,
    {
        let mut rest: Vec<&Candidate<R>> = moves.iter().map(|(row, _)| *row).collect();
        let together = match are_independent::<D, R>(moves) {
            true => rest.len(),
            false => 1,
        };
        for rows in rest.clone().chunks(together.max(1)) {
            let updated = self.update_changed(session, rows, KeyChange::Write).await?;
            add_updated(updated, &mut rest, outcomes);
        }
        match rest.is_empty() {
            true => Ok(()),
            // A row was written after it was read.
            false => Err(ErrorKind::Serialization.into()),
        }
    }
}

/// Inserts rows, but skips those whose ids are stored. Returns the ids of the inserted ones.
async fn insert_or_skip<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    rows: &[&R],
    whole: bool,
) -> Result<HashSet<Uuid>> {
    let statements = R::statements();
    let types = sql::insert_types(statements);
    let mut inserted = HashSet::with_capacity(rows.len());
    for chunk in circle::chunks::<D, _>(rows, types.len(), whole) {
        let parameters = chunk.iter().map(|row| values(*row)).collect();
        let text = sql::bulk_insert::<D>(statements, Bulk::Skip, chunk.len());
        let values = D::row_parameters(&types, parameters);
        let ids = session
            .fetch(&text, values, |row| D::get::<Uuid>(row, 0))
            .await?;
        inserted.extend(ids);
    }
    Ok(inserted)
}

/// Whether no row takes a key that another one has.
fn are_independent<D: Dialect, R: Twin<D>>(moves: &[(&Candidate<R>, R)]) -> bool {
    let mut old: BTreeMap<(usize, KeyValues), usize> = BTreeMap::new();
    for (_, stored) in moves {
        for key in KeyValues::each::<D, R>(stored) {
            *old.entry(key).or_default() += 1;
        }
    }
    moves.iter().all(|(row, stored)| {
        let new = KeyValues::each::<D, R>(&row.record);
        new.zip(KeyValues::each::<D, R>(stored)).all(|(new, own)| {
            let others = old.get(&new).copied().unwrap_or(0);
            others == usize::from(new == own)
        })
    })
}

fn add_updated<R: Record>(
    updated: Vec<R>,
    rest: &mut Vec<&Candidate<R>>,
    outcomes: &mut HashMap<Uuid, Upserted<R>>,
) {
    for record in updated {
        outcomes.insert(record.id(), Upserted::Updated(record));
    }
    rest.retain(|row| !outcomes.contains_key(&row.record.id()));
}

/// The parameters of one row of the bulk update.
fn update_values<R: Record>(row: &Candidate<R>) -> Vec<Value> {
    let mut values = vec![Value::Uuid(row.record.id())];
    values.extend(row.record.owner().map(Value::Uuid));
    if R::MANAGED.version.is_some() {
        values.push(
            row.expected
                .map_or(Value::Null(Type::BigInt), Value::BigInt),
        );
    }
    values.extend(user_columns::<R>().map(|index| row.record.value(index)));
    values
}

/// The id is stored, but not visible to the caller.
fn id_is_taken<R: Record>() -> ErrorKind {
    match R::MANAGED.owner {
        Some(_) => ErrorKind::Permission {
            reason: format!(
                "a {} row with this id belongs to another owner",
                R::TABLE.name
            )
            .into(),
        },
        // The row was deleted after the insert had met it.
        None => ErrorKind::Serialization,
    }
}

/// The columns that a caller writes.
fn user_columns<R: Record>() -> impl Iterator<Item = usize> {
    R::MANAGED.user_columns(R::COLUMNS.len())
}

/// Whether a stored row that the update skipped has the contents of the row of the call.
///
/// # Errors
/// The conflict, unless the row may be updated.
fn is_same<R: Record>(row: &Candidate<R>, found: &R) -> Result<bool> {
    let id = found.id();
    if R::MANAGED
        .deleted
        .is_some_and(|deleted| !found.value(deleted).is_null())
    {
        return Err(conflict::<R>(id, ConflictReason::Deleted));
    }
    if found.owner() != row.record.owner() {
        return Err(id_is_taken::<R>().into());
    }
    if user_columns::<R>().all(|index| row.record.value(index) == found.value(index)) {
        return Ok(true);
    }
    let reason = match (row.expected, found.version()) {
        (None, Some(_)) => ConflictReason::Exists,
        (Some(expected), Some(actual)) if expected != actual => {
            ConflictReason::Version { expected, actual }
        }
        _ => return Ok(false),
    };
    Err(conflict::<R>(id, reason))
}
