//! A connection that was taken from its pool.

use crate::driver::Dialect;

/// A checked-out connection. Dropping it discards the connection; [`release`](Self::release) returns it to its pool.
pub(super) struct CheckedOut<D: Dialect>(pub(super) Option<D::Connection>);

impl<D: Dialect> CheckedOut<D> {
    pub(super) fn new(connection: D::Connection) -> Self {
        CheckedOut(Some(connection))
    }

    /// The connection that a session has, if it has one.
    pub(super) fn live(of: &mut Option<Self>) -> Option<&mut D::Connection> {
        of.as_mut()?.0.as_mut()
    }

    /// Returns the connection to its pool.
    pub(super) fn release(mut self) {
        if let Some(connection) = self.0.take() {
            D::release(connection);
        }
    }
}

impl<D: Dialect> Drop for CheckedOut<D> {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            D::discard(connection);
        }
    }
}
