//! Writes of the rows that a statement selects: by a filter, or for a purge.

use std::collections::HashMap;
use std::ops::Range;

use chrono::{DateTime, Utc};

use super::in_order::{self, BulkWrite, Parts};
use super::references::{self, References};
use super::write::{deleted_column, deletion_stamps, push_now, with_update_time};
use super::{Context, Patch, by_keys, changes, diagnose};
use crate::driver::{AnyRecord, Dialect, RecordType};
use crate::model::error::{Error, Result};
use crate::model::key::Key;
use crate::model::query::{Condition, Visibility};
use crate::model::value::{MAX_BYTES, Value};
use crate::session::Session;
use crate::sql::{self, Affected, Selection, SqlText, Statements};

/// What is done to each row.
enum Write {
    /// Changes columns. The stamps are the update time.
    Patch {
        changes: Vec<(usize, Value)>,
        stamps: Vec<Value>,
    },
    /// Sets the soft-delete column. The stamps are its time and the update time.
    Delete {
        changes: [(usize, Value); 1],
        stamps: Vec<Value>,
    },
    /// Removes the row.
    Remove,
}

impl Write {
    /// The changes of the columns; none if the row is removed.
    fn changes(&self) -> &[(usize, Value)] {
        match self {
            Write::Patch { changes, .. } => changes,
            Write::Delete { changes, .. } => changes,
            Write::Remove => &[],
        }
    }

    fn statement<D: Dialect>(
        &self,
        statements: &Statements,
        selection: Selection<'_>,
    ) -> Result<(SqlText, Vec<Value>)> {
        match self {
            Write::Patch { changes, stamps } => {
                sql::update_where::<D>(statements, changes.clone(), stamps.clone(), selection)
            }
            Write::Delete {
                changes: [(deleted, _)],
                stamps,
            } => {
                let deleted = statements.column(*deleted);
                sql::delete_where::<D>(statements, deleted, stamps.clone(), selection)
            }
            Write::Remove => sql::remove_where::<D>(statements, selection),
        }
    }

    fn may_violate_several<D: Dialect>(&self, context: &Context, statements: &Statements) -> bool {
        match self {
            Write::Remove => {
                references::are_possible(statements)
                    || diagnose::may_restrict_several::<D>(context, statements)
            }
            changed => diagnose::may_violate_several::<D>(context, statements, changed.changes()),
        }
    }

    /// Whether the success depends on the order of the rows.
    fn starts_in_order(&self, statements: &Statements) -> bool {
        match self {
            // The engines count the removed rows differently.
            Write::Remove => references::cascade(statements),
            changed => moves_through_predicate(statements, changed.changes()),
        }
    }

    async fn complete<D: Dialect>(
        &self,
        session: &mut Session<D>,
        context: &Context,
        statements: &Statements,
        error: Error,
        affected: Affected<'_>,
    ) -> Error {
        let (changes, stamps) = match self {
            Write::Remove => {
                return diagnose::delete_error(session, context, statements, error, affected).await;
            }
            Write::Patch { changes, stamps } => (changes.clone(), stamps),
            Write::Delete { changes, stamps } => (changes.to_vec(), stamps),
        };
        let changes = with_update_time(statements, changes, stamps);
        diagnose::change_error(session, context, statements, error, affected, &changes).await
    }
}

/// Whether the changes and another column together decide whether a row belongs to a partial unique key. Then some rows
/// may enter it and others leave it.
fn moves_through_predicate(statements: &Statements, changes: &[(usize, Value)]) -> bool {
    let is_changed = |index: &usize| changes.iter().any(|(changed, _)| changed == index);
    statements.domain.unique_rules().any(|rule| {
        let columns = 0..statements.columns.len();
        let mentioned = columns.filter(|index| rule.predicate_mentions(statements.column(*index)));
        let (changed, kept): (Vec<usize>, Vec<usize>) = mentioned.partition(is_changed);
        !changed.is_empty() && !kept.is_empty()
    })
}

/// A write of the live rows that a filter matches.
pub(crate) struct WriteWhere<'c, D: Dialect> {
    context: &'c Context,
    record: RecordType<D>,
    filter: &'c Condition,
    write: Write,
}

impl<'c, D: Dialect> WriteWhere<'c, D> {
    pub(crate) fn patch(
        context: &'c Context,
        record: RecordType<D>,
        filter: &'c Condition,
        patch: Patch<'_>,
    ) -> Result<Self> {
        let changes = changes(record.statements, patch)?;
        let mut stamps = Vec::new();
        if !changes.is_empty() {
            push_now(record.statements, context.now(), &mut stamps)?;
        }
        let write = Write::Patch { changes, stamps };
        Ok(WriteWhere {
            context,
            record,
            filter,
            write,
        })
    }

    /// Deletes softly if the record has soft delete.
    pub(crate) fn delete(
        context: &'c Context,
        record: RecordType<D>,
        filter: &'c Condition,
    ) -> Result<Self> {
        let statements = record.statements;
        let stamps = deletion_stamps(context, statements)?;
        let write = match statements.managed.deleted.zip(stamps.first().cloned()) {
            Some(change) => Write::Delete {
                changes: [change],
                stamps,
            },
            None => Write::Remove,
        };
        Ok(WriteWhere {
            context,
            record,
            filter,
            write,
        })
    }

    fn selection(&self) -> Selection<'_> {
        Selection {
            condition: self.filter,
            visibility: Visibility::Live,
            owner: self.context.owner_of(self.record.statements),
        }
    }
}

impl<D: Dialect> BulkWrite<D> for WriteWhere<'_, D> {
    type Output = u64;

    /// If one constraint only can be violated, each row has the same error.
    fn is_ordered(&self) -> bool {
        let statements = self.record.statements;
        self.write
            .may_violate_several::<D>(self.context, statements)
    }

    fn starts_in_order(&self) -> bool {
        self.write.starts_in_order(self.record.statements)
    }

    async fn write_at_once(&self, session: &mut Session<D>) -> Result<u64> {
        let selection = self.selection();
        if let Write::Patch { changes, .. } = &self.write
            && changes.is_empty()
        {
            // An invalid filter is an error here too.
            selection.values::<D>(self.record.statements, &mut Vec::new())?;
            return Ok(0);
        }
        let (text, values) = self
            .write
            .statement::<D>(self.record.statements, selection)?;
        match session.execute(&text, values).await {
            Err(error) if !self.is_ordered() => {
                let affected = Affected::Selected(selection);
                let complete = self.write.complete(
                    session,
                    self.context,
                    self.record.statements,
                    error,
                    affected,
                );
                Err(complete.await)
            }
            result => result,
        }
    }

    async fn write_in_order(&self, session: &mut Session<D>) -> Result<u64> {
        let selection = self.selection();
        let (text, values) = sql::select_keys::<D>(self.record.statements, selection)?;
        let keys = session.fetch_keys(&text, values, self.record.statements);
        let keys = keys.await?;
        let each = WriteEach::new(self.context, self.record, &self.write, selection.visibility);
        each.write_all(session, keys).await
    }
}

/// The removal of rows that were soft-deleted before a time, the oldest first.
pub(crate) struct Purge<'c, D: Dialect> {
    context: &'c Context,
    record: RecordType<D>,
    deleted: usize,
    before: DateTime<Utc>,
    limit: u32,
}

impl<'c, D: Dialect> Purge<'c, D> {
    pub(crate) fn new(
        context: &'c Context,
        record: RecordType<D>,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Self> {
        let deleted = deleted_column(record.statements, "purge")?;
        let mut before = before;
        crate::model::derive::canonical("before", &mut before, MAX_BYTES)?;
        Ok(Purge {
            context,
            record,
            deleted,
            before,
            limit,
        })
    }

    /// The parameters of a statement that selects the rows.
    fn values(&self) -> Vec<Value> {
        let mut values = vec![Value::Timestamp(self.before)];
        values.extend(
            self.context
                .owner_of(self.record.statements)
                .map(Value::Uuid),
        );
        values.push(Value::BigInt(self.limit.into()));
        values
    }
}

impl<D: Dialect> BulkWrite<D> for Purge<'_, D> {
    type Output = u64;

    fn is_ordered(&self) -> bool {
        Write::Remove.may_violate_several::<D>(self.context, self.record.statements)
    }

    fn starts_in_order(&self) -> bool {
        Write::Remove.starts_in_order(self.record.statements)
    }

    async fn write_at_once(&self, session: &mut Session<D>) -> Result<u64> {
        let deleted = self.record.statements.column(self.deleted);
        let owner = self.context.owner_of(self.record.statements);
        let text = sql::purge::<D>(self.record.statements, deleted, owner.is_some());
        match session.execute(&text, self.values()).await {
            Err(error) if !self.is_ordered() => {
                let affected = Affected::Purged {
                    deleted,
                    before: self.before,
                    owner,
                    limit: self.limit,
                };
                let complete = Write::Remove.complete(
                    session,
                    self.context,
                    self.record.statements,
                    error,
                    affected,
                );
                Err(complete.await)
            }
            result => result,
        }
    }

    async fn write_in_order(&self, session: &mut Session<D>) -> Result<u64> {
        let deleted = self.record.statements.column(self.deleted);
        let owner = self.context.owner_of(self.record.statements);
        let text = sql::purged_keys::<D>(self.record.statements, deleted, owner.is_some());
        let keys = session.fetch_keys(&text, self.values(), self.record.statements);
        let keys = keys.await?;
        let each = WriteEach::new(
            self.context,
            self.record,
            &Write::Remove,
            Visibility::Deleted,
        );
        each.write_all(session, keys).await
    }
}

/// The same write of each of some rows, in their order. A row is removed after those that reference it, and rows that
/// reference each other in a circle together.
struct WriteEach<'w, D: Dialect> {
    context: &'w Context,
    record: RecordType<D>,
    write: &'w Write,
    visibility: Visibility,
    parts: Vec<Vec<Key>>,
}

impl<'w, D: Dialect> WriteEach<'w, D> {
    fn new(
        context: &'w Context,
        record: RecordType<D>,
        write: &'w Write,
        visibility: Visibility,
    ) -> Self {
        WriteEach {
            context,
            record,
            write,
            visibility,
            parts: Vec::new(),
        }
    }

    /// Returns the number of written rows.
    async fn write_all(mut self, session: &mut Session<D>, keys: Vec<Key>) -> Result<u64> {
        let statements = self.record.statements;
        self.parts = match self.write {
            Write::Remove if references::are_possible(statements) => {
                let owner = self.context.owner_of(statements);
                let text = sql::select_by_keys::<D>(statements, owner.is_some());
                let values = by_keys::<D>(statements, &keys, owner);
                let stored = session.fetch_records(&text, values, self.record).await?;
                let stored: HashMap<Key, &dyn AnyRecord> =
                    stored.iter().map(|row| (row.key(), row)).collect();
                let rows = keys.iter().filter_map(|key| stored.get(key).copied());
                let rows: Vec<_> = rows.collect();
                let parts = References::between(statements, &rows).children_first();
                let keys = |part: Vec<usize>| part.into_iter().map(|row| rows[row].key()).collect();
                parts.into_iter().map(keys).collect()
            }
            _ => keys.into_iter().map(|key| vec![key]).collect(),
        };
        let written = in_order::write_parts(session, &self).await?;
        Ok(written.into_iter().sum())
    }
}

impl<D: Dialect> Parts<D> for WriteEach<'_, D> {
    type Outcome = u64;

    fn count(&self) -> usize {
        self.parts.len()
    }

    async fn write(&self, session: &mut Session<D>, parts: Range<usize>) -> Result<Vec<u64>> {
        let parts = &self.parts[parts];
        let keys: Vec<Key> = parts.iter().flatten().cloned().collect();
        let count = keys.len();
        let owner = self.context.owner_of(self.record.statements);
        let condition = Condition::IsRowOf {
            columns: self.record.statements.managed.key,
            keys: Ok(keys),
        };
        let selection = Selection {
            condition: &condition,
            visibility: self.visibility,
            owner,
        };
        if let (Write::Remove, [_], 2..) = (self.write, parts, count) {
            let affected = Affected::Selected(selection);
            let statements = self.record.statements;
            diagnose::check_removal(session, self.context, statements, affected).await?;
        }
        let (text, values) = self
            .write
            .statement::<D>(self.record.statements, selection)?;
        let error = match (session.execute(&text, values).await, self.write) {
            // Some are removed with others, and the engines count these differently.
            (Ok(_), Write::Remove) => {
                return Ok(vec![u64::try_from(count).unwrap_or(u64::MAX)]);
            }
            (Ok(written), _) => return Ok(vec![written]),
            (Err(error), _) => error,
        };
        let [part] = parts else {
            return Err(error);
        };
        let [key] = &**part else {
            return Err(error);
        };
        let (id, of_key) = self.record.statements.id_and_owner(key);
        let affected = Affected::One {
            id: &id,
            owner: of_key.or(owner),
        };
        let complete = self.write.complete(
            session,
            self.context,
            self.record.statements,
            error,
            affected,
        );
        Err(complete.await)
    }

    /// A circle is only removed together, and the check before that finds the first key of a row that stays.
    fn is_circle(&self, _part: usize) -> bool {
        false
    }

    async fn circle_error(&self, _session: &mut Session<D>, _part: usize, refused: Error) -> Error {
        refused
    }
}
