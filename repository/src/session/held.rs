//! Who has a connection, and what becomes of it.

use crate::driver::Dialect;

/// A connection that is thrown away when it is dropped, unless it was released before.
pub(super) struct Held<D: Dialect>(pub(super) Option<D::Connection>);

impl<D: Dialect> Held<D> {
    pub(super) fn new(connection: D::Connection) -> Self {
        Held(Some(connection))
    }

    /// Gives the connection back to its pool.
    pub(super) fn release(mut self) {
        if let Some(connection) = self.0.take() {
            D::release(connection);
        }
    }
}

impl<D: Dialect> Drop for Held<D> {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            D::discard(connection);
        }
    }
}
