//! Rows of an upsert with different ids, which are written together.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use uuid::Uuid;

use super::super::write::with_update_time;
use super::super::write_order::{self, KeyValues};
use super::super::{Context, by_ids, diagnose, one_each, values};
use super::candidate::{Candidate, id_is_taken, is_same, update_values, user_columns};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::record::Record;
use crate::model::repository::Upserted;
use crate::model::value::Value;
use crate::session::Session;
use crate::sql::{self, Affected, Bulk, KeyChange};

/// Rows with different ids that are written together.
pub(super) struct Together<'s, R> {
    pub(super) context: &'s Context,
    pub(super) rows: &'s [&'s Candidate<R>],
    /// Whether they are one part, whose error is complete.
    pub(super) is_single: bool,
}

impl<'s, R: Record> Together<'s, R> {
    fn is_circle(&self) -> bool {
        self.is_single && self.rows.len() > 1
    }

    /// Returns the outcomes in the order of the rows.
    pub(super) async fn upsert<D: Dialect>(
        &self,
        session: &mut Session<D>,
    ) -> Result<Vec<Upserted<R>>>
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
                Err(error) => return Err(self.update_error(session, error, &before).await),
            }
        }
        one_each(&updated)?;
        Ok(updated)
    }

    /// Completes the error of an update of one row.
    async fn update_error<D: Dialect>(
        &self,
        session: &mut Session<D>,
        error: Error,
        stamps: &[Value],
    ) -> Error
    where
        R: Twin<D>,
    {
        let [row] = self.rows else {
            return error;
        };
        let changes = user_columns::<R>().map(|index| (index, row.record.value(index)));
        let changes = with_update_time::<R>(changes.collect(), stamps);
        let affected = Affected::One {
            id: row.record.id(),
            owner: row.record.owner(),
        };
        diagnose::change_error::<D, R>(session, self.context, error, affected, &changes).await
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
        let inserted = match (insert_or_skip(session, &rows, self.is_single).await, &*rows) {
            (Ok(ids), _) => ids,
            (Err(error), [row]) => {
                return Err(diagnose::insert_error(session, self.context, error, *row, true).await);
            }
            (Err(error), _) => return Err(error),
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
        let values = by_ids(rest.iter().map(|row| row.record.id()), owner);
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

    /// Updates rows whose natural key changes, in the order of the call.
    async fn move_keys<D: Dialect>(
        &self,
        session: &mut Session<D>,
        moves: &[(&'s Candidate<R>, R)],
        outcomes: &mut HashMap<Uuid, Upserted<R>>,
    ) -> Result<()>
    where
        R: Twin<D>,
    {
        for run in independent_runs::<D, R>(moves) {
            let rows: Vec<&Candidate<R>> = moves[run].iter().map(|(row, _)| *row).collect();
            let updated = self
                .update_changed(session, &rows, KeyChange::Write)
                .await?;
            if updated.len() < rows.len() {
                // A row was written after it was read.
                return Err(ErrorKind::Serialization.into());
            }
            let updated = updated.into_iter();
            outcomes.extend(updated.map(|record| (record.id(), Upserted::Updated(record))));
        }
        Ok(())
    }
}

/// Splits rows into runs in which no row takes a key that another one has or takes: their order does not matter.
fn independent_runs<D: Dialect, R: Twin<D>>(moves: &[(&Candidate<R>, R)]) -> Vec<Range<usize>> {
    let has_expression = R::statements().has_expression_key();
    let mut runs = Vec::new();
    let mut start = 0;
    let mut keys: BTreeSet<(usize, KeyValues)> = BTreeSet::new();
    for (at, (row, stored)) in moves.iter().enumerate() {
        let both = [&row.record, stored].map(KeyValues::each::<D, R>);
        let mut both: Vec<(usize, KeyValues)> = both.into_iter().flatten().collect();
        both.sort_unstable();
        both.dedup();
        if at > 0 && (has_expression || both.iter().any(|key| keys.contains(key))) {
            runs.push(start..at);
            start = at;
            keys.clear();
        }
        keys.extend(both);
    }
    if !moves.is_empty() {
        runs.push(start..moves.len());
    }
    runs
}

/// Inserts rows, but skips those whose ids are stored. Returns the ids of the inserted ones. Those of a single part
/// reference each other, so they are one statement.
async fn insert_or_skip<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    rows: &[&R],
    is_single: bool,
) -> Result<HashSet<Uuid>> {
    let statements = R::statements();
    let types = sql::insert_types(statements);
    let mut inserted = HashSet::with_capacity(rows.len());
    for chunk in sql::insert_chunks::<D, _>(statements, rows, is_single)? {
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
