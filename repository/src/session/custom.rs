//! Custom SQL and statements of SeaORM: validated before they run.

use sea_orm::{DbErr, ExecResult, QueryResult};

use super::{Session, with_deadline};
use crate::driver::Dialect;
use crate::model::error::{ErrorKind, Result};
use crate::sql::custom::{CustomSql, Trace};

impl<D: Dialect> Session<D> {
    pub(crate) async fn seaorm_fetch(
        &mut self,
        statement: sea_orm::Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let response_deadline = self.response_deadline;
        self.validate_statement(&statement)?;
        self.ready().await?;
        let connection = self.start_statement()?;
        let result = with_deadline(response_deadline, D::seaorm_fetch(connection, statement)).await;
        self.finish_seaorm_statement(result)
    }

    pub(crate) async fn seaorm_execute(
        &mut self,
        statement: sea_orm::Statement,
    ) -> Result<ExecResult, DbErr> {
        let response_deadline = self.response_deadline;
        self.validate_statement(&statement)?;
        self.ready().await?;
        let connection = self.start_statement()?;
        let result =
            with_deadline(response_deadline, D::seaorm_execute(connection, statement)).await;
        self.finish_seaorm_statement(result)
    }

    pub(crate) async fn seaorm_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let response_deadline = self.response_deadline;
        self.validate(&CustomSql::read(D::ENGINE, sql))?;
        self.ready().await?;
        let connection = self.start_statement()?;
        let result = with_deadline(response_deadline, D::seaorm_unprepared(connection, sql)).await;
        self.finish_seaorm_statement(result)
    }

    fn validate_statement(&mut self, statement: &sea_orm::Statement) -> Result<()> {
        let values = statement.values.as_ref().map_or(0, |values| values.0.len());
        self.validate_one(&CustomSql::read(D::ENGINE, &statement.sql), values)
    }

    /// As [`validate`](Self::validate), for a text that is prepared and bound to this number of values.
    ///
    /// Postgres refuses a prepared text with several statements. SQLite runs each of them, even without a transaction
    /// around them, and reads a missing value as NULL.
    pub(crate) fn validate_one(&mut self, sql: &CustomSql<'_>, values: usize) -> Result<()> {
        let reason = match (sql.statements(), sql.parameters()) {
            (0, _) => "the text has no statement".to_owned(),
            (2.., _) => "the text has several statements: send them one by one".to_owned(),
            (1, Ok(parameters)) if parameters == values => return self.validate(sql),
            (1, Ok(parameters)) => {
                format!("{values} values for a statement with {parameters} parameters")
            }
            (1, Err(name)) => format!("parameter {name}: use parameters with numbers from 1"),
        };
        Err(ErrorKind::InvalidQuery {
            reason: reason.into(),
        }
        .into())
    }

    /// Refuses custom SQL that would end the transaction, change its role, or reach beyond the scope.
    ///
    /// After accepted custom SQL, the end of the session resets the connection.
    fn validate(&mut self, sql: &CustomSql<'_>) -> Result<()> {
        match sql.validate(self.has_owner) {
            Ok(trace) => {
                self.custom_sql = true;
                // This leaves something on the connection that no statement resets.
                self.broken |= trace == Trace::Left;
                Ok(())
            }
            Err(statement) => Err(ErrorKind::InvalidQuery {
                reason: format!(
                    "{statement} is not allowed in custom SQL: transaction, role and scope belong to the unit of work"
                )
                .into(),
            }
            .into()),
        }
    }

    fn finish_seaorm_statement<T>(&mut self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        self.busy = false;
        if let Err(error) = &result {
            self.record_error(error.clone().into());
        }
        result
    }
}
