//! Running a statement: alone, in one message with what begins the session, or committed together with others.

use super::resend::{Begins, SchemaChange};
use super::{CheckedOut, ENDED, Failure, Session, with_deadline};
use crate::driver::rows::{Decoded, Rows};
use crate::driver::{Access, Begin, Dialect, Sending};
use crate::model::error::Result;
use crate::model::value::Value;
use crate::sql::SqlText;

impl<D: Dialect> Session<D> {
    /// Whether it is a short statement of the library, in a session without custom SQL.
    fn is_short(&self, text: &SqlText) -> bool {
        !self.custom_sql && text.effort.is_bounded()
    }

    /// Where a statement may be committed together with others: a short one, in a session that has no connection yet.
    fn together(&self, text: &SqlText) -> Option<D::Pool> {
        let pool = self.waits_for.as_ref()?;
        self.is_short(text).then(|| pool.clone())
    }

    /// Takes what begins the session, if it is sent in one message with this statement.
    fn message(&mut self, text: &SqlText) -> Option<Begin> {
        let is_short = self.is_short(text);
        let is_sent_now = self.is_unsent && is_short;
        self.is_unsent &= !is_short;
        self.begin.take_if(|_| is_sent_now)
    }

    fn start_message(&mut self, begin: &Begin) -> Result<&mut D::Connection> {
        self.check()?;
        self.in_transaction = begin.sending == Sending::WithFirst;
        self.start_statement()
    }

    fn finish_message<T>(&mut self, begin: Begin, result: Result<Option<T>>) -> Result<Option<T>> {
        let sent = !matches!(result, Ok(None));
        let result = self.finish_statement(result);
        if !sent || begin.sending == Sending::WithEach {
            self.in_transaction = false;
            self.is_unsent = true;
        }
        self.begin = Some(begin);
        result
    }

    /// As [`finish_statement`](Self::finish_statement), for one that is not sent again.
    async fn finish_last<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            let change = SchemaChange::of(error);
            Box::pin(self.forgets_statements(change, Begins::Never)).await;
        }
        self.finish_statement(result)
    }

    /// Runs a statement, and decodes its rows into `rows`.
    pub(crate) async fn fetch_rows(
        &mut self,
        text: &SqlText,
        values: Vec<Value>,
        mut rows: Box<dyn Rows<D>>,
    ) -> Result<Box<dyn Rows<D>>> {
        let response_deadline = self.response_deadline;
        if let Some(pool) = self.together(text) {
            let result = D::fetch_together(&pool, text, &values, rows.emptied()).await;
            if let Some(rows) = self.finish_statement(result)? {
                return Ok(rows);
            }
        }
        if let Some(()) = self.fetch_in_message(text, &values, &mut rows).await? {
            return Ok(rows);
        }
        self.ready().await?;
        let was_in_transaction = self.in_transaction;
        let again = self.values_to_resend(&values);
        let again = again.map(|values| (values, rows.emptied()));
        let connection = self.start_statement()?;
        let mut result =
            with_deadline(response_deadline, D::fetch(connection, text, values, rows)).await;
        let error = result.as_ref().err();
        if let Some((values, rows)) = again
            && self.resends(error, Begins::Alone, was_in_transaction).await
        {
            let connection = self.start_statement()?;
            let sent = D::fetch(connection, text, values, rows);
            result = with_deadline(response_deadline, sent).await;
        }
        self.finish_last(result).await
    }

    /// Fetches in one message with what begins the session; `None` if the statement must be sent alone.
    async fn fetch_in_message(
        &mut self,
        text: &SqlText,
        values: &[Value],
        rows: &mut Box<dyn Rows<D>>,
    ) -> Result<Option<()>> {
        let response_deadline = self.response_deadline;
        let Some(mut begin) = self.message(text) else {
            return Ok(None);
        };
        if self.access == Access::Write && begin.sending == Sending::WithEach {
            // The row is read before the commit, where that can be done.
            begin.sending = Sending::WithFirst;
        }
        let connection = self.start_message(&begin)?;
        let sent = D::fetch_in_message(connection, &begin, text, values, &mut **rows);
        let mut result = with_deadline(response_deadline, sent).await;
        let error = result.as_ref().err();
        if self.resends(error, Begins::WithStatement, false).await {
            *rows = rows.emptied();
            let connection = self.start_message(&begin)?;
            let sent = D::fetch_in_message(connection, &begin, text, values, &mut **rows);
            result = with_deadline(response_deadline, sent).await;
        }
        self.finish_message(begin, result)
    }

    /// Runs a statement that only reads, and decodes its first row into `rows`.
    pub(crate) async fn fetch_first_row(
        &mut self,
        text: &SqlText,
        values: Vec<Value>,
        mut rows: Box<dyn Rows<D>>,
    ) -> Result<Box<dyn Rows<D>>> {
        let response_deadline = self.response_deadline;
        if let Some(()) = self.fetch_in_message(text, &values, &mut rows).await? {
            return Ok(rows);
        }
        self.ready().await?;
        let was_in_transaction = self.in_transaction;
        let again = self.values_to_resend(&values);
        let again = again.map(|values| (values, rows.emptied()));
        let sent = D::fetch_first(self.start_statement()?, text, values, rows);
        let mut result = with_deadline(response_deadline, sent).await;
        let error = result.as_ref().err();
        if let Some((values, rows)) = again
            && self.resends(error, Begins::Alone, was_in_transaction).await
        {
            let sent = D::fetch_first(self.start_statement()?, text, values, rows);
            result = with_deadline(response_deadline, sent).await;
        }
        self.finish_last(result).await
    }

    pub(crate) async fn execute(&mut self, text: &SqlText, values: Vec<Value>) -> Result<u64> {
        let response_deadline = self.response_deadline;
        if let Some(pool) = self.together(text) {
            let result = D::execute_together(&pool, text, &values).await;
            if let Some(changed) = self.finish_statement(result)? {
                return Ok(changed);
            }
        }
        if let Some(begin) = self.message(text) {
            let sent = D::execute_in_message(self.start_message(&begin)?, &begin, text, &values);
            let mut result = with_deadline(response_deadline, sent).await;
            let error = result.as_ref().err();
            if self.resends(error, Begins::WithStatement, false).await {
                let connection = self.start_message(&begin)?;
                let sent = D::execute_in_message(connection, &begin, text, &values);
                result = with_deadline(response_deadline, sent).await;
            }
            if let Some(changed) = self.finish_message(begin, result)? {
                return Ok(changed);
            }
        }
        self.ready().await?;
        let was_in_transaction = self.in_transaction;
        let again = self.values_to_resend(&values);
        let sent = D::execute(self.start_statement()?, text, values);
        let mut result = with_deadline(response_deadline, sent).await;
        let error = result.as_ref().err();
        if let Some(values) = again
            && self.resends(error, Begins::Alone, was_in_transaction).await
        {
            let sent = D::execute(self.start_statement()?, text, values);
            result = with_deadline(response_deadline, sent).await;
        }
        self.finish_last(result).await
    }

    /// Inserts each row of values. If it fails, it may have inserted some of them.
    pub(crate) async fn execute_each(
        &mut self,
        text: &SqlText,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        let response_deadline = self.response_deadline;
        self.ready().await?;
        self.check()?;
        let connection = CheckedOut::live(&mut self.connection).ok_or(ENDED)?;
        // If this is dropped in between, the driver would read the answers of a server as those to later statements.
        let was_broken = self.broken;
        self.broken |= !D::IN_PROCESS;
        self.failure = (!D::IN_PROCESS).then_some(Failure::ENDS_TRANSACTION);
        self.busy = true;
        let inserted = D::execute_each(connection, text, rows);
        let result = with_deadline(response_deadline, inserted).await;
        self.broken = was_broken;
        self.failure = None;
        self.finish_statement(result)
    }

    /// Runs a diagnostic query after a statement that violated a constraint, on an engine that undid only that
    /// statement. Returns the first column of the first row. The session stays failed.
    pub(crate) async fn probe(&mut self, text: &SqlText, values: Vec<Value>) -> Option<i64> {
        let connection = CheckedOut::live(&mut self.connection)?;
        self.busy = true;
        let number = |row: &D::Row<'_>| D::get::<i64>(row, 0);
        let query = D::fetch_first(connection, text, values, Decoded::<D, i64>::boxed(number));
        let result = with_deadline(self.response_deadline, query).await;
        // The caller reports the error of the statement, not that of this query.
        let rows = self.finish_statement(result).ok()?;
        Decoded::<D, i64>::taken(rows).ok()?.into_iter().next()
    }
}
