//! The rows of a result, decoded into types that only the caller knows.
//!
//! The code that runs statements works on these trait objects. So it is compiled once, in the library, and not once for
//! each record of an application.

use std::any::Any;

use super::row::HasRow;
use crate::model::error::{ErrorKind, Result};

/// Decodes rows, and collects them.
pub trait Rows<D: HasRow>: Any + Send {
    /// Decodes the row, and appends it.
    ///
    /// # Errors
    /// Those of the decoding.
    fn push(&mut self, row: &D::Row<'_>) -> Result<()>;

    /// The same decoding, without rows.
    fn emptied(&self) -> Box<dyn Rows<D>>;
}

/// Rows that a function decodes.
pub(crate) struct Decoded<D: HasRow, T> {
    decode: fn(&D::Row<'_>) -> Result<T>,
    rows: Vec<T>,
}

impl<D: HasRow + 'static, T: Send + 'static> Decoded<D, T> {
    pub(crate) fn boxed(decode: fn(&D::Row<'_>) -> Result<T>) -> Box<dyn Rows<D>> {
        let rows = Vec::new();
        Box::new(Decoded::<D, T> { decode, rows })
    }

    /// The rows that a statement decoded into the value of [`boxed`](Self::boxed).
    ///
    /// # Errors
    /// [`Internal`](ErrorKind::Internal) if they are of another type.
    pub(crate) fn taken(rows: Box<dyn Any>) -> Result<Vec<T>> {
        match rows.downcast::<Self>() {
            Ok(decoded) => Ok(decoded.rows),
            Err(_) => Err(ErrorKind::Internal.into()),
        }
    }
}

impl<D: HasRow + 'static, T: Send + 'static> Rows<D> for Decoded<D, T> {
    fn push(&mut self, row: &D::Row<'_>) -> Result<()> {
        self.rows.push((self.decode)(row)?);
        Ok(())
    }

    fn emptied(&self) -> Box<dyn Rows<D>> {
        Self::boxed(self.decode)
    }
}
