//! Ids that the database generates.
//!
//! A single insert leaves the id to the database, which returns it. For several rows the ids are reserved first, by one
//! statement: then they ascend in the order of the drafts whatever the order of the writes, which the rows that a
//! statement returns need not have on Postgres, and a copy returns none at all.

use std::vec;

use super::NewRows;
use crate::driver::{AnyRecord, Dialect};
use crate::model::derive::no_numbers;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::key::{Key, KeyValue};
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::{self, Statements};

/// Ids for new rows.
#[derive(Default)]
pub(crate) struct ReservedIds(vec::IntoIter<Key>);

impl ReservedIds {
    /// Reserves an id for each row without one. No other call gets these ids: on Postgres never, on SQLite as long as
    /// the transaction lasts, since others cannot write.
    ///
    /// # Errors
    /// [`Permission`](ErrorKind::Permission) without the privilege `USAGE` on the sequence;
    /// [`InvalidValue`](ErrorKind::InvalidValue) of the id if every number was generated.
    pub(crate) async fn reserve<D: Dialect>(
        session: &mut Session<D>,
        statements: &Statements,
        rows: &dyn NewRows,
    ) -> Result<Self> {
        let (Some(id), count @ 1..) = (statements.generated(), rows.without_id()) else {
            return Ok(ReservedIds::default());
        };
        let values = match D::RESERVES_EACH {
            true => vec![Value::BigInt(i64::try_from(count).unwrap_or(i64::MAX))],
            false => Vec::new(),
        };
        let number = |row: &D::Row<'_>| D::get::<i64>(row, 0);
        let text = sql::reserve::<D>(statements, id);
        let fetched = session.fetch(&text, values, number).await;
        let mut numbers = fetched.map_err(|error| named(statements, id, error))?;
        if !D::RESERVES_EACH {
            let before = numbers.pop().unwrap_or_default();
            numbers = (1..=count)
                .map_while(|nth| before.checked_add(i64::try_from(nth).ok()?))
                .collect();
        }
        numbers.sort_unstable();
        let ty = statements.specs[id].ty;
        let ids: Option<Vec<Key>> = numbers.into_iter().map(|number| key(ty, number)).collect();
        let field = statements.specs[id].field;
        let ids = ids
            .filter(|ids| ids.len() == count)
            .ok_or_else(|| no_numbers(field))?;
        Ok(ReservedIds(ids.into_iter()))
    }

    pub(super) fn next(&mut self) -> Option<Key> {
        self.0.next()
    }
}

fn key(ty: Type, number: i64) -> Option<Key> {
    let value = match ty {
        Type::Int => KeyValue::Int(i32::try_from(number).ok()?),
        _ => KeyValue::BigInt(number),
    };
    Some(Key::one(value))
}

/// Inserts a row whose id the database generates. Returns the id.
pub(super) async fn insert<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    id: usize,
    row: &dyn AnyRecord,
) -> Result<Key> {
    let columns = (0..statements.columns.len()).filter(|index| *index != id);
    let values = columns.map(|index| row.value(index)).collect();
    let text = sql::insert_generated::<D>(statements, id);
    let ids = match session.fetch_keys(&text, values, statements).await {
        Ok(ids) => ids,
        Err(error) => {
            let is_full = *error.kind() == ErrorKind::StorageFull;
            return Err(match is_full && is_at_end(session, statements, id).await {
                true => error.with_kind(no_numbers(statements.specs[id].field).kind().clone()),
                false => named(statements, id, error),
            });
        }
    };
    super::check_count(u64::try_from(ids.len()).unwrap_or(u64::MAX), 1)?;
    let id = ids.into_iter().next();
    id.ok_or_else(|| ErrorKind::Internal.into())
}

/// Whether SQLite says that it is full because there is no number after the last one.
async fn is_at_end<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    id: usize,
) -> bool {
    let last = match D::RESERVES_EACH {
        true => None,
        false => {
            session
                .probe(&sql::reserve::<D>(statements, id), Vec::new())
                .await
        }
    };
    last == Some(i64::MAX)
}

/// Names the column if every number of its type was generated: SQLSTATE 2200H of a sequence, and the check of an integer
/// of 32 bits on SQLite.
fn named(statements: &Statements, id: usize, error: Error) -> Error {
    let (spec, column) = (&statements.specs[id], statements.column(id));
    let is_at_end = match error.kind() {
        ErrorKind::Check {
            columns,
            constraint,
            ..
        } => {
            let of_type = format!("ck_{}__{column}", statements.domain.name);
            columns.iter().any(|checked| checked == column)
                || constraint.as_deref() == Some(of_type.as_str())
        }
        _ => error.code() == Some("2200H"),
    };
    match is_at_end {
        true => error.with_kind(no_numbers(spec.field).kind().clone()),
        false => error,
    }
}
