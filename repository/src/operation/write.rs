//! The calls that write, except upserts and inserts of many rows.

use chrono::DateTime;
use uuid::Uuid;

use super::{
    Context, NewRows, Now, Patch, Stamper, at_most_one, changes, diagnose, duplicate, find_unique,
    generated, normalise, values,
};
use crate::driver::{AnyRecord, Dialect, RecordType, Records};
use crate::model::error::{ConflictReason, Error, ErrorKind, Result};
use crate::model::key::Key;
use crate::model::query::Visibility;
use crate::model::repository::Expected;
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::{self, Affected, Guard, Statements};

/// Inserts one new row, which becomes a record.
pub(crate) async fn insert<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &'static Statements,
    rows: &mut dyn NewRows,
) -> Result<()> {
    let generated = statements.generated().filter(|_| rows.without_id() > 0);
    rows.stamp(Stamper::new(context, statements))?;
    let Some(row) = rows.rows().into_iter().next() else {
        return Ok(());
    };
    let inserted = match generated {
        Some(id) => generated::insert(session, statements, id, row.record)
            .await
            .map(Some),
        None => {
            let text = sql::insert_one::<D>(statements);
            let inserted = session.execute(&text, values(statements, row.record)).await;
            inserted
                .and_then(|inserted| super::check_count(inserted, 1))
                .map(|()| None)
        }
    };
    match inserted {
        Ok(None) => Ok(()),
        Ok(Some(id)) => rows.set_generated(&id),
        Err(error) => {
            let row = row.record;
            Err(match generated {
                Some(id) => {
                    diagnose::generated_insert_error(session, context, statements, error, row, id)
                        .await
                }
                None => {
                    diagnose::insert_error(session, context, statements, error, row, false).await
                }
            })
        }
    }
}

/// The row that a call writes: its id, its owner, and the version that the caller expects.
struct Target {
    statements: &'static Statements,
    id: Key,
    owner: Option<Uuid>,
    version: Option<i64>,
}

impl Target {
    fn new(
        context: &Context,
        statements: &'static Statements,
        id: Key,
        expected: Expected,
    ) -> Result<Self> {
        let version = match (expected, statements.managed.version) {
            (Expected::Any, _) => None,
            (Expected::Version(version), Some(_)) => Some(version),
            (Expected::Version(_), None) => {
                return Err(ErrorKind::Unsupported {
                    what: "comparing a version",
                    reason: "the record has no version",
                }
                .into());
            }
        };
        Ok(Target {
            statements,
            id,
            owner: context.owner_of(statements),
            version,
        })
    }

    fn affected(&self) -> Affected<'_> {
        Affected::One {
            id: &self.id,
            owner: self.owner,
        }
    }

    fn guard<D: Dialect>(&self, session: &Session<D>) -> Guard {
        Guard {
            scoped: self.owner.is_some(),
            version: self.version.is_some(),
            commits: session.commits_each(),
        }
    }

    fn push_values(&self, into: &mut Vec<Value>) {
        into.extend(self.id.to_values());
        into.extend(self.owner.map(Value::Uuid));
        into.extend(self.version.map(Value::BigInt));
    }

    /// Fails if the row is not in the expected version.
    fn compare(&self, found: &dyn AnyRecord) -> Result<()> {
        match (self.version, found.version()) {
            (Some(expected), Some(actual)) if expected != actual => Err(conflict(
                self.statements,
                &self.id,
                ConflictReason::Version { expected, actual },
            )),
            _ => Ok(()),
        }
    }

    /// Looks up why no row was written: the row is missing, or its version is another.
    async fn explain<D: Dialect>(&self, session: &mut Session<D>) -> Error {
        let text = sql::look_up::<D>(self.statements, self.owner.is_some());
        let owner = self.owner.map(Value::Uuid);
        let values = self.id.to_values().chain(owner).collect();
        let decode = |row: &D::Row<'_>| Ok((D::get::<i64>(row, 0)?, D::get::<bool>(row, 1)?));
        let found = session.fetch(&text, values, decode).await;
        let found = found.and_then(|rows| {
            at_most_one(self.statements, rows.len(), &self.id)?;
            Ok(rows.into_iter().next())
        });
        match found {
            Err(error) => error,
            Ok(Some((actual, false)))
                if self.version.is_some_and(|expected| expected != actual) =>
            {
                conflict(
                    self.statements,
                    &self.id,
                    ConflictReason::Version {
                        expected: self.version.unwrap_or_default(),
                        actual,
                    },
                )
            }
            // A row that matches now was restored after the write.
            Ok(_) => not_found(self.statements, &self.id),
        }
    }
}

pub(crate) fn not_found(statements: &Statements, id: &Key) -> Error {
    ErrorKind::NotFound {
        table: statements.domain.name,
        id: id.clone(),
    }
    .into()
}

pub(crate) fn conflict(statements: &Statements, id: &Key, reason: ConflictReason) -> Error {
    ErrorKind::Conflict {
        table: statements.domain.name,
        id: id.clone(),
        reason,
    }
    .into()
}

/// Pushes the time, if the record has a column for its last update.
pub(super) fn push_now(statements: &Statements, now: Now, into: &mut Vec<Value>) -> Result<()> {
    if statements.managed.updated.is_some() {
        into.push(Value::Timestamp(now.to_write()?));
    }
    Ok(())
}

/// The times that a soft delete writes. None for a record without soft delete.
pub(super) fn deletion_stamps(context: &Context, statements: &Statements) -> Result<Vec<Value>> {
    let mut stamps = Vec::new();
    if statements.managed.deleted.is_some() {
        let now = context.now();
        stamps.push(Value::Timestamp(now.to_write()?));
        push_now(statements, now, &mut stamps)?;
    }
    Ok(stamps)
}

/// The changes, with the update time if the record has one. It is the last of the stamps.
pub(super) fn with_update_time(
    statements: &Statements,
    mut changes: Vec<(usize, Value)>,
    stamps: &[Value],
) -> Vec<(usize, Value)> {
    changes.extend(statements.managed.updated.zip(stamps.last().cloned()));
    changes
}

/// Writes changes to the row. `again` returns them once more, for the error.
async fn update_columns<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    record: RecordType<D>,
    target: Target,
    now: Now,
    changes: Vec<(usize, Value)>,
    again: Patch<'_>,
) -> Result<Box<dyn Records>> {
    let statements = record.statements;
    let columns: Vec<usize> = changes.iter().map(|(column, _)| *column).collect();
    let text = sql::update_one::<D>(statements, &columns, target.guard(session));
    let mut values: Vec<Value> = changes.into_iter().map(|(_, value)| value).collect();
    let mut stamps = Vec::new();
    push_now(statements, now, &mut stamps)?;
    values.extend(stamps.iter().cloned());
    target.push_values(&mut values);
    match session.fetch_records(&text, values, record).await {
        Ok(rows) => {
            at_most_one(statements, rows.len(), &target.id)?;
            match rows.len() {
                0 => Err(target.explain(session).await),
                _ => Ok(rows),
            }
        }
        Err(error) => {
            let affected = target.affected();
            let changes = with_update_time(statements, again().unwrap_or_default(), &stamps);
            let error =
                diagnose::change_error(session, context, statements, error, affected, &changes);
            Err(error.await)
        }
    }
}

/// Updates the row of a record. Returns the row as it is stored, or none if the record itself is that now.
pub(crate) async fn update<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    of: RecordType<D>,
    record: &mut dyn AnyRecord,
) -> Result<Option<Box<dyn Records>>> {
    let statements = of.statements;
    context.check_owner(record.owner())?;
    normalise(statements, record)?;
    let expected = record.version().map_or(Expected::Any, Expected::Version);
    let (id, _) = statements.id_and_owner(&record.key());
    let mut target = Target::new(context, statements, id, expected)?;
    // The system's scope has no owner. An update does not change the owner of the record.
    target.owner = record.owner();
    // Without a version, the row may be anything but what the caller has.
    let now = context.now();
    if target.version.is_some() {
        if update_known(session, context, &target, record, now).await? {
            record.set_updated(match statements.managed.updated {
                Some(_) => now.to_write()?,
                None => DateTime::UNIX_EPOCH,
            });
            return Ok(None);
        }
        if statements.managed.created.is_none() {
            return Err(target.explain(session).await);
        }
        // The caller may have changed the time of creation in its copy, which an update ignores.
    }
    let record: &dyn AnyRecord = record;
    let changes = || {
        let columns = statements.user_columns();
        columns.map(|index| (index, record.value(index))).collect()
    };
    let again = || Ok(changes());
    let updated = update_columns(session, context, of, target, now, changes(), &again);
    updated.await.map(Some)
}

/// Updates a row of which every value is known afterwards. Returns whether it was written: if not, the version or the
/// time of creation is another than the caller's, or there is no such row.
async fn update_known<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    target: &Target,
    record: &dyn AnyRecord,
    now: Now,
) -> Result<bool> {
    let statements = target.statements;
    let columns: Vec<usize> = statements.user_columns().collect();
    let text = sql::update_known::<D>(statements, &columns, target.guard(session));
    let mut values: Vec<Value> = columns.iter().map(|column| record.value(*column)).collect();
    let mut stamps = Vec::new();
    push_now(statements, now, &mut stamps)?;
    values.extend(stamps.iter().cloned());
    target.push_values(&mut values);
    values.extend(
        statements
            .managed
            .created
            .map(|created| record.value(created)),
    );
    match session.execute(&text, values).await {
        Ok(0) => Ok(false),
        Ok(1) => Ok(true),
        Ok(_) => Err(duplicate(statements, &target.id)),
        Err(error) => {
            let columns = columns.into_iter();
            let changes = columns.map(|column| (column, record.value(column)));
            let changes = with_update_time(statements, changes.collect(), &stamps);
            let affected = target.affected();
            let error =
                diagnose::change_error(session, context, statements, error, affected, &changes);
            Err(error.await)
        }
    }
}

/// Patches a row, and returns it as it is stored.
pub(crate) async fn patch<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    record: RecordType<D>,
    id: Result<Key>,
    expected: Expected,
    patch: Patch<'_>,
) -> Result<Box<dyn Records>> {
    let id = context.id(record.statements, id)?;
    let changes = changes(record.statements, patch)?;
    let target = Target::new(context, record.statements, id, expected)?;
    if changes.is_empty() {
        return find_expected(session, context, record, &target, Visibility::Live).await;
    }
    let now = context.now();
    update_columns(session, context, record, target, now, changes, patch).await
}

/// The row of a call without changes, if its version is as expected.
async fn find_expected<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    record: RecordType<D>,
    target: &Target,
    visibility: Visibility,
) -> Result<Box<dyn Records>> {
    let found = find_unique(session, context, record, &target.id, visibility).await?;
    match found.get(0) {
        Some(row) => target.compare(row)?,
        None => return Err(not_found(record.statements, &target.id)),
    }
    Ok(found)
}

pub(crate) async fn delete<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &'static Statements,
    id: Result<Key>,
    expected: Expected,
) -> Result<()> {
    let id = context.id(statements, id)?;
    let target = Target::new(context, statements, id, expected)?;
    let mut values = deletion_stamps(context, statements)?;
    let change = statements.managed.deleted.zip(values.first().cloned());
    let changes = with_update_time(statements, change.into_iter().collect(), &values);
    target.push_values(&mut values);
    let text = sql::delete_one::<D>(statements, target.guard(session));
    match session.execute(&text, values).await {
        Ok(0) => Err(target.explain(session).await),
        Ok(1) => Ok(()),
        Ok(_) => Err(duplicate(statements, &target.id)),
        Err(error) => {
            let affected = target.affected();
            Err(match statements.managed.deleted {
                Some(_) => {
                    diagnose::change_error(session, context, statements, error, affected, &changes)
                        .await
                }
                None => diagnose::delete_error(session, context, statements, error, affected).await,
            })
        }
    }
}

/// The index of the soft-delete column.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) if the record has none.
pub(super) fn deleted_column(statements: &Statements, what: &'static str) -> Result<usize> {
    statements.managed.deleted.ok_or_else(|| {
        ErrorKind::Unsupported {
            what,
            reason: "the record has no soft delete",
        }
        .into()
    })
}

/// Restores a row, and returns it as it is stored.
pub(crate) async fn restore<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    record: RecordType<D>,
    id: Result<Key>,
    expected: Expected,
) -> Result<Box<dyn Records>> {
    let statements = record.statements;
    let id = context.id(statements, id)?;
    let deleted_index = deleted_column(statements, "restore")?;
    let deleted = statements.column(deleted_index);
    let target = Target::new(context, statements, id, expected)?;
    let text = sql::restore_one::<D>(statements, deleted, target.guard(session));
    let mut stamps = Vec::new();
    push_now(statements, context.now(), &mut stamps)?;
    let mut values = stamps.clone();
    target.push_values(&mut values);
    let restored = match session.fetch_records(&text, values, record).await {
        Ok(restored) => restored,
        Err(error) => {
            let live = vec![(deleted_index, Value::Null(Type::Timestamp))];
            let live = with_update_time(statements, live, &stamps);
            let affected = target.affected();
            let error =
                diagnose::change_error(session, context, statements, error, affected, &live);
            return Err(error.await);
        }
    };
    at_most_one(statements, restored.len(), &target.id)?;
    if restored.len() > 0 {
        return Ok(restored);
    }
    // The row is not deleted, or it has another version, or it is missing.
    let found = find_expected(session, context, record, &target, Visibility::All).await?;
    let is_deleted = |row: &dyn AnyRecord| !row.value(deleted_index).is_null();
    if found.get(0).is_some_and(is_deleted) {
        // It was deleted after the statement above.
        return Err(ErrorKind::Serialization.into());
    }
    Ok(found)
}
