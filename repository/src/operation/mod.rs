//! The operations of a repository, over a session of either dialect.

mod bulk;
mod circle;
mod diagnose;
mod generated;
mod in_order;
mod new_rows;
mod read;
mod references;
mod selected;
mod upsert;
mod write;
mod write_order;

pub(crate) use bulk::InsertMany;
pub(crate) use generated::ReservedIds;
pub(crate) use in_order::{BulkWrite, is_refusal};
pub(crate) use new_rows::{Drafts, NewRows};
use new_rows::{NewRow, Stamper};
use read::find_unique;
pub(crate) use read::{ListedPage, count, exists, find, list, lock};
pub(crate) use selected::{Purge, WriteWhere};
pub(crate) use upsert::{StoredRow, UpsertMany, UpsertedRow};
pub(crate) use write::{delete, insert, not_found, patch, restore, update};

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::driver::{AnyRecord, Dialect, Records};
use crate::model::clock::{Clock, IdSource};
use crate::model::derive::canonical;
use crate::model::domain::{Domain, Table};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::key::Key;
use crate::model::record::Stamp;
use crate::model::record_id::RecordId;
use crate::model::scope::Scope;
use crate::model::value::{MAX_BYTES, Value};
use crate::sql::{self, Statements};

/// What an operation needs besides a session: the scope, the clock and the source of ids.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) scope: Scope,
    /// The domain, if the store was opened with one.
    pub(crate) domain: Option<&'static Domain>,
    /// Whether the role of the connection lets the system's scope see the rows of every owner.
    pub(crate) sees_all: bool,
    /// The tables whose row level security is off.
    pub(crate) unprotected: Arc<[String]>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// The time at which a call began.
#[derive(Clone, Copy)]
pub(crate) struct Now(DateTime<Utc>);

impl Now {
    /// The time in the form that both engines store. Only a call that writes it may ask for it.
    ///
    /// # Errors
    /// [`InvalidValue`](ErrorKind::InvalidValue) of `clock` if its year is not between 1 and 9999.
    pub(crate) fn to_write(self) -> Result<DateTime<Utc>> {
        let mut now = self.0;
        canonical("clock", &mut now, MAX_BYTES)?;
        Ok(now)
    }
}

impl Context {
    pub(crate) fn now(&self) -> Now {
        Now(self.clock.now())
    }

    /// Whether row level security holds no statement of the scope.
    pub(crate) fn has_no_policy(&self) -> bool {
        self.sees_all && self.scope.owner_id().is_none()
    }

    /// The owner that the statements filter by: the scope's owner, if the record has owners.
    pub(crate) fn owner_of(&self, statements: &Statements) -> Option<Uuid> {
        statements.managed.owner.and(self.scope.owner_id())
    }

    /// Fails if the scope must not be used for the table.
    pub(crate) fn check_scope(&self, table: &Table) -> Result<()> {
        if table.owner.is_none() {
            return Ok(());
        }
        let scoped = self.scope.owner_id().is_some();
        if !scoped && !self.sees_all {
            return Err(ErrorKind::Permission {
                reason: format!(
                    "the system's scope needs a role that bypasses row level security, for the table {}",
                    table.name
                )
                .into(),
            }
            .into());
        }
        let is_table = |name: &String| name == table.name;
        if scoped && self.unprotected.iter().any(is_table) {
            return Err(ErrorKind::Permission {
                reason: format!("row level security of the table {} is off", table.name).into(),
            }
            .into());
        }
        Ok(())
    }

    /// The key of the row with this id.
    ///
    /// # Errors
    /// That of an id without a canonical form. [`Unsupported`](ErrorKind::Unsupported) in the system's scope if several
    /// owners may have the id.
    fn key(&self, statements: &Statements, id: Result<Key>) -> Result<Key> {
        let id = self.id(statements, id)?;
        Ok(statements.key_with_owner(id, self.scope.owner_id()))
    }

    /// The id, if it belongs to one row; see [`key`](Self::key).
    fn id(&self, statements: &Statements, id: Result<Key>) -> Result<Key> {
        if statements.is_owner_in_key() && self.scope.owner_id().is_none() {
            return Err(ErrorKind::Unsupported {
                what: "a call by id in the system's scope",
                reason: "the primary key begins with the owner, so that owners may have the same id; \
                         use the scope of the owner, or a query, patch_where or delete_where that \
                         filters by owner and id",
            }
            .into());
        }
        id
    }

    /// Fails if the scope must not write a row of this owner.
    pub(crate) fn check_owner(&self, owner: Option<Uuid>) -> Result<()> {
        match (self.scope.owner_id(), owner) {
            (Some(scope), Some(owner)) if scope != owner => Err(ErrorKind::Permission {
                reason: "the row belongs to another owner than the scope's".into(),
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// The id, owner and time of a new row. `owner` is used if the scope has no owner.
    fn stamp<Id: RecordId>(
        &self,
        statements: &Statements,
        id: Id,
        owner: Option<Uuid>,
        now: Now,
    ) -> Result<Stamp<Id>> {
        let owner = match statements.managed.owner {
            None => Uuid::nil(),
            Some(_) => self
                .scope
                .owner_id()
                .or(owner)
                .ok_or(ErrorKind::Permission {
                reason:
                    "a new row needs an owner, and the system's scope has none: insert it in the \
                         owner's scope"
                        .into(),
            })?,
        };
        Ok(Stamp {
            id,
            owner,
            now: match statements.managed.created.or(statements.managed.updated) {
                Some(_) => now.to_write()?,
                None => DateTime::UNIX_EPOCH,
            },
        })
    }
}

/// Fails if an insert wrote fewer or more rows than given. A trigger may have skipped a row.
pub(crate) fn check_count(written: u64, given: usize) -> Result<()> {
    if usize::try_from(written) == Ok(given) {
        return Ok(());
    }
    let message = format!("{written} rows were written instead of {given}");
    Err(Error::with_cause(ErrorKind::Internal, None, message))
}

/// Fails if a statement by id returned several rows; the caller rolls back.
pub(crate) fn at_most_one(statements: &Statements, rows: usize, id: &Key) -> Result<()> {
    match rows {
        0 | 1 => Ok(()),
        _ => Err(duplicate(statements, id)),
    }
}

/// As [`at_most_one`], for rows that were selected by several ids.
pub(crate) fn one_each(statements: &Statements, rows: &dyn Records) -> Result<()> {
    let mut seen = HashSet::with_capacity(rows.len());
    match rows.iter().find(|row| !seen.insert(row.key())) {
        Some(row) => Err(duplicate(statements, &row.key())),
        None => Ok(()),
    }
}

pub(crate) fn duplicate(statements: &Statements, id: &Key) -> Error {
    ErrorKind::DuplicateId {
        table: statements.domain.name,
        id: id.clone(),
    }
    .into()
}

/// Converts the values of a record to the form that both engines accept, and checks their lengths.
fn normalise(statements: &Statements, record: &mut dyn AnyRecord) -> Result<()> {
    record.canonicalise()?;
    statements.check_lengths(&|column| Some(record.value(column)))
}

/// A patch of any record: the columns that it sets, with their values in canonical form.
pub(crate) type Patch<'p> = &'p (dyn Fn() -> Result<Vec<(usize, Value)>> + Send + Sync);

/// The changes of a patch, in the form that both engines accept.
fn changes(statements: &Statements, patch: Patch<'_>) -> Result<Vec<(usize, Value)>> {
    let changes = patch()?;
    statements.check_lengths(&|column| {
        let change = changes.iter().find(|(changed, _)| *changed == column);
        change.map(|(_, value)| value.clone())
    })?;
    Ok(changes)
}

/// The parameters of a statement that selects rows by keys.
fn by_keys<D: Dialect>(statements: &Statements, keys: &[Key], owner: Option<Uuid>) -> Vec<Value> {
    let mut values = sql::list::<D>(&statements.key_types(), keys);
    values.extend(owner.map(Value::Uuid));
    values
}

/// Every value of a record, in the order of its columns.
fn values(statements: &Statements, record: &dyn AnyRecord) -> Vec<Value> {
    (0..statements.columns.len())
        .map(|index| record.value(index))
        .collect()
}
