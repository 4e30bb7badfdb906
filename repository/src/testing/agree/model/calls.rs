//! The calls of a repository in the model.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::super::operation::{Call, Draft, Id, Method, Row, Seen, Values, Who};
use super::super::outcome::{Answer, How, Outcome};
use super::super::shape::Shape;
use super::answers::{agree, counted, has_id, listed, paged};
use super::units::Place;
use super::written::{Did, check_new, same, set, touch};
use super::{Broken, Model, require};
use crate::model::error::{ConflictReason, ErrorKind};
use crate::model::key::Key;
use crate::model::value::Value;

/// A write bumps the version by one, sets the time, and leaves the other columns.
const WROTE: &str = "a write changes its columns, bumps the version by one and sets the time";

impl Model {
    /// Checks one outcome, and learns from it.
    pub(super) fn call(
        &mut self,
        who: Who,
        place: Place,
        call: &Call,
        outcome: &Outcome,
    ) -> Result<(), Broken> {
        match &outcome.0 {
            Err(kind) => self.failed(who, place, call, kind),
            Ok(_) if place == Place::EndedUnit => Err(Broken {
                rule: "a unit in which a write failed, or that has ended, accepts no call",
                detail: format!("{} answered {outcome}", call.method.name()),
            }),
            Ok(_) if place == (Place::Unit { reads: true }) && call.method.writes() => {
                Err(Broken {
                    rule: "a read unit refuses writes",
                    detail: format!("{} answered {outcome}", call.method.name()),
                })
            }
            Ok(_) if self.uncertain => {
                self.blind |= call.method.writes();
                Ok(())
            }
            Ok(answer) => self.answered(who, call, answer),
        }
    }

    fn failed(&self, who: Who, place: Place, call: &Call, kind: &ErrorKind) -> Result<(), Broken> {
        let broken = |rule: &'static str| {
            Err(Broken {
                rule,
                detail: format!("{} failed with {kind:?}", call.method.name()),
            })
        };
        match kind {
            ErrorKind::Internal
            | ErrorKind::Decode { .. }
            | ErrorKind::SchemaMismatch { .. }
            | ErrorKind::Corrupt
            | ErrorKind::ConnectionLost
            | ErrorKind::CommitUnknown
            | ErrorKind::PoolTimeout
            | ErrorKind::LockTimeout
            | ErrorKind::Serialization
            | ErrorKind::StatementTimeout
            | ErrorKind::StatementTooLarge
            | ErrorKind::DuplicateId { .. }
            | ErrorKind::Unavailable { .. } => {
                broken("a call alone on a healthy database does not fail so")
            }
            ErrorKind::UnitEnded { .. } if place != Place::EndedUnit => {
                broken("a unit in which no write failed accepts calls")
            }
            ErrorKind::UnitEnded { .. } => Ok(()),
            _ if place == Place::EndedUnit => broken("an ended unit says so to every call"),
            _ if self.uncertain => Ok(()),
            ErrorKind::NotFound { id, .. } => {
                let id: Id = id.to_values().collect();
                let visible = match call.method {
                    Method::Restore { .. } => self.any(call.table, who, &id),
                    _ => self.live(call.table, who, &id),
                };
                match (visible, &call.method) {
                    // Its owner is another one than the record says.
                    (Some(_), Method::Update(_)) | (None, _) => Ok(()),
                    (Some(_), _) => broken("a visible row is found"),
                }
            }
            // A call of many rows may have written this one before it failed.
            ErrorKind::Conflict { .. } if matches!(call.method, Method::UpsertMany(_)) => Ok(()),
            ErrorKind::Conflict { id, reason, .. } => {
                let id: Id = id.to_values().collect();
                let mut rows = self.with_id(call.table, who, &id).peekable();
                if rows.peek().is_none() {
                    return broken("a conflict is about a row of the scope");
                }
                match (reason, self.shapes[call.table].managed.version) {
                    (ConflictReason::Version { actual, .. }, Some(column)) => {
                        match rows.any(|row| row[column] == Value::BigInt(*actual)) {
                            true => Ok(()),
                            false => broken("a conflict names the stored version"),
                        }
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn answered(&mut self, who: Who, call: &Call, answer: &Answer) -> Result<(), Broken> {
        let table = call.table;
        match (&call.method, answer) {
            (Method::Find(id), Answer::Maybe(found)) => {
                let expected = self.live(table, who, id).map(AsRef::as_ref);
                agree(expected, found.as_ref())
            }
            (Method::Get(id), Answer::Row(found)) => {
                agree(self.live(table, who, id).map(AsRef::as_ref), Some(found))
            }
            (Method::Lock(ids), Answer::Rows(found)) => {
                let shape = &self.shapes[table];
                let keys = ids.iter().filter_map(|id| shape.key(who.owner(), id));
                let keys: BTreeSet<Key> = keys.collect();
                let rows = keys
                    .into_iter()
                    .filter_map(|key| self.stored(table, who, Some(key)));
                let rows = rows.filter(|row| !self.is_deleted(table, row));
                let expected: Vec<&Row> = rows.map(AsRef::as_ref).collect();
                listed(&expected, found.iter())
            }
            (Method::Exists(asked), Answer::Flag(found)) => {
                let expected = !self.found(table, who, asked).is_empty();
                require(*found == expected, "exists answers as the rows say", || {
                    format!("{found} instead of {expected}")
                })
            }
            (Method::Count(asked), Answer::Number(found)) => {
                counted(self.found(table, who, asked).len(), *found)
            }
            (Method::Stream(asked), Answer::Rows(found)) => {
                listed(&self.found(table, who, asked), found.iter())
            }
            (
                Method::Pages {
                    query,
                    size,
                    backwards,
                },
                Answer::Pages(pages),
            ) => paged(&self.found(table, who, query), pages, *size, *backwards),
            (Method::Follow { then, .. }, Answer::Pages(pages)) => {
                // Which rows follow depends on the cursor. They are rows of the query, in its order.
                let all = self.found(table, who, then);
                let mut at = all.iter();
                let ordered = pages
                    .iter()
                    .flat_map(|page| &page.rows)
                    .all(|row| at.any(|expected| *expected == row));
                require(
                    ordered,
                    "a page has rows of its query, in its order",
                    || format!("{pages:?}"),
                )
            }
            (Method::Plant { key, column, value }, Answer::Number(rows)) => {
                let key = self.shapes[table].key_with(key);
                if let (1, Some(row)) = (rows, self.stored(table, who, key)) {
                    let mut row = Row::clone(row);
                    row[*column] = value.clone();
                    self.put(table, &row);
                }
                Ok(())
            }
            _ => self.written(who, call, answer),
        }
    }

    fn written(&mut self, who: Who, call: &Call, answer: &Answer) -> Result<(), Broken> {
        let table = call.table;
        match (&call.method, answer) {
            (Method::Insert(draft), Answer::Row(row)) => {
                self.inserted(who.owner(), table, draft, row)
            }
            (Method::InsertMany(drafts), Answer::Rows(rows)) => {
                counted(drafts.len(), rows.len() as u64)?;
                let mut pairs = drafts.iter().zip(rows);
                pairs.try_for_each(|(draft, row)| self.inserted(who.owner(), table, draft, row))
            }
            (Method::InsertRun { draft, rows: n }, Answer::Rows(rows)) => {
                counted(*n, rows.len() as u64)?;
                let shapes = self.shapes.clone();
                let mut pairs = shapes[table].run(draft, *n).zip(rows);
                pairs.try_for_each(|(draft, row)| self.inserted(who.owner(), table, &draft, row))
            }
            (Method::Update(record), Answer::Row(row)) => {
                let shape = &self.shapes[table];
                let users = shape.user_columns();
                let changes = users.map(|column| (column, record[column].clone()));
                let key = shape.key_of(record);
                self.changed(who, table, key, &changes.collect(), row)
            }
            (Method::Patch { id, changes, .. }, Answer::Row(row)) if changes.is_empty() => {
                agree(self.live(table, who, id).map(AsRef::as_ref), Some(row))
            }
            (Method::Patch { id, changes, .. }, Answer::Row(row)) => {
                let key = self.shapes[table].key(who.owner(), id);
                self.changed(who, table, key, changes, row)
            }
            (Method::Upsert(seen), Answer::Upserted(outcomes)) => {
                self.upserted(who, table, std::slice::from_ref(seen), outcomes)
            }
            (Method::UpsertMany(seen), Answer::Upserted(outcomes)) => {
                self.upserted(who, table, seen, outcomes)
            }
            (Method::UpsertRun { draft, rows: n }, Answer::Upserted(outcomes)) => {
                let seen = self.shapes[table].run(draft, *n).map(Seen::New);
                let seen: Vec<Seen> = seen.collect();
                self.upserted(who, table, &seen, outcomes)
            }
            (Method::Delete { id, .. }, Answer::Done) => {
                let row = self.live(table, who, id).map(|row| Row::clone(row));
                let row = row.ok_or_else(|| Broken {
                    rule: "only a live row of the scope is deleted",
                    detail: format!("{id:?}"),
                })?;
                self.remove(table, vec![row]);
                Ok(())
            }
            (Method::Restore { id, .. }, Answer::Row(row)) => {
                let Some(old) = self.any(table, who, id) else {
                    return agree(None, Some(row));
                };
                let mut expected = Row::clone(old);
                if self.is_deleted(table, &expected) {
                    touch(&self.shapes[table], &mut expected, self.now, Did::Restored);
                }
                same(
                    &expected,
                    row,
                    "a restored row is live, and a live row is unchanged",
                )?;
                self.put(table, row);
                Ok(())
            }
            (Method::Purge { before, limit }, Answer::Number(purged)) => {
                let Some(column) = self.shapes[table].managed.deleted else {
                    return Ok(());
                };
                let before = crate::model::clock::to_microseconds(*before);
                let old = self.rows(table).filter(|row| {
                    self.in_scope(table, who, row)
                        && matches!(row[column], Value::Timestamp(at) if at < before)
                });
                let old: Vec<Row> = old.cloned().collect();
                counted(old.len().min(*limit as usize), *purged)?;
                if *purged == old.len() as u64 {
                    self.forget(table, &old);
                } else {
                    // Which ones are gone is read again.
                    self.uncertain |= *purged > 0;
                }
                Ok(())
            }
            (Method::PatchWhere { filter, changes }, Answer::Number(patched)) => {
                let rows = self.live_matching(table, who, filter);
                if changes.is_empty() {
                    return counted(0, *patched);
                }
                counted(rows.len(), *patched)?;
                for mut row in rows {
                    set(&self.shapes[table], &mut row, changes);
                    touch(&self.shapes[table], &mut row, self.now, Did::Wrote);
                    self.put(table, &row);
                }
                Ok(())
            }
            (Method::DeleteWhere(filter), Answer::Number(deleted)) => {
                let rows = self.live_matching(table, who, filter);
                counted(rows.len(), *deleted)?;
                self.remove(table, rows);
                Ok(())
            }
            (method, answer) => Err(Broken {
                rule: "a method answers in its own form",
                detail: format!("{} answered {answer:?}", method.name()),
            }),
        }
    }

    fn live_matching(
        &self,
        table: usize,
        who: Who,
        filter: &super::super::operation::Filter,
    ) -> Vec<Row> {
        let rows = self.matching(table, who, filter);
        rows.filter(|row| !self.is_deleted(table, row))
            .cloned()
            .collect()
    }

    fn remove(&mut self, table: usize, rows: Vec<Row>) {
        let managed = self.shapes[table].managed;
        if managed.deleted.is_none() {
            self.forget(table, &rows);
            return;
        }
        for mut row in rows {
            touch(&self.shapes[table], &mut row, self.now, Did::Deleted);
            self.put(table, &row);
        }
    }

    /// Removes rows for good. What referred to them is read again.
    fn forget(&mut self, table: usize, rows: &[Row]) {
        let name = self.shapes[table].table.name;
        for row in rows {
            if let Some(key) = self.shapes[table].key_of(row) {
                self.rows[table].remove(&key);
            }
        }
        let referenced = self.shapes.iter().any(|shape| {
            let mut keys = shape.table.foreign_keys.iter();
            keys.any(|key| key.references == name)
        });
        self.uncertain |= referenced && !rows.is_empty();
    }

    fn inserted(
        &mut self,
        owner: Option<Uuid>,
        table: usize,
        draft: &Draft,
        row: &Row,
    ) -> Result<(), Broken> {
        let shape = &self.shapes[table];
        has_id(shape, draft.id.as_ref(), row)?;
        let key = shape.key_of(row);
        require(
            key.is_some_and(|key| !self.rows[table].contains_key(&key)),
            "an insert makes a row that was not there",
            || format!("{:?}", shape.key_values(row)),
        )?;
        check_new(shape, &draft.values, owner, self.now, row)?;
        self.put(table, row);
        Ok(())
    }

    fn changed(
        &mut self,
        who: Who,
        table: usize,
        key: Option<Key>,
        changes: &Values,
        row: &Row,
    ) -> Result<(), Broken> {
        let old = self.stored(table, who, key);
        let old = old.filter(|row| !self.is_deleted(table, row));
        let old = old.ok_or_else(|| Broken {
            rule: "only a live row of the scope is changed",
            detail: format!("{row:?}"),
        })?;
        let mut expected = Row::clone(old);
        set(&self.shapes[table], &mut expected, changes);
        touch(&self.shapes[table], &mut expected, self.now, Did::Wrote);
        same(&expected, row, WROTE)?;
        self.put(table, row);
        Ok(())
    }

    fn upserted(
        &mut self,
        who: Who,
        table: usize,
        seen: &[Seen],
        outcomes: &[(How, Row)],
    ) -> Result<(), Broken> {
        counted(seen.len(), outcomes.len() as u64)?;
        for (seen, (how, row)) in seen.iter().zip(outcomes) {
            let shape = &self.shapes[table];
            let draft = match seen {
                Seen::New(draft) => draft.clone(),
                Seen::Seen(record) => Draft {
                    id: Some(shape.id_of(record)),
                    values: shape
                        .user_columns()
                        .map(|column| (column, record[column].clone()))
                        .collect(),
                },
            };
            has_id(shape, draft.id.as_ref(), row)?;
            match how {
                How::Inserted => {
                    let owner = match (seen, who, shape.managed.owner) {
                        // The system's scope takes the owner of the record.
                        (Seen::Seen(record), Who::System, Some(column)) => {
                            Some(uuid_of(&record[column]))
                        }
                        _ => who.owner(),
                    };
                    self.inserted(owner, table, &draft, row)?;
                }
                How::Updated => {
                    let changes = complete(shape, &draft.values);
                    let key = shape.key_of(row);
                    self.changed(who, table, key, &changes, row)?;
                }
                How::Unchanged => {
                    let stored = self.stored(table, who, shape.key_of(row));
                    let live = stored.filter(|row| !self.is_deleted(table, row));
                    agree(live.map(AsRef::as_ref), Some(row))?;
                }
            }
        }
        Ok(())
    }
}

/// The values of a draft, with the defaults of the columns that it does not name.
fn complete(shape: &Shape, values: &Values) -> Values {
    let defaults = shape.user_columns().filter_map(|column| {
        let spec = &shape.specs[column];
        let given = values.iter().any(|(given, _)| *given == column);
        let default = spec.default.map(|default| default());
        (!given).then(|| (column, default.unwrap_or(Value::Null(spec.ty))))
    });
    defaults.chain(values.iter().cloned()).collect()
}

fn uuid_of(value: &Value) -> Uuid {
    match value {
        Value::Uuid(id) => *id,
        _ => Uuid::nil(),
    }
}
