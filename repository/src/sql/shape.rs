//! The cache key of a text: exactly what it depends on.

use super::Effort;
use crate::model::query::{Condition, Nulls, OrderKey, Visibility};
use crate::model::value::Value;

/// The kind of a statement.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Statement {
    SelectOne,
    SelectByKeys,
    SelectKeys,
    LockByKeys,
    SelectForUpdate,
    LookUp,
    List,
    Count,
    Exists,
    InsertOne,
    InsertGenerated,
    ReserveIds,
    UpdateOne,
    UpdateKnown,
    DeleteOne,
    RestoreOne,
    Purge,
    PurgedKeys,
    UpdateWhere,
    DeleteWhere,
    RemoveWhere,
    BulkInsert,
    BulkUpdate,
    Copy,
}

/// The number of rows up to which a bulk statement is a short one.
const FEW_ROWS: usize = 8;

/// Everything that the text of a statement depends on, as bytes. Two statements have the same shape if and only if they
/// have the same text, and both are short or neither is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape(Vec<u8>);

impl Shape {
    pub(crate) fn of(statement: Statement) -> Self {
        let mut bytes = Vec::with_capacity(16);
        bytes.push(statement as u8);
        Shape(bytes)
    }

    /// A bulk statement for that number of rows.
    pub(crate) fn of_rows(statement: Statement, rows: usize) -> Self {
        Shape::of(statement).flag(rows > FEW_ROWS)
    }

    /// Whether the statement may read or write any number of rows.
    pub(crate) fn effort(&self) -> Effort {
        const LONG: [Statement; 6] = [
            Statement::SelectKeys,
            Statement::PurgedKeys,
            Statement::Purge,
            Statement::UpdateWhere,
            Statement::DeleteWhere,
            Statement::RemoveWhere,
        ];
        const OF_ROWS: [Statement; 2] = [Statement::BulkInsert, Statement::BulkUpdate];
        let is = |statement: &Statement| self.0.first() == Some(&(*statement as u8));
        let has_many_rows = OF_ROWS.iter().any(is) && self.0.get(1) == Some(&1);
        match LONG.iter().any(is) || has_many_rows {
            true => Effort::Long,
            // SQLite can count a whole table in one step.
            false => Effort::measured_from(is(&Statement::Count)),
        }
    }

    #[must_use]
    pub(crate) fn flag(mut self, flag: bool) -> Self {
        self.0.push(flag.into());
        self
    }

    #[must_use]
    pub(crate) fn number(mut self, number: usize) -> Self {
        self.push_number(number);
        self
    }

    #[must_use]
    pub(crate) fn visibility(mut self, visibility: Visibility) -> Self {
        self.0.push(visibility as u8);
        self
    }

    #[must_use]
    pub(crate) fn columns(mut self, columns: impl Iterator<Item = usize>) -> Self {
        for column in columns {
            // 0 ends the list.
            self.push_number(column + 1);
        }
        self.push_number(0);
        self
    }

    #[must_use]
    pub(crate) fn order(mut self, keys: &[OrderKey]) -> Self {
        self.push_number(keys.len());
        for key in keys {
            self.push_number(key.column);
            self.0.push(key.descending.into());
            self.0.push((key.nulls == Nulls::First).into());
        }
        self
    }

    /// Whether there is a position, and which of its values are NULL.
    #[must_use]
    pub(crate) fn position(mut self, position: Option<&[Value]>) -> Self {
        match position {
            None => self.0.push(2),
            Some(values) => {
                for value in values {
                    self.0.push(value.is_null().into());
                }
            }
        }
        self
    }

    #[must_use]
    pub(crate) fn condition(mut self, condition: &Condition) -> Self {
        self.push_condition(condition);
        self
    }

    fn push_condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(parts) => self.push_parts(0, parts),
            Condition::Or(parts) => self.push_parts(1, parts),
            Condition::Not(inner) => {
                self.0.push(2);
                self.push_condition(inner);
            }
            Condition::Compare {
                column, comparison, ..
            } => {
                self.0.extend([3, *comparison as u8]);
                self.push_number(*column);
            }
            Condition::IsNull { column } => {
                self.0.push(4);
                self.push_number(*column);
            }
            Condition::IsIn { column, .. } => {
                self.0.push(5);
                self.push_number(*column);
            }
            Condition::IsRowOf { columns, .. } => {
                self.0.push(8);
                self.push_number(columns.len());
                for column in *columns {
                    self.push_number(*column);
                }
            }
            Condition::TooLarge => self.0.push(7),
            Condition::Text { column, kind, .. } => {
                self.0.extend([6, *kind as u8]);
                self.push_number(*column);
            }
        }
    }

    fn push_parts(&mut self, kind: u8, parts: &[Condition]) {
        self.0.push(kind);
        self.push_number(parts.len());
        for part in parts {
            self.push_condition(part);
        }
    }

    /// Four bytes each, so that different sequences of numbers have different bytes.
    fn push_number(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.0.extend(number.to_le_bytes());
    }
}
