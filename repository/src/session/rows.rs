//! Statements whose rows are of a known type.

use super::Session;
use crate::driver::rows::Decoded;
use crate::driver::{Dialect, Keys, RecordType, Records};
use crate::model::error::Result;
use crate::model::key::Key;
use crate::model::value::Value;
use crate::sql::{SqlText, Statements};

impl<D: Dialect> Session<D> {
    /// Runs a statement, and decodes its rows.
    pub(crate) async fn fetch<T: Send + 'static>(
        &mut self,
        text: &SqlText,
        values: Vec<Value>,
        decode: fn(&D::Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = Decoded::<D, T>::boxed(decode);
        Decoded::<D, T>::taken(self.fetch_rows(text, values, rows).await?)
    }

    /// The first row of a statement that only reads.
    pub(crate) async fn fetch_first<T: Send + 'static>(
        &mut self,
        text: &SqlText,
        values: Vec<Value>,
        decode: fn(&D::Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let rows = Decoded::<D, T>::boxed(decode);
        let rows = self.fetch_first_row(text, values, rows).await?;
        Ok(Decoded::<D, T>::taken(rows)?.into_iter().next())
    }

    /// As [`fetch_records`](Self::fetch_records), for the first row of a statement that only reads.
    pub(crate) async fn fetch_first_record(
        &mut self,
        text: &SqlText,
        values: Vec<Value>,
        record: RecordType<D>,
    ) -> Result<Box<dyn Records>> {
        let rows = (record.rows)();
        record.records(self.fetch_first_row(text, values, rows).await?)
    }

    /// Runs a statement whose rows have the columns of the primary key.
    pub(crate) async fn fetch_keys(
        &mut self,
        text: &SqlText,
        values: Vec<Value>,
        statements: &Statements,
    ) -> Result<Vec<Key>> {
        let rows = Keys::boxed(statements.key_types());
        Keys::taken(self.fetch_rows(text, values, rows).await?)
    }

    /// Runs a statement whose rows have the columns of a record.
    pub(crate) async fn fetch_records(
        &mut self,
        text: &SqlText,
        values: Vec<Value>,
        record: RecordType<D>,
    ) -> Result<Box<dyn Records>> {
        let rows = (record.rows)();
        record.records(self.fetch_rows(text, values, rows).await?)
    }
}
