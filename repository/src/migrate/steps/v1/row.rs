//! The rows of a query.

use std::sync::Arc;

use sea_orm::QueryResult;

use super::{Column, Error};

/// A row of [`Batch::select`](super::Batch::select).
#[derive(Debug)]
pub struct Row {
    row: QueryResult,
    names: Arc<[String]>,
}

impl Row {
    pub(super) fn new(row: QueryResult, names: Arc<[String]>) -> Self {
        Row { row, names }
    }

    /// The value of a column, by its name in the query. An `Option` reads NULL as `None`.
    ///
    /// # Errors
    /// If the query has no such column, or the stored value is not of that type.
    pub fn get<T: Column>(&self, column: &str) -> Result<T, Error> {
        let index = self.names.iter().position(|name| name == column);
        let Some(index) = index else {
            return Err(Error::new(format!(
                "the query has no column `{column}`, but {}",
                self.names.join(", ")
            )));
        };
        T::read(&self.row, index).ok_or_else(|| {
            let ty = std::any::type_name::<T>();
            Error::new(format!(
                "the stored value of the column `{column}` is no {ty}"
            ))
        })
    }
}
