//! Records, drafts and patches from lists of values.

use crate::model::error::{ErrorKind, Result};
use crate::model::record::{Change, Record, invalid};
use crate::model::value::{Field, Value};

/// The values of some columns of a record, each taken once.
#[derive(Debug)]
pub struct Values {
    /// One entry for each column.
    values: Vec<Option<Value>>,
    specs: &'static [crate::model::record::ColumnSpec],
}

impl Values {
    /// A value for every column.
    ///
    /// # Errors
    /// [`InvalidQuery`](ErrorKind::InvalidQuery) if there are more or fewer values than columns.
    pub fn whole<R: Record>(values: Vec<Value>) -> Result<Self> {
        if values.len() != R::COLUMNS.len() {
            return Err(refused::<R>(&format!(
                "{} columns, and {} values were given",
                R::COLUMNS.len(),
                values.len()
            )));
        }
        Ok(Values {
            values: values.into_iter().map(Some).collect(),
            specs: R::COLUMNS,
        })
    }

    /// Values for some of the columns that a caller writes.
    ///
    /// # Errors
    /// [`InvalidQuery`](ErrorKind::InvalidQuery) for a column that does not exist, is managed, or is named twice.
    pub fn some<R: Record>(values: Vec<(usize, Value)>) -> Result<Self> {
        let mut all: Vec<Option<Value>> = vec![None; R::COLUMNS.len()];
        for (index, value) in values {
            let slot = all
                .get_mut(index)
                .ok_or_else(|| refused::<R>(&format!("no column at position {index}")))?;
            let field = R::COLUMNS[index].field;
            if R::MANAGED.contains(index) {
                return Err(refused::<R>(&format!(
                    "the column {field}, which only the library writes"
                )));
            }
            if slot.replace(value).is_some() {
                return Err(refused::<R>(&format!("the column {field}, given twice")));
            }
        }
        Ok(Values {
            values: all,
            specs: R::COLUMNS,
        })
    }

    /// The value of a column; its default or NULL if none was given.
    ///
    /// # Errors
    /// [`InvalidValue`](ErrorKind::InvalidValue), naming the field, if the value has another type, or is refused by the application's.
    pub fn take<T: Field>(&mut self, index: usize) -> Result<T> {
        let given = self.values.get_mut(index).and_then(Option::take);
        let default = || {
            let default = self.specs.get(index)?.default?;
            Some(default())
        };
        let value = given.or_else(default).unwrap_or(Value::Null(T::TYPE));
        T::from_value(value).map_err(|reason| {
            let field = self.specs.get(index).map_or("", |spec| spec.field);
            invalid(field, reason)
        })
    }

    /// The change of a column; [`Change::Keep`] if no value was given.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn change<T: Field>(&mut self, index: usize) -> Result<Change<T>> {
        match self.values.get(index) {
            Some(Some(_)) => self.take(index).map(Change::Set),
            _ => Ok(Change::Keep),
        }
    }
}

fn refused<R: Record>(what: &str) -> crate::model::error::Error {
    ErrorKind::InvalidQuery {
        reason: format!("{} has {what}", R::TABLE.name).into(),
    }
    .into()
}
