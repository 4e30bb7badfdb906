//! The calls that write, except upserts and inserts of many rows.

use chrono::DateTime;
use uuid::Uuid;

use super::{
    Context, Now, at_most_one, changes, diagnose, duplicate, find_unique, normalise, values,
};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::{ConflictReason, Error, ErrorKind, Result};
use crate::model::query::Visibility;
use crate::model::record::Record;
use crate::model::repository::Expected;
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::{self, Affected, Guard};

pub(crate) async fn insert<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    draft: R::Draft,
) -> Result<R> {
    let stamp = context.stamp::<R>(&draft, None, context.now())?;
    let mut record = R::from_draft(draft, stamp);
    normalise::<D, R>(&mut record)?;
    let text = sql::insert_one::<D>(R::statements());
    match session.execute(&text, values(&record)).await {
        Ok(inserted) => super::check_count(inserted, 1).map(|()| record),
        Err(error) => Err(diagnose::insert_error(session, context, error, &record, false).await),
    }
}

/// The row that a call writes: its id, its owner, and the version that the caller expects.
struct Target {
    id: Uuid,
    owner: Option<Uuid>,
    version: Option<i64>,
}

impl Target {
    fn new<R: Record>(context: &Context, id: Uuid, expected: Expected) -> Result<Self> {
        let version = match (expected, R::MANAGED.version) {
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
            id,
            owner: context.owner_of::<R>(),
            version,
        })
    }

    fn affected(&self) -> Affected<'static> {
        Affected::One {
            id: self.id,
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
        into.push(Value::Uuid(self.id));
        into.extend(self.owner.map(Value::Uuid));
        into.extend(self.version.map(Value::BigInt));
    }

    /// Fails if the row is not in the expected version.
    fn compare<R: Record>(&self, found: &R) -> Result<()> {
        match (self.version, found.version()) {
            (Some(expected), Some(actual)) if expected != actual => Err(conflict::<R>(
                self.id,
                ConflictReason::Version { expected, actual },
            )),
            _ => Ok(()),
        }
    }

    /// Looks up why no row was written: the row is missing, or its version is another.
    async fn explain<D: Dialect, R: Twin<D>>(&self, session: &mut Session<D>) -> Error {
        let text = sql::look_up::<D>(R::statements(), self.owner.is_some());
        let values = [Some(self.id), self.owner]
            .into_iter()
            .flatten()
            .map(Value::Uuid)
            .collect();
        let decode = |row: &D::Row<'_>| Ok((D::get::<i64>(row, 0)?, D::get::<bool>(row, 1)?));
        let found = session.fetch(&text, values, decode).await;
        match found.and_then(|rows| at_most_one::<R, _>(rows, self.id)) {
            Err(error) => error,
            Ok(Some((actual, false)))
                if self.version.is_some_and(|expected| expected != actual) =>
            {
                conflict::<R>(
                    self.id,
                    ConflictReason::Version {
                        expected: self.version.unwrap_or_default(),
                        actual,
                    },
                )
            }
            // A row that matches now was restored after the write.
            Ok(_) => not_found::<R>(self.id),
        }
    }
}

pub(crate) fn not_found<R: Record>(id: Uuid) -> Error {
    ErrorKind::NotFound {
        table: R::TABLE.name,
        id,
    }
    .into()
}

pub(crate) fn conflict<R: Record>(id: Uuid, reason: ConflictReason) -> Error {
    ErrorKind::Conflict {
        table: R::TABLE.name,
        id,
        reason,
    }
    .into()
}

/// Pushes the time, if the record has a column for its last update.
pub(super) fn push_now<R: Record>(now: Now, into: &mut Vec<Value>) -> Result<()> {
    if R::MANAGED.updated.is_some() {
        into.push(Value::Timestamp(now.to_write()?));
    }
    Ok(())
}

/// The times that a soft delete writes. None for a record without soft delete.
pub(super) fn deletion_stamps<R: Record>(context: &Context) -> Result<Vec<Value>> {
    let mut stamps = Vec::new();
    if R::MANAGED.deleted.is_some() {
        let now = context.now();
        stamps.push(Value::Timestamp(now.to_write()?));
        push_now::<R>(now, &mut stamps)?;
    }
    Ok(stamps)
}

/// The changes, with the update time if the record has one. It is the last of the stamps.
pub(super) fn with_update_time<R: Record>(
    mut changes: Vec<(usize, Value)>,
    stamps: &[Value],
) -> Vec<(usize, Value)> {
    changes.extend(R::MANAGED.updated.zip(stamps.last().cloned()));
    changes
}

/// Writes changes to the row. `again` returns them once more, for the error.
async fn update_columns<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    target: Target,
    now: Now,
    changes: Vec<(usize, Value)>,
    again: impl Fn() -> Vec<(usize, Value)> + Send,
) -> Result<R> {
    let columns: Vec<usize> = changes.iter().map(|(column, _)| *column).collect();
    let text = sql::update_one::<D>(R::statements(), &columns, target.guard(session));
    let mut values: Vec<Value> = changes.into_iter().map(|(_, value)| value).collect();
    let mut stamps = Vec::new();
    push_now::<R>(now, &mut stamps)?;
    values.extend(stamps.iter().cloned());
    target.push_values(&mut values);
    match session.fetch(&text, values, R::from_row).await {
        Ok(rows) => match at_most_one::<R, R>(rows, target.id)? {
            Some(record) => Ok(record),
            None => Err(target.explain::<D, R>(session).await),
        },
        Err(error) => {
            let affected = target.affected();
            let changes = with_update_time::<R>(again(), &stamps);
            Err(diagnose::change_error::<D, R>(session, context, error, affected, &changes).await)
        }
    }
}

pub(crate) async fn update<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    mut record: R,
) -> Result<R> {
    context.check_owner(record.owner())?;
    normalise::<D, R>(&mut record)?;
    let expected = record.version().map_or(Expected::Any, Expected::Version);
    let mut target = Target::new::<R>(context, record.id(), expected)?;
    // The system's scope has no owner. An update does not change the owner of the record.
    target.owner = record.owner();
    // Without a version, the row may be anything but what the caller has.
    let now = context.now();
    if target.version.is_some() {
        if update_known::<D, R>(session, context, &target, &record, now).await? {
            record.set_updated(match R::MANAGED.updated {
                Some(_) => now.to_write()?,
                None => DateTime::UNIX_EPOCH,
            });
            return Ok(record);
        }
        if R::MANAGED.created.is_none() {
            return Err(target.explain::<D, R>(session).await);
        }
        // The caller may have changed the time of creation in its copy, which an update ignores.
    }
    let changes = || {
        let columns = R::statements().user_columns();
        columns.map(|index| (index, record.value(index))).collect()
    };
    update_columns(session, context, target, now, changes(), changes).await
}

/// Updates a row of which every value is known afterwards. Returns whether it was written: if not, the version or the
/// time of creation is another than the caller's, or there is no such row.
async fn update_known<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    target: &Target,
    record: &R,
    now: Now,
) -> Result<bool> {
    let statements = R::statements();
    let columns: Vec<usize> = statements.user_columns().collect();
    let text = sql::update_known::<D>(statements, &columns, target.guard(session));
    let mut values: Vec<Value> = columns.iter().map(|column| record.value(*column)).collect();
    let mut stamps = Vec::new();
    push_now::<R>(now, &mut stamps)?;
    values.extend(stamps.iter().cloned());
    target.push_values(&mut values);
    values.extend(R::MANAGED.created.map(|created| record.value(created)));
    match session.execute(&text, values).await {
        Ok(0) => Ok(false),
        Ok(1) => Ok(true),
        Ok(_) => Err(duplicate::<R>(target.id)),
        Err(error) => {
            let columns = columns.into_iter();
            let changes = columns.map(|column| (column, record.value(column)));
            let changes = with_update_time::<R>(changes.collect(), &stamps);
            let affected = target.affected();
            Err(diagnose::change_error::<D, R>(session, context, error, affected, &changes).await)
        }
    }
}

pub(crate) async fn patch<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    id: Uuid,
    expected: Expected,
    patch: &R::Patch,
) -> Result<R> {
    let changes = changes::<D, R>(patch)?;
    let target = Target::new::<R>(context, id, expected)?;
    if changes.is_empty() {
        return unchanged(session, context, &target).await;
    }
    let again = || R::changes(patch).unwrap_or_default();
    update_columns(session, context, target, context.now(), changes, again).await
}

/// The row of a patch without changes, if its version is as expected.
async fn unchanged<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    target: &Target,
) -> Result<R> {
    let found: Option<R> = find_unique(session, context, target.id, Visibility::Live).await?;
    let found = found.ok_or_else(|| not_found::<R>(target.id))?;
    target.compare(&found)?;
    Ok(found)
}

pub(crate) async fn delete<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    id: Uuid,
    expected: Expected,
) -> Result<()> {
    let target = Target::new::<R>(context, id, expected)?;
    let mut values = deletion_stamps::<R>(context)?;
    let change = R::MANAGED.deleted.zip(values.first().cloned());
    let changes = with_update_time::<R>(change.into_iter().collect(), &values);
    target.push_values(&mut values);
    let text = sql::delete_one::<D>(R::statements(), target.guard(session));
    match session.execute(&text, values).await {
        Ok(0) => Err(target.explain::<D, R>(session).await),
        Ok(1) => Ok(()),
        Ok(_) => Err(duplicate::<R>(id)),
        Err(error) => {
            let affected = target.affected();
            Err(match R::MANAGED.deleted {
                Some(_) => {
                    diagnose::change_error::<D, R>(session, context, error, affected, &changes)
                        .await
                }
                None => diagnose::delete_error::<D, R>(session, context, error, affected).await,
            })
        }
    }
}

/// The index of the soft-delete column.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) if the record has none.
pub(super) fn deleted_column<R: Record>(what: &'static str) -> Result<usize> {
    R::MANAGED.deleted.ok_or_else(|| {
        ErrorKind::Unsupported {
            what,
            reason: "the record has no soft delete",
        }
        .into()
    })
}

pub(crate) async fn restore<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    id: Uuid,
    expected: Expected,
) -> Result<R> {
    let deleted_index = deleted_column::<R>("restore")?;
    let deleted = R::statements().column(deleted_index);
    let target = Target::new::<R>(context, id, expected)?;
    let text = sql::restore_one::<D>(R::statements(), deleted, target.guard(session));
    let mut stamps = Vec::new();
    push_now::<R>(context.now(), &mut stamps)?;
    let mut values = stamps.clone();
    target.push_values(&mut values);
    let restored = match session.fetch(&text, values, R::from_row).await {
        Ok(restored) => restored,
        Err(error) => {
            let live = vec![(deleted_index, Value::Null(Type::Timestamp))];
            let live = with_update_time::<R>(live, &stamps);
            let affected = target.affected();
            return Err(
                diagnose::change_error::<D, R>(session, context, error, affected, &live).await,
            );
        }
    };
    if let Some(record) = at_most_one::<R, R>(restored, id)? {
        return Ok(record);
    }
    // The row is not deleted, or it has another version, or it is missing.
    let all: Option<R> = find_unique(session, context, id, Visibility::All).await?;
    let found = all.ok_or_else(|| not_found::<R>(id))?;
    target.compare(&found)?;
    if !found.value(deleted_index).is_null() {
        // It was deleted after the statement above.
        return Err(ErrorKind::Serialization.into());
    }
    Ok(found)
}
