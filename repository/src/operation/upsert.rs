//! Upsert in three steps: update the rows that differ, insert the missing ones, and read the rest.
//!
//! Each row has an exact outcome, and a concurrent write is never overwritten unseen.

use std::collections::{HashMap, HashSet};
use std::mem;

use uuid::Uuid;

use super::write::conflict;
use super::{Context, diagnose, normalise, one_each, values, write_order};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::{ConflictReason, Error, ErrorKind, Result};
use crate::model::record::Record;
use crate::model::repository::{Upsert, Upserted};
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::{self, Bulk};

/// A row to be upserted: the record to insert if it is missing, and the version to update if it is stored.
struct Candidate<R> {
    /// The index of the row in the call.
    index: usize,
    record: R,
    expected: Option<i64>,
}

pub(crate) async fn upsert_many<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    rows: Vec<Upsert<R>>,
) -> Result<Vec<Upserted<R>>> {
    let mut rest = candidates::<D, R>(context, rows)?;
    let mut outcomes: Vec<(usize, Upserted<R>)> = Vec::with_capacity(rest.len());
    // A statement can write a row only once, so the ids of a round differ. A row with a repeated id is written in a
    // later round, as by a later call.
    while !rest.is_empty() {
        let mut seen = HashSet::with_capacity(rest.len());
        let (round, repeated): (Vec<_>, Vec<_>) = mem::take(&mut rest)
            .into_iter()
            .partition(|row| seen.insert(row.record.id()));
        rest = repeated;
        outcomes.extend(upsert_round::<D, R>(session, context, &round).await?);
    }
    outcomes.sort_unstable_by_key(|(index, _)| *index);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// Upserts rows with different ids; returns each outcome with the index of its row in the call.
async fn upsert_round<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    candidates: &[Candidate<R>],
) -> Result<Vec<(usize, Upserted<R>)>> {
    // In the order of ids: two calls with the same ids then wait for each other, and do not deadlock.
    let mut rest: Vec<&Candidate<R>> = candidates.iter().collect();
    rest.sort_unstable_by_key(|row| row.record.id());

    lock_stored::<D, R>(session, context, &rest).await?;
    let mut outcomes = HashMap::with_capacity(candidates.len());
    for record in update_changed::<D, R>(session, context, &rest).await? {
        outcomes.insert(record.id(), Upserted::Updated(record));
    }
    rest.retain(|row| !outcomes.contains_key(&row.record.id()));
    let inserted = insert_missing::<D, R>(session, context, &rest).await?;
    rest.retain(|row| {
        let is_inserted = inserted.contains(&row.record.id());
        if is_inserted {
            outcomes.insert(row.record.id(), Upserted::Inserted(row.record.clone()));
        }
        !is_inserted
    });
    check_unchanged::<D, R>(session, context, &rest, &mut outcomes).await?;
    // Each id has an outcome, or the call has failed above.
    Ok(candidates
        .iter()
        .filter_map(|row| Some((row.index, outcomes.remove(&row.record.id())?)))
        .collect())
}

fn candidates<D: Dialect, R: Twin<D>>(
    context: &Context,
    rows: Vec<Upsert<R>>,
) -> Result<Vec<Candidate<R>>> {
    let now = context.now();
    rows.into_iter()
        .enumerate()
        .map(|(index, row)| {
            context.check_owner(row.owner)?;
            let stamp = context.stamp::<R>(&row.draft, row.owner, now)?;
            let mut record = R::from_draft(row.draft, stamp);
            normalise::<D, R>(&mut record)?;
            Ok(Candidate {
                index,
                record,
                expected: row.expected,
            })
        })
        .collect()
}

/// Locks the stored rows in the order of ids.
///
/// Without it, the update locks rows in the order of its query plan, and may deadlock with another call.
async fn lock_stored<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    rows: &[&Candidate<R>],
) -> Result<()> {
    // SQLite has one writer at a time, and one row cannot deadlock.
    if D::LOCK_ROWS.is_empty() || rows.len() < 2 {
        return Ok(());
    }
    let owner = context.owner_of::<R>();
    let text = sql::lock_by_ids::<D>(R::statements(), owner.is_some());
    session.execute(&text, by_ids(rows, owner)).await?;
    Ok(())
}

/// The parameters of a statement that selects by ids.
fn by_ids<R: Record>(rows: &[&Candidate<R>], owner: Option<Uuid>) -> Vec<Value> {
    let ids = rows
        .iter()
        .map(|row| Value::Uuid(row.record.id()))
        .collect();
    let mut values = vec![Value::Array(Type::Uuid, ids)];
    values.extend(owner.map(Value::Uuid));
    values
}

/// Updates the rows that are stored in the expected version and differ.
async fn update_changed<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    rows: &[&Candidate<R>],
) -> Result<Vec<R>> {
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
        let text = sql::bulk_update::<D>(statements, chunk.len());
        match session.fetch(&text, values, R::from_row).await {
            Ok(rows) => updated.extend(rows),
            Err(error) => return Err(row_error(session, context, error, chunk).await),
        }
    }
    one_each(&updated)?;
    Ok(updated)
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

/// Inserts the rows whose ids are not stored yet; returns their ids.
async fn insert_missing<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    rows: &[&Candidate<R>],
) -> Result<HashSet<Uuid>> {
    let statements = R::statements();
    let types = sql::insert_types(statements);
    let rows = write_order::sorted::<D, R, _>(rows, |row| &row.record);
    let rows: Vec<&Candidate<R>> = rows.into_iter().copied().collect();
    let mut inserted = HashSet::with_capacity(rows.len());
    for chunk in sql::chunks::<D, _>(&rows, types.len(), 0) {
        let parameters = chunk.iter().map(|row| values(&row.record)).collect();
        let text = sql::bulk_insert::<D>(statements, Bulk::Skip, chunk.len());
        let values = D::row_parameters(&types, parameters);
        match session
            .fetch(&text, values, |row| D::get::<Uuid>(row, 0))
            .await
        {
            Ok(ids) => inserted.extend(ids),
            Err(error) => return Err(row_error(session, context, error, chunk).await),
        }
    }
    Ok(inserted)
}

/// Completes the error of a statement that writes these rows.
async fn row_error<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    error: Error,
    rows: &[&Candidate<R>],
) -> Error {
    let records: Vec<&R> = rows.iter().map(|row| &row.record).collect();
    diagnose::row_error(session, context, error, &records).await
}

/// Reads the rows that were neither updated nor inserted: each is unchanged, or the call fails.
async fn check_unchanged<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    rows: &[&Candidate<R>],
    outcomes: &mut HashMap<Uuid, Upserted<R>>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let owner = context.owner_of::<R>();
    let text = sql::select_by_ids::<D>(R::statements(), owner.is_some());
    let values = by_ids(rows, owner);
    let stored = session.fetch(&text, values, R::from_row).await?;
    one_each(&stored)?;
    let mut stored: HashMap<Uuid, R> = stored.into_iter().map(|row| (row.id(), row)).collect();
    for row in rows {
        let id = row.record.id();
        let found = stored.remove(&id).ok_or_else(id_is_taken::<R>)?;
        check_same(row, &found)?;
        outcomes.insert(id, Upserted::Unchanged(found));
    }
    Ok(())
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

/// Fails if a stored row that the update skipped differs from the row of the call.
fn check_same<R: Record>(row: &Candidate<R>, found: &R) -> Result<()> {
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
    let same = user_columns::<R>().all(|index| row.record.value(index) == found.value(index));
    if same {
        return Ok(());
    }
    let reason = match (row.expected, found.version()) {
        (None, Some(_)) => ConflictReason::Exists,
        (Some(expected), Some(actual)) if expected != actual => {
            ConflictReason::Version { expected, actual }
        }
        // The update would have changed it, so it was written after the update.
        _ => return Err(ErrorKind::Serialization.into()),
    };
    Err(conflict::<R>(id, reason))
}
