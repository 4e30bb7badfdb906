//! Filters and orders by a column's position, for code that is generic over records.

use super::filter::{Comparison, Condition, Filter, TextMatch};
use super::order::Order;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::record::{ColumnSpec, Record};
use crate::model::value::{Type, Value};

/// The column at this position.
fn column<R: Record>(index: usize) -> Result<&'static ColumnSpec> {
    R::COLUMNS.get(index).ok_or_else(|| {
        let (table, columns) = (R::TABLE.name, R::COLUMNS.len());
        ErrorKind::InvalidQuery {
            reason: format!("{table} has {columns} columns, and none at position {index}").into(),
        }
        .into()
    })
}

/// Fails if the column does not have values of this type.
fn check_type<R: Record>(index: usize, ty: Type) -> Result<()> {
    let spec = column::<R>(index)?;
    if ty == Type::Json {
        return Err(no_order(spec));
    }
    if spec.ty == ty {
        return Ok(());
    }
    let (field, expected, found) = (spec.field, spec.ty.name(), ty.name());
    Err(ErrorKind::InvalidQuery {
        reason: format!("the column {field} is {expected}, and the value is {found}").into(),
    }
    .into())
}

fn no_order(spec: &ColumnSpec) -> Error {
    let field = spec.field;
    ErrorKind::InvalidQuery {
        reason: format!("the column {field} is JSON, which has neither equality nor an order")
            .into(),
    }
    .into()
}

/// Fails if the value is not one value of the column's type.
fn check<R: Record>(index: usize, value: &Value) -> Result<()> {
    match value {
        Value::Null(_) => Err(ErrorKind::InvalidQuery {
            reason: "a comparison with NULL matches no row; use is_null".into(),
        }
        .into()),
        Value::Array(..) => Err(ErrorKind::InvalidQuery {
            reason: "a column is compared with one value; use is_in for several".into(),
        }
        .into()),
        value => check_type::<R>(index, value.ty()),
    }
}

/// Filters for generic code. A column is named by its position in [`Record::COLUMNS`], and a value is a [`Value`].
impl<R: Record> Filter<R> {
    /// Compares a column with a value.
    ///
    /// ```
    /// use catamaran::query::Comparison;
    /// use catamaran::{Filter, Record, Value};
    ///
    /// /// The rows that have this value in this field.
    /// fn with<R: Record>(field: &str, value: Value) -> catamaran::Result<Filter<R>> {
    ///     let index = R::COLUMNS.iter().position(|column| column.field == field);
    ///     Filter::compare(index.unwrap_or(usize::MAX), Comparison::Equal, value)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`InvalidQuery`](ErrorKind::InvalidQuery) if there is no such column, or the value is NULL, a list, or of another
    /// type.
    pub fn compare(column: usize, comparison: Comparison, value: Value) -> Result<Self> {
        check::<R>(column, &value)?;
        let value = (self::column::<R>(column)?.canonical)(value);
        Ok(Condition::Compare {
            column,
            comparison,
            value,
        }
        .into())
    }

    /// Equal to one of the values. An empty list matches no row.
    ///
    /// # Errors
    /// As [`compare`](Self::compare).
    pub fn is_in(column: usize, values: impl IntoIterator<Item = Value>) -> Result<Self> {
        let spec = self::column::<R>(column)?;
        let values: Vec<Value> = values.into_iter().collect();
        values
            .iter()
            .try_for_each(|value| check::<R>(column, value))?;
        let values = values.into_iter().map(spec.canonical);
        let values = values.collect::<std::result::Result<_, _>>();
        let values = values.map(|values| Value::Array(spec.ty, values));
        Ok(Condition::IsIn { column, values }.into())
    }

    /// Is NULL. A column that forbids NULL matches no row.
    ///
    /// # Errors
    /// [`InvalidQuery`](ErrorKind::InvalidQuery) if there is no such column.
    pub fn is_null(column: usize) -> Result<Self> {
        self::column::<R>(column)?;
        Ok(Condition::IsNull { column }.into())
    }

    /// Matches a text column.
    ///
    /// # Errors
    /// [`InvalidQuery`](ErrorKind::InvalidQuery) if there is no such column, or it is no text.
    pub fn matches(column: usize, how: TextMatch, needle: impl Into<String>) -> Result<Self> {
        check_type::<R>(column, Type::Text)?;
        let max_bytes = self::column::<R>(column)?.max_bytes;
        Ok(Condition::text(column, max_bytes, how, needle.into()).into())
    }
}

/// Orders for generic code.
impl<R: Record> Order<R> {
    /// Ascending order by the column at this position of [`Record::COLUMNS`]. NULLs come last.
    /// [`reversed`](Self::reversed) makes it descending.
    ///
    /// # Errors
    /// [`InvalidQuery`](ErrorKind::InvalidQuery) if there is no such column, or it is JSON, which has no order.
    pub fn by(column: usize) -> Result<Self> {
        let spec = self::column::<R>(column)?;
        match spec.ty {
            Type::Json => Err(no_order(spec)),
            _ => Ok(Order::ascending(column)),
        }
    }
}
