//! Records whose type is not known: the operations work on these, and only the functions here are compiled for each
//! record.

use std::any::Any;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::rows::Rows;
use super::{Dialect, Twin};
use crate::model::derive::no_numbers;
use crate::model::error::{ErrorKind, Result};
use crate::model::key::{Key, KeyValue};
use crate::model::record::Record;
use crate::model::record_id::RecordId;
use crate::model::value::{Type, Value};
use crate::sql::Statements;

/// A record of any type. Its methods are those of [`Record`].
pub(crate) trait AnyRecord: Send + Sync {
    fn value(&self, index: usize) -> Value;
    /// The primary key, as it is stored.
    fn key(&self) -> Key;
    fn owner(&self) -> Option<Uuid>;
    fn version(&self) -> Option<i64>;
    fn canonicalise(&mut self) -> Result<()>;
    fn set_updated(&mut self, now: DateTime<Utc>);
    /// Fails if the record's type cannot have the id.
    fn set_generated(&mut self, id: &Key) -> Result<()>;
}

impl<R: Record> AnyRecord for R {
    fn value(&self, index: usize) -> Value {
        Record::value(self, index)
    }

    fn key(&self) -> Key {
        // The derive checks that each column of a key has a type that can be in one.
        let value = |index: &usize| KeyValue::of(Record::value(self, *index));
        // Nearly every key has one column, and an upsert asks for it often.
        if let [column] = R::MANAGED.key
            && let Some(value) = value(column)
        {
            return Key::one(value);
        }
        Key::of(R::MANAGED.key.iter().filter_map(value))
    }

    fn owner(&self) -> Option<Uuid> {
        Record::owner(self)
    }

    fn version(&self) -> Option<i64> {
        Record::version(self)
    }

    fn canonicalise(&mut self) -> Result<()> {
        Record::canonicalise(self)
    }

    fn set_updated(&mut self, now: DateTime<Utc>) {
        Record::set_updated(self, now);
    }

    fn set_generated(&mut self, id: &Key) -> Result<()> {
        Record::set_generated(self, generated::<R>(id)?);
        Ok(())
    }
}

/// The id that the database generated.
///
/// # Errors
/// [`InvalidValue`](ErrorKind::InvalidValue) if the number is too large for its type.
pub(crate) fn generated<R: Record>(id: &Key) -> Result<R::Id> {
    let field = R::MANAGED.id.first();
    let field = field.map_or("id", |index| R::COLUMNS[*index].field);
    R::Id::from_key(id).ok_or_else(|| no_numbers(field))
}

/// Records of one type that were read from rows.
pub(crate) trait Records: Any + Send + Sync {
    fn len(&self) -> usize;
    fn get(&self, index: usize) -> Option<&dyn AnyRecord>;
    fn truncate(&mut self, len: usize);
    fn reverse(&mut self);
}

/// Each row is decoded in place: a list of records is read as fast as by code for one type.
impl<D: Dialect, R: Twin<D>> Rows<D> for Vec<R> {
    fn push(&mut self, row: &D::Row<'_>) -> Result<()> {
        self.push(R::from_row(row)?);
        Ok(())
    }

    fn emptied(&self) -> Box<dyn Rows<D>> {
        Box::new(Vec::<R>::new())
    }
}

impl<R: Record> Records for Vec<R> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> Option<&dyn AnyRecord> {
        let record = self.as_slice().get(index);
        record.map(|record| record as &dyn AnyRecord)
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }

    fn reverse(&mut self) {
        self.as_mut_slice().reverse();
    }
}

impl dyn Records {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn AnyRecord> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// Keys that were read from rows.
pub(crate) struct Keys {
    types: Vec<Type>,
    keys: Vec<Key>,
}

impl Keys {
    /// The first columns of each row are the key, of these types.
    pub(crate) fn boxed<D: Dialect>(types: Vec<Type>) -> Box<dyn Rows<D>> {
        let keys = Vec::new();
        Box::new(Keys { types, keys })
    }

    /// The keys that a statement decoded into the value of [`boxed`](Self::boxed).
    ///
    /// # Errors
    /// [`Internal`](ErrorKind::Internal) if they are of another type.
    pub(crate) fn taken(rows: Box<dyn Any>) -> Result<Vec<Key>> {
        match rows.downcast::<Self>() {
            Ok(keys) => Ok(keys.keys),
            Err(_) => Err(ErrorKind::Internal.into()),
        }
    }
}

impl<D: Dialect> Rows<D> for Keys {
    fn push(&mut self, row: &D::Row<'_>) -> Result<()> {
        self.keys.push(D::get_key(row, &self.types)?);
        Ok(())
    }

    fn emptied(&self) -> Box<dyn Rows<D>> {
        Keys::boxed(self.types.clone())
    }
}

/// What the operations know about a type of records in one dialect.
pub(crate) struct RecordType<D: Dialect> {
    pub(crate) statements: &'static Statements,
    /// Decodes rows into records.
    pub(crate) rows: fn() -> Box<dyn Rows<D>>,
    records: FromRows,
}

/// Converts what the rows were decoded into; `None` if it is of another type.
type FromRows = fn(Box<dyn Any>) -> Option<Box<dyn Records>>;

impl<D: Dialect> Clone for RecordType<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Dialect> Copy for RecordType<D> {}

impl<D: Dialect> RecordType<D> {
    pub(crate) fn of<R: Twin<D>>() -> Self {
        RecordType {
            statements: R::statements(),
            rows: || Box::new(Vec::<R>::new()),
            records: |rows| Some(rows.downcast::<Vec<R>>().ok()?),
        }
    }

    /// The records that a statement decoded into [`rows`](Self::rows).
    ///
    /// # Errors
    /// [`Internal`](ErrorKind::Internal) if they are of another type.
    pub(crate) fn records(self, rows: Box<dyn Rows<D>>) -> Result<Box<dyn Records>> {
        (self.records)(rows).ok_or_else(|| ErrorKind::Internal.into())
    }
}
