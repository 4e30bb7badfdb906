//! Rows of an upsert with different ids, which are written together.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::super::write::with_update_time;
use super::super::write_order::{self, KeyValues};
use super::super::{Context, NewRow, by_keys, diagnose, one_each, values};
use super::candidate::{id_is_taken, is_same, update_values};
use crate::driver::{AnyRecord, Dialect, RecordType, Records};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::key::Key;
use crate::model::value::Value;
use crate::session::Session;
use crate::sql::{self, Affected, Bulk, KeyChange, Statements};

/// Rows with different ids that are written together.
pub(super) struct Together<'s, D: Dialect> {
    pub(super) context: &'s Context,
    pub(super) record: RecordType<D>,
    pub(super) rows: &'s [NewRow<'s>],
    /// Whether they are one part, whose error is complete.
    pub(super) is_single: bool,
}

/// The outcome of a row of an upsert.
pub(crate) enum UpsertedRow {
    /// It was inserted as it is.
    Inserted,
    /// The stored row after its update.
    Updated(StoredRow),
    /// The stored row, which has the contents of the row.
    Unchanged(StoredRow),
}

/// A stored row: one of those that a statement returned.
#[derive(Clone)]
pub(crate) struct StoredRow {
    pub(crate) rows: Arc<dyn Records>,
    pub(crate) index: usize,
}

impl StoredRow {
    /// Every row that a statement returned, with its id.
    fn each(rows: Box<dyn Records>) -> HashMap<Key, Self> {
        let rows: Arc<dyn Records> = rows.into();
        let each = rows.iter().enumerate();
        let each = each.map(|(index, row)| {
            let rows = rows.clone();
            (row.key(), StoredRow { rows, index })
        });
        each.collect()
    }

    fn record(&self) -> Result<&dyn AnyRecord> {
        // The index is that of a row.
        let record = self.rows.get(self.index);
        record.ok_or_else(|| ErrorKind::Internal.into())
    }
}

/// The outcomes of rows by their ids.
type Outcomes = HashMap<Key, UpsertedRow>;

impl<'s, D: Dialect> Together<'s, D> {
    fn is_circle(&self) -> bool {
        self.is_single && self.rows.len() > 1
    }

    /// Returns the outcomes in the order of the rows.
    pub(super) async fn upsert(&self, session: &mut Session<D>) -> Result<Vec<UpsertedRow>> {
        // In the order of ids: two calls with the same ids then wait for each other, and do not deadlock.
        let mut rest: Vec<NewRow<'s>> = self.rows.to_vec();
        rest.sort_by_cached_key(|row| row.record.key());
        let mut outcomes = Outcomes::with_capacity(rest.len());

        if self.is_circle() {
            // A stored row may reference a missing one.
            self.insert_missing(session, &mut rest, &mut outcomes)
                .await?;
        }
        let key_change = match rest.len() {
            0 | 1 => KeyChange::Write,
            _ => KeyChange::Skip,
        };
        let stored: Vec<NewRow<'_>> = rest.iter().filter(|row| !row.is_new).copied().collect();
        let updated = self.update_changed(session, &stored, key_change).await?;
        add_updated(updated, &mut rest, &mut outcomes);
        if !self.is_circle() {
            self.insert_missing(session, &mut rest, &mut outcomes)
                .await?;
        }
        self.check_stored(session, rest, &mut outcomes).await?;
        // Each id has an outcome, or the call has failed above.
        let keys = self.rows.iter().map(|row| row.record.key());
        Ok(keys.filter_map(|key| outcomes.remove(&key)).collect())
    }

    /// Updates the rows that are stored in the expected version and differ. Returns these.
    async fn update_changed(
        &self,
        session: &mut Session<D>,
        rows: &[NewRow<'_>],
        key_change: KeyChange,
    ) -> Result<HashMap<Key, StoredRow>> {
        let statements = self.record.statements;
        if statements.user_columns().next().is_none() {
            return Ok(HashMap::new());
        }
        let types = sql::update_types(statements);
        let updated = statements.managed.updated.zip(rows.first());
        let now = updated.map(|(index, row)| row.record.value(index));
        let before: Vec<Value> = now.into_iter().collect();
        let mut updated = Vec::new();
        let parameters = |row: &NewRow<'_>| update_values(statements, *row);
        let chunks = sql::chunks_of_columns::<D, _>(rows, types.len(), before.len(), parameters);
        for chunk in chunks {
            let text = sql::bulk_update::<D>(statements, chunk.len(), key_change);
            let mut values = before.clone();
            values.extend(D::row_parameters(&types, chunk));
            match session.fetch_records(&text, values, self.record).await {
                Ok(rows) => updated.push(rows),
                Err(error) => return Err(self.update_error(session, error, &before).await),
            }
        }
        for rows in &updated {
            one_each(statements, &**rows)?;
        }
        Ok(updated.into_iter().flat_map(StoredRow::each).collect())
    }

    /// Completes the error of an update of one row.
    async fn update_error(
        &self,
        session: &mut Session<D>,
        error: Error,
        stamps: &[Value],
    ) -> Error {
        let statements = self.record.statements;
        let [row] = self.rows else {
            return error;
        };
        let changes = statements.user_columns();
        let changes = changes.map(|index| (index, row.record.value(index)));
        let changes = with_update_time(statements, changes.collect(), stamps);
        let (id, _) = statements.id_and_owner(&row.record.key());
        let affected = Affected::One {
            id: &id,
            owner: row.record.owner(),
        };
        let context = self.context;
        diagnose::change_error(session, context, statements, error, affected, &changes).await
    }

    /// Inserts the rows whose ids are not stored yet.
    async fn insert_missing(
        &self,
        session: &mut Session<D>,
        rest: &mut Vec<NewRow<'s>>,
        outcomes: &mut Outcomes,
    ) -> Result<()> {
        let statements = self.record.statements;
        let records: Vec<&dyn AnyRecord> = rest.iter().map(|row| row.record).collect();
        let rows = write_order::sorted(statements, &records);
        let inserted = insert_or_skip(session, statements, &rows, self.is_single).await;
        let inserted = match (inserted, &*rows) {
            (Ok(ids), _) => ids,
            (Err(error), [row]) => {
                let context = self.context;
                let error = diagnose::insert_error(session, context, statements, error, *row, true);
                return Err(error.await);
            }
            (Err(error), _) => return Err(error),
        };
        rest.retain(|row| {
            let is_inserted = inserted.contains(&row.record.key());
            if is_inserted {
                outcomes.insert(row.record.key(), UpsertedRow::Inserted);
            }
            !is_inserted
        });
        Ok(())
    }

    /// Reads the rows that were neither updated nor inserted: each is unchanged, or its natural key changes, or the call
    /// fails.
    async fn check_stored(
        &self,
        session: &mut Session<D>,
        rest: Vec<NewRow<'s>>,
        outcomes: &mut Outcomes,
    ) -> Result<()> {
        if rest.is_empty() {
            return Ok(());
        }
        let statements = self.record.statements;
        let owner = self.context.owner_of(statements);
        let text = sql::select_by_keys::<D>(statements, owner.is_some());
        let keys: Vec<Key> = rest.iter().map(|row| row.record.key()).collect();
        let values = by_keys::<D>(statements, &keys, owner);
        let stored = session.fetch_records(&text, values, self.record).await?;
        one_each(statements, &*stored)?;
        let mut stored = StoredRow::each(stored);
        let mut moves = Vec::new();
        let is_rest: HashSet<Key> = keys.into_iter().collect();
        for row in self
            .rows
            .iter()
            .filter(|row| is_rest.contains(&row.record.key()))
        {
            let key = row.record.key();
            if row.is_new {
                // The counter of the database is behind the ids that it has.
                let mut rules = statements.domain.unique_rules();
                let primary = rules.next().ok_or(ErrorKind::Internal)?;
                return Err(diagnose::unique_kind(statements, primary).into());
            }
            let found = stored.remove(&key).ok_or_else(|| id_is_taken(statements))?;
            if is_same(statements, *row, found.record()?)? {
                outcomes.insert(key, UpsertedRow::Unchanged(found));
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
    async fn move_keys(
        &self,
        session: &mut Session<D>,
        moves: &[(NewRow<'s>, StoredRow)],
        outcomes: &mut Outcomes,
    ) -> Result<()> {
        for run in independent_runs(self.record.statements, moves)? {
            let rows: Vec<NewRow<'_>> = moves[run].iter().map(|(row, _)| *row).collect();
            let updated = self
                .update_changed(session, &rows, KeyChange::Write)
                .await?;
            if updated.len() < rows.len() {
                // A row was written after it was read.
                return Err(ErrorKind::Serialization.into());
            }
            let updated = updated.into_iter();
            outcomes.extend(updated.map(|(id, row)| (id, UpsertedRow::Updated(row))));
        }
        Ok(())
    }
}

/// Splits rows into runs in which no row takes a key that another one has or takes: their order does not matter.
fn independent_runs(
    statements: &Statements,
    moves: &[(NewRow<'_>, StoredRow)],
) -> Result<Vec<Range<usize>>> {
    let has_expression = statements.has_expression_key();
    let mut runs = Vec::new();
    let mut start = 0;
    let mut keys: BTreeSet<(usize, KeyValues)> = BTreeSet::new();
    for (at, (row, stored)) in moves.iter().enumerate() {
        let both = [row.record, stored.record()?];
        let both = both.map(|record| KeyValues::each(statements, record));
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
    Ok(runs)
}

/// Inserts rows, but skips those whose ids are stored. Returns the keys of the inserted ones. Those of a single part
/// reference each other, so they are one statement.
async fn insert_or_skip<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    rows: &[&dyn AnyRecord],
    is_single: bool,
) -> Result<HashSet<Key>> {
    let types = sql::insert_types(statements);
    let mut inserted = HashSet::with_capacity(rows.len());
    let parameters = |row: &&dyn AnyRecord| values(statements, *row);
    for chunk in sql::insert_chunks::<D, _>(statements, rows, is_single, parameters)? {
        let text = sql::bulk_insert::<D>(statements, Bulk::Skip, chunk.len());
        let values = D::row_parameters(&types, chunk);
        let keys = session.fetch_keys(&text, values, statements);
        inserted.extend(keys.await?);
    }
    Ok(inserted)
}

fn add_updated(
    updated: HashMap<Key, StoredRow>,
    rest: &mut Vec<NewRow<'_>>,
    outcomes: &mut Outcomes,
) {
    let updated = updated.into_iter();
    outcomes.extend(updated.map(|(id, row)| (id, UpsertedRow::Updated(row))));
    rest.retain(|row| !outcomes.contains_key(&row.record.key()));
}
