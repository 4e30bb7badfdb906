//! What the run knows about a record without its type.

use crate::driver::sqlite::Sqlite;
use crate::driver::{Stored, Twin};
use crate::model::domain::Table;
use crate::model::record::{ColumnSpec, Managed};
use crate::model::value::Value;

/// A record: its columns, names and limits.
#[derive(Debug)]
pub(super) struct Shape {
    /// The name of the record, without its module.
    pub(super) record: &'static str,
    pub(super) draft: &'static str,
    pub(super) patch: &'static str,
    pub(super) table: &'static Table,
    pub(super) specs: &'static [ColumnSpec],
    pub(super) managed: Managed,
    /// The column of the id, which is a UUID.
    pub(super) id: usize,
    /// The names in the database.
    pub(super) columns: Vec<&'static str>,
    /// The maximum length of each column in bytes.
    pub(super) most_bytes: Vec<usize>,
    /// Values that the caller gave for a column.
    pub(super) examples: Vec<Vec<Value>>,
}

impl Shape {
    pub(super) fn of<R: Stored>() -> Self {
        let statements = <R as Twin<Sqlite>>::statements();
        let columns: Vec<&'static str> = (0..R::COLUMNS.len())
            .map(|index| statements.column(index))
            .collect();
        let ty = |name: &str| {
            let index = columns.iter().position(|column| *column == name)?;
            Some(R::COLUMNS[index].ty)
        };
        let most_bytes = columns.iter().map(|column| R::TABLE.most_bytes(column, ty));
        Shape {
            record: last_segment(std::any::type_name::<R>()),
            draft: last_segment(std::any::type_name::<R::Draft>()),
            patch: last_segment(std::any::type_name::<R::Patch>()),
            table: R::TABLE,
            specs: R::COLUMNS,
            managed: R::MANAGED,
            // The id is one column.
            id: R::MANAGED.id.first().copied().unwrap_or_default(),
            most_bytes: most_bytes.collect(),
            examples: vec![Vec::new(); columns.len()],
            columns,
        }
    }

    /// The columns that a caller writes.
    pub(super) fn user_columns(&self) -> impl Iterator<Item = usize> + use<> {
        self.managed.user_columns(self.specs.len())
    }

    /// The position of a column of the database.
    pub(super) fn index_of(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| *name == column)
    }

    /// Whether a draft without this value has one.
    pub(super) fn is_optional(&self, column: usize) -> bool {
        self.specs[column].nullable || self.specs[column].default.is_some()
    }
}

fn last_segment(path: &'static str) -> &'static str {
    path.rsplit("::").next().unwrap_or(path)
}
