//! Sending a statement again whose connection was lost before, or had prepared it before the schema changed.

use super::{CheckedOut, Session, with_deadline};
use crate::driver::Dialect;
use crate::model::error::{Error, ErrorKind};
use crate::model::value::Value;

impl<D: Dialect> Session<D> {
    /// The values of a statement, if it may be sent again after it failed. Nothing else was written in its transaction.
    pub(super) fn values_to_resend(&self, values: &[Value]) -> Option<Vec<Value>> {
        // An engine in this process prepares such a statement again by itself.
        (self.is_single && !D::IN_PROCESS).then(|| values.to_vec())
    }

    /// Whether a statement that gave this error must be sent again, which is done once. `was_in_transaction` is whether
    /// earlier statements belong to its transaction.
    pub(super) async fn resends(
        &mut self,
        error: Option<&Error>,
        begins: Begins,
        was_in_transaction: bool,
    ) -> bool {
        let Some(error) = error else {
            return false;
        };
        // On the heap: each statement holds this future, and rarely needs it.
        Box::pin(async {
            self.has_new_connection_after(error, was_in_transaction)
                .await
                || self
                    .forgets_statements(SchemaChange::of(error), begins)
                    .await
        })
        .await
    }

    /// After a statement failed by a change of the schema, before it had an effect: forgets the prepared statements.
    ///
    /// Returns whether the statement may be sent again. `begins` is whether its transaction is begun first; otherwise the
    /// statement is sent with what begins it.
    pub(super) async fn forgets_statements(
        &mut self,
        change: Option<SchemaChange>,
        begins: Begins,
    ) -> bool {
        let Some(change) = change else {
            return false;
        };
        let response_deadline = self.response_deadline;
        let Some(connection) = CheckedOut::live(&mut self.connection) else {
            return false;
        };
        let forgotten = with_deadline(response_deadline, D::forget_statements(connection)).await;
        self.broken |= forgotten.is_err();
        // A procedure of custom SQL may have committed a part of its work before it met another code.
        let is_safe = !self.custom_sql || change.is_of_plan;
        if self.broken || begins == Begins::Never || !is_safe {
            return false;
        }
        if self.in_transaction {
            let text = match (begins, &self.begin) {
                (Begins::Alone, Some(begin)) => format!("ROLLBACK; {}", begin.text()),
                _ => "ROLLBACK".to_owned(),
            };
            let begun = with_deadline(response_deadline, D::control(connection, &text)).await;
            self.broken |= begun.is_err();
        }
        self.busy &= self.broken;
        !self.broken
    }
}

/// A statement failed with [`SchemaChanged`](ErrorKind::SchemaChanged).
#[derive(Clone, Copy)]
pub(super) struct SchemaChange {
    /// Whether the server compared the cached plan with the schema, which it does before it runs the statement.
    is_of_plan: bool,
}

impl SchemaChange {
    pub(super) fn of(error: &Error) -> Option<Self> {
        let is_change = *error.kind() == ErrorKind::SchemaChanged;
        is_change.then(|| SchemaChange {
            is_of_plan: error.code() == Some("0A000"),
        })
    }
}

/// How the transaction of a statement begins that is sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// Before the statement.
    Alone,
    /// With the statement.
    WithStatement,
    /// The statement is not sent again.
    Never,
}
