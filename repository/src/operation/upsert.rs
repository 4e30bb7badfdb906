//! Upsert: an update of the rows that differ, an insert of those that are not there, and a look at the
//! rest. Each outcome is known exactly, and no write of someone else is overwritten unseen.

use std::collections::{HashMap, HashSet};
use std::mem;

use uuid::Uuid;

use super::write::conflict;
use super::{Context, accept, diagnose, one_each, values, write_order};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::{ConflictReason, Error, ErrorKind, Result};
use crate::model::record::Record;
use crate::model::repository::{Upsert, Upserted};
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::{self, Bulk};

/// A row to be upserted: the record that it becomes if it is not there, and the version that is expected
/// if it is.
struct Candidate<R> {
    /// Which row of the call it is.
    place: usize,
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
    // A statement can write a row once. A row that is there again meets what the one before it made, as it
    // would in a call of its own; the rows of each round have different ids.
    while !rest.is_empty() {
        let mut seen = HashSet::with_capacity(rest.len());
        let (round, repeated): (Vec<_>, Vec<_>) = mem::take(&mut rest)
            .into_iter()
            .partition(|row| seen.insert(row.record.id()));
        rest = repeated;
        outcomes.extend(upsert_round::<D, R>(session, context, &round).await?);
    }
    outcomes.sort_unstable_by_key(|(place, _)| *place);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// Upserts rows with different ids; each outcome comes with the place of its row in the call.
async fn upsert_round<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    candidates: &[Candidate<R>],
) -> Result<Vec<(usize, Upserted<R>)>> {
    // In the order of ids, so that two calls with the same ids wait for each other instead of in a circle.
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
        let went_in = inserted.contains(&row.record.id());
        if went_in {
            outcomes.insert(row.record.id(), Upserted::Inserted(row.record.clone()));
        }
        !went_in
    });
    explain_untouched::<D, R>(session, context, &rest, &mut outcomes).await?;
    // Each id has its outcome, or the call has failed above.
    Ok(candidates
        .iter()
        .filter_map(|row| Some((row.place, outcomes.remove(&row.record.id())?)))
        .collect())
}

fn candidates<D: Dialect, R: Twin<D>>(
    context: &Context,
    rows: Vec<Upsert<R>>,
) -> Result<Vec<Candidate<R>>> {
    let now = context.now();
    rows.into_iter()
        .enumerate()
        .map(|(place, row)| {
            context.check_owner(row.owner)?;
            let stamp = context.stamp::<R>(&row.draft, row.owner, now)?;
            let mut record = R::from_draft(row.draft, stamp);
            accept::<D, R>(&mut record)?;
            Ok(Candidate {
                place,
                record,
                expected: row.expected,
            })
        })
        .collect()
}

/// Locks the rows that are there, in the order of ids: the update below would take them in the order of its
/// plan, and the insert waits for those that someone else is changing.
async fn lock_stored<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    rows: &[&Candidate<R>],
) -> Result<()> {
    // SQLite has one writer at a time, and one row makes no circle.
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

/// Updates the rows that are there in the expected version and differ.
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
    let now = R::MANAGED.updated.map(|_| Value::Timestamp(context.now()));
    let before: Vec<Value> = now.into_iter().collect();
    let mut updated = Vec::new();
    for chunk in sql::chunks::<D, _>(rows, types.len(), before.len()) {
        let parameters = chunk.iter().map(|row| update_values(*row)).collect();
        let mut values = before.clone();
        values.extend(D::row_parameters(&types, parameters));
        let text = sql::bulk_update::<D>(statements, chunk.len());
        match session.fetch(&text, values, R::from_row).await {
            Ok(rows) => updated.extend(rows),
            Err(error) => return Err(refused(session, context, error, chunk).await),
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

/// Inserts the rows whose ids are free; returns those ids.
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
            Err(error) => return Err(refused(session, context, error, chunk).await),
        }
    }
    Ok(inserted)
}

/// The error of a statement that writes these rows.
async fn refused<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    error: Error,
    rows: &[&Candidate<R>],
) -> Error {
    let records: Vec<&R> = rows.iter().map(|row| &row.record).collect();
    diagnose::of_rows(session, context, error, &records).await
}

/// The rows that were neither updated nor inserted: they hold what they should already, or the call
/// fails.
async fn explain_untouched<D: Dialect, R: Twin<D>>(
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
        let found = stored.remove(&id).ok_or_else(taken::<R>)?;
        judge(row, &found)?;
        outcomes.insert(id, Upserted::Unchanged(found));
    }
    Ok(())
}

/// The id is taken, and the caller does not see by what.
fn taken<R: Record>() -> ErrorKind {
    match R::MANAGED.owner {
        Some(_) => ErrorKind::Permission {
            reason: format!(
                "a {} row with this id belongs to another owner",
                R::TABLE.name
            )
            .into(),
        },
        // The row went away between the insert and the look.
        None => ErrorKind::Serialization,
    }
}

/// The columns that a caller writes.
fn user_columns<R: Record>() -> impl Iterator<Item = usize> {
    R::MANAGED.user_columns(R::COLUMNS.len())
}

/// Whether a stored row that the update passed over is what the caller wants.
fn judge<R: Record>(row: &Candidate<R>, found: &R) -> Result<()> {
    let id = found.id();
    if R::MANAGED
        .deleted
        .is_some_and(|deleted| !found.value(deleted).is_null())
    {
        return Err(conflict::<R>(id, ConflictReason::Deleted));
    }
    if found.owner() != row.record.owner() {
        return Err(taken::<R>().into());
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
        // It would have been updated, so it came or changed between the update and the look.
        _ => return Err(ErrorKind::Serialization.into()),
    };
    Err(conflict::<R>(id, reason))
}
