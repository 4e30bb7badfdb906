//! Sending a message again on a new connection, after it was sent on one that turned out to be of no use.

use super::{CheckedOut, NO_RESPONSE, Session};
use crate::driver::{Access, Dialect};
use crate::model::error::{Error, ErrorKind, Setback};

impl<D: Dialect> Session<D> {
    /// Whether the message that gave this error must be sent again: on a new connection, which the session then has.
    ///
    /// It is sent again at most once, because the connection is new then. Nothing is sent twice that may have been
    /// committed. `was_in_transaction` is whether earlier statements belong to the same transaction.
    pub(super) async fn has_new_connection_after(
        &mut self,
        error: &Error,
        was_in_transaction: bool,
    ) -> bool {
        if was_in_transaction || !self.had_no_effect(error) {
            return false;
        }
        self.report(error);
        let Some(connection) = CheckedOut::live(&mut self.connection) else {
            return false;
        };
        if D::is_new(connection) || D::renew(connection).await.is_err() {
            return false;
        }
        self.busy = false;
        self.in_transaction = false;
        true
    }

    /// Whether the connection was at fault for the error of a first message, which had no effect.
    fn had_no_effect(&self, error: &Error) -> bool {
        match error.kind() {
            // A server that is too busy to answer would get the statement twice.
            ErrorKind::ConnectionLost if is_silence(error) => false,
            // A transaction that was begun was not committed.
            ErrorKind::ConnectionLost => self.access == Access::Read || self.in_transaction,
            // Outside of a transaction, a procedure of custom SQL may have committed a part of its work before.
            _ => {
                self.access == Access::Write
                    && error.is_read_only_database()
                    && (self.in_transaction || !self.custom_sql)
            }
        }
    }

    /// Tells the pool what the error says of its connections.
    pub(super) fn report(&mut self, error: &Error) {
        let Some(connection) = CheckedOut::live(&mut self.connection) else {
            return;
        };
        D::failed(connection, self.access, error);
        let elsewhere = error.is_read_only_database() && !D::is_new(connection);
        if let (true, Access::Write, Some(failure)) = (elsewhere, self.access, &mut self.failure) {
            // A new connection may lead to a server that can be written.
            failure.setback.get_or_insert(Setback::Outage);
        }
    }
}

fn is_silence(error: &Error) -> bool {
    let message = error.driver_message().unwrap_or_default();
    message.starts_with(NO_RESPONSE)
}
