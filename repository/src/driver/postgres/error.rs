//! Kinds of errors by SQLSTATE. The detail of an error quotes rows, and is never read.

use std::borrow::Cow;

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use super::rejection::{Rejection, mode, shown};
use crate::model::domain::{Table, column_of};
use crate::model::error::{Error, ErrorKind, InvalidReason};

/// Converts an error. The codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn classify(error: &sqlx::Error, table: Option<&'static Table>) -> Error {
    let database = match error {
        sqlx::Error::Database(database) => database.try_downcast_ref::<PgDatabaseError>(),
        _ => None,
    };
    let Some(database) = database else {
        return Error::with_cause(
            crate::driver::error::without_code(error),
            None,
            error.to_string(),
        );
    };
    let server_error = ServerError {
        code: database.code(),
        message: safe_message(database),
        fatal: database.severity() == PgSeverity::Fatal,
        panic: database.severity() == PgSeverity::Panic,
        table: database.table(),
        column: database.column(),
        constraint: database.constraint(),
        routine: database.routine().unwrap_or_default(),
    };
    Error::with_cause(
        server_error.kind(table),
        Some(database.code().to_owned()),
        database.message().to_owned(),
    )
}

/// The message, without one that may quote a row: a message of an application's function or about invalid SQL.
fn safe_message(error: &PgDatabaseError) -> &str {
    match (error.routine(), error.code()) {
        // RAISE of PL/pgSQL, which may set any SQLSTATE.
        (Some("exec_stmt_raise"), _) => "a function of the application raised the error",
        // syntax_error
        (_, "42601") => "the statement is not valid SQL",
        _ => error.message(),
    }
}

/// The parts of a server's error that contain no values.
#[derive(Clone, Copy, Default)]
struct ServerError<'e> {
    code: &'e str,
    message: &'e str,
    /// Whether the server closes the connection.
    fatal: bool,
    /// Whether every process of the server ends, and its recovery decides what was committed.
    panic: bool,
    table: Option<&'e str>,
    column: Option<&'e str>,
    constraint: Option<&'e str>,
    /// The function of the server that raised it.
    routine: &'e str,
}

impl ServerError<'_> {
    fn kind(self, known: Option<&'static Table>) -> ErrorKind {
        if self.panic {
            return ErrorKind::ConnectionLost;
        }
        // A server names the function that raised an error. A pooler does not.
        if self.routine.is_empty()
            && Rejection::has_general_code(self.code)
            && let Some(kind) = self.rejection()
        {
            return kind;
        }
        match self.of_code(known) {
            ErrorKind::Internal | ErrorKind::SchemaMismatch { .. } if self.fatal => {
                ErrorKind::ConnectionLost
            }
            kind => kind,
        }
    }

    /// The kind of a refusal of a pooler. Only [`ErrorKind::ConnectionLost`] leaves open whether a statement was run.
    fn rejection(self) -> Option<ErrorKind> {
        let words = || shown(self.message, &[]);
        Some(match Rejection::of(self.message)? {
            Rejection::NoFreeServer => ErrorKind::PoolTimeout,
            Rejection::NoServer | Rejection::TooMany => ErrorKind::Unavailable {
                reason: words().into(),
            },
            Rejection::ServerLost => ErrorKind::ConnectionLost,
            Rejection::Login => unavailable("the pooler refused the login"),
            Rejection::Database => unavailable("the database does not exist"),
            // The message might quote a value.
            _ if self.message.contains(['\'', '"']) => return None,
            Rejection::Forbidden => ErrorKind::Permission {
                reason: words().into(),
            },
            Rejection::Mode => ErrorKind::Pooler {
                reason: mode(&words()).into(),
            },
            Rejection::Parameter
            | Rejection::Console
            | Rejection::Tls
            | Rejection::Configuration => ErrorKind::Pooler {
                reason: words().into(),
            },
        })
    }

    fn of_code(self, known: Option<&'static Table>) -> ErrorKind {
        match self.code {
            // unique_violation, exclusion_violation
            "23505" | "23P01" => self.unique(known),
            // foreign_key_violation, restrict_violation
            "23503" | "23001" => ErrorKind::ForeignKey {
                table: named(self.table),
                columns: self.foreign_key(known),
                constraint: named(self.constraint),
            },
            // not_null_violation
            "23502" => ErrorKind::NotNull {
                table: named(self.table).unwrap_or_default(),
                column: named(self.column).unwrap_or_default(),
            },
            // check_violation, with_check_option_violation, raise_exception
            "23514" | "44000" | "P0001" => self.check(known),
            // program_limit_exceeded
            "54000" => self.too_long(known),
            // datatype_mismatch, cardinality_violation
            "42804" | "21000" => self.invalid_value(),
            // insufficient_privilege, also returned by row level security. The message names schema objects and
            // policies, and no values.
            "42501" => ErrorKind::Permission {
                reason: self.message.to_owned().into(),
            },
            // read_only_sql_transaction
            "25006" => ErrorKind::ReadOnly {
                reason: "the transaction is read only".into(),
            },
            // feature_not_supported, of a setting of BEGIN or of its snapshot: a standby has no serializable transactions
            "0A000"
                if ["call_enum_check_hook", "GetSerializableTransactionSnapshot"]
                    .contains(&self.routine) =>
            {
                ErrorKind::ReadOnly {
                    reason: "the server is a standby, which has no serializable transactions"
                        .into(),
                }
            }
            // serialization_failure that closes the connection: a standby replays what a long read would have seen
            "40001" if self.fatal => ErrorKind::ConnectionLost,
            // transaction_rollback, serialization_failure, deadlock_detected, snapshot_too_old
            "40000" | "40001" | "40P01" | "72000" => ErrorKind::Serialization,
            // lock_not_available
            "55P03" => ErrorKind::LockTimeout,
            // query_canceled
            "57014" => ErrorKind::StatementTimeout,
            // in_failed_sql_transaction, no_active_sql_transaction, invalid_savepoint_specification
            "25P02" | "25P01" | "3B001" => ErrorKind::UnitEnded {
                reason: "a call in it failed, so it can only be rolled back",
            },
            // statement_completion_unknown, transaction_resolution_unknown
            "40003" | "08007" => ErrorKind::CommitUnknown,
            // sqlclient_unable_to_establish_sqlconnection, sqlserver_rejected_establishment_of_sqlconnection
            "08001" | "08004" => unavailable("the server rejected the connection"),
            // protocol_violation: the code of every error of pgbouncer, which then closes the connection.
            "08P01" if self.fatal => ErrorKind::ConnectionLost,
            // protocol_violation: the driver bound other parameters, or a pooler mixed up connections
            "08P01" => ErrorKind::Internal,
            // admin_shutdown, crash_shutdown, database_dropped, idle_session_timeout,
            // idle_in_transaction_session_timeout, transaction_timeout, io_error
            "57P01" | "57P02" | "57P04" | "57P05" | "25P03" | "25P04" | "58030" => {
                ErrorKind::ConnectionLost
            }
            // cannot_connect_now
            "57P03" => unavailable("the server is starting up or shutting down"),
            // too_many_connections
            "53300" => unavailable("the server has no connection left"),
            // invalid_catalog_name
            "3D000" => unavailable("the database does not exist"),
            // invalid_authorization_specification, invalid_password
            "28000" | "28P01" => unavailable("the server refused the login"),
            // disk_full
            "53100" => ErrorKind::StorageFull,
            // out_of_memory
            "53200" => ErrorKind::Exhausted { resource: "memory" },
            // insufficient_resources, configuration_limit_exceeded (temp_file_limit)
            "53000" | "53400" => ErrorKind::Exhausted {
                resource: "a resource that its configuration limits",
            },
            // data_corrupted, index_corrupted, undefined_file, duplicate_file: files of the cluster
            "XX001" | "XX002" | "58P01" | "58P02" => ErrorKind::Corrupt,
            // statement_too_complex, too_many_columns, too_many_arguments
            "54001" | "54011" | "54023" => ErrorKind::StatementTooLarge,
            // feature_not_supported, of the function that checks a cached plan. Its message is translated.
            "0A000" if self.routine == "RevalidateCachedQuery" => ErrorKind::SchemaChanged,
            // invalid_sql_statement_name, duplicate_prepared_statement: the server has other prepared statements than
            // the driver knows
            "26000" | "42P05" => ErrorKind::SchemaChanged,
            // internal_error: a cached plan with a type that was dropped. Messages of internal errors are not translated.
            "XX000" if self.message.starts_with("cache lookup failed for type") => {
                ErrorKind::SchemaChanged
            }
            "0A000" => self.schema_mismatch(),
            code => match code.get(..2) {
                // The other data exceptions, connection exceptions, and syntax errors or access rule
                // violations; invalid_schema_name is 3F000.
                Some("22") => self.invalid_value(),
                Some("08") => ErrorKind::ConnectionLost,
                Some("42" | "3F") => self.schema_mismatch(),
                _ => ErrorKind::Internal,
            },
        }
    }

    fn invalid_value(self) -> ErrorKind {
        ErrorKind::InvalidValue {
            field: named(self.column),
            reason: InvalidReason::Refused,
        }
    }

    /// A value that is too long for an index, or another limit of the server.
    fn too_long(self, known: Option<&'static Table>) -> ErrorKind {
        // A B-tree names the index as the constraint. What is too long even to be packed for an index names nothing.
        let is_of_index = self.constraint.is_some()
            || ["index_form_tuple", "GinFormTuple", "gist", "brin", "spg"]
                .iter()
                .any(|routine| self.routine.starts_with(routine));
        if !is_of_index {
            return self.invalid_value();
        }
        let known = known.filter(|known| self.table.is_none_or(|table| table == known.name));
        let field = known.zip(self.constraint);
        let field = field.and_then(|(known, index)| known.only_text_in(index));
        ErrorKind::InvalidValue {
            field: field.map(Cow::from),
            reason: InvalidReason::TooLongForIndex {
                table: named(self.table).or(known.map(|known| known.name.into())),
                index: named(self.constraint),
            },
        }
    }

    fn schema_mismatch(self) -> ErrorKind {
        ErrorKind::SchemaMismatch {
            reason: self.message.to_owned(),
        }
    }

    fn check(self, known: Option<&'static Table>) -> ErrorKind {
        let known = known.filter(|known| self.table.is_none_or(|table| table == known.name));
        let columns = known
            .zip(self.constraint)
            .map(|(known, name)| known.checked_columns(name));
        ErrorKind::Check {
            table: named(self.table).or(known.map(|known| known.name.into())),
            columns: columns.unwrap_or_default(),
            constraint: named(self.constraint),
        }
    }

    /// The columns of the violated key, if it is a key of the statement's table.
    fn foreign_key(self, known: Option<&'static Table>) -> Vec<Cow<'static, str>> {
        let known = known.filter(|known| Some(known.name) == self.table);
        let key = known.and_then(|known| known.foreign_key(self.constraint?));
        let columns = key.map_or(&[][..], |key| key.columns);
        columns.iter().map(|column| Cow::from(*column)).collect()
    }

    fn unique(self, known: Option<&'static Table>) -> ErrorKind {
        let constraint = self.constraint.unwrap_or_default();
        let known = known.filter(|known| Some(known.name) == self.table);
        let columns = known
            .and_then(|known| Some(known.violated_key(known.unique_columns(constraint)?)))
            .unwrap_or_default();
        let constraint = known.and_then(|known| known.unique_name(columns));
        ErrorKind::Unique {
            table: named(self.table).unwrap_or_default(),
            columns: columns
                .iter()
                .map(|column| Cow::from(column_of(column)))
                .collect(),
            constraint: constraint.map(Cow::from).or(named(self.constraint)),
        }
    }
}

fn named(name: Option<&str>) -> Option<Cow<'static, str>> {
    name.map(|name| name.to_owned().into())
}

fn unavailable(reason: &'static str) -> ErrorKind {
    ErrorKind::Unavailable {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sqlstate_has_its_kind() {
        let rows: &[(&str, &[&str])] = &[
            ("Unique", &["23505", "23P01"]),
            ("ForeignKey", &["23503", "23001"]),
            ("NotNull", &["23502"]),
            ("Check", &["23514", "44000", "P0001"]),
            (
                "InvalidValue",
                &[
                    "22001", "22003", "22007", "22008", "22012", "22021", "22025", "22P02",
                    "22P03", "22P05", "2201W", "2201X", "22011", "42804", "54000", "21000",
                ],
            ),
            ("Serialization", &["40001", "40P01"]),
            ("LockTimeout", &["55P03"]),
            ("StatementTimeout", &["57014"]),
            ("UnitEnded", &["25P02", "3B001"]),
            ("ReadOnly", &["25006"]),
            ("Permission", &["42501"]),
            (
                "Unavailable",
                &[
                    "57P03", "53300", "3D000", "28000", "28P01", "08001", "08004",
                ],
            ),
            (
                "ConnectionLost",
                &[
                    "57P01", "57P02", "57P05", "08000", "08003", "08006", "25P03", "25P04", "58030",
                ],
            ),
            ("CommitUnknown", &["08007", "40003"]),
            ("StorageFull", &["53100"]),
            ("Exhausted", &["53000", "53200", "53400"]),
            ("Corrupt", &["XX001", "XX002", "58P01"]),
            (
                "SchemaMismatch",
                &["42P01", "42703", "42601", "3F000", "0A000"],
            ),
            ("SchemaChanged", &["26000", "42P05"]),
            ("StatementTooLarge", &["54001", "54011", "54023"]),
            ("Internal", &["08P01", "XX000", "0LP01", "", "2"]),
        ];
        for (expected, codes) in rows {
            for code in *codes {
                let error = ServerError {
                    code,
                    ..ServerError::default()
                };
                assert_eq!(error.kind(None).name(), *expected, "{code}");
            }
        }
    }

    #[test]
    fn a_plan_that_no_longer_fits_is_recognised_in_every_language() {
        let of_plan = ServerError {
            code: "0A000",
            routine: "RevalidateCachedQuery",
            message: "zwischengespeicherter Plan darf den Ergebnistyp nicht ändern",
            ..ServerError::default()
        };
        assert_eq!(of_plan.kind(None), ErrorKind::SchemaChanged);
        let of_type = ServerError {
            code: "XX000",
            message: "cache lookup failed for type 16386",
            ..ServerError::default()
        };
        assert_eq!(of_type.kind(None), ErrorKind::SchemaChanged);
    }

    #[test]
    fn a_standby_is_read_only_and_may_close_the_connection_of_a_read() {
        let kind = |code, routine, fatal| {
            let error = ServerError {
                code,
                routine,
                fatal,
                ..ServerError::default()
            };
            error.kind(None).name()
        };
        assert_eq!(kind("0A000", "call_enum_check_hook", false), "ReadOnly");
        assert_eq!(kind("40001", "ProcessInterrupts", true), "ConnectionLost");
    }

    #[test]
    fn a_server_that_stops_loses_the_connection_whatever_the_code() {
        for code in ["42501", "53100", "XX000", "58030"] {
            let error = ServerError {
                code,
                panic: true,
                ..ServerError::default()
            };
            assert_eq!(error.kind(None), ErrorKind::ConnectionLost, "{code}");
        }
    }

    #[test]
    fn the_message_of_a_trigger_on_postgres_is_in_no_kind() {
        let error = ServerError {
            code: "P0001",
            message: "row secret is refused",
            ..ServerError::default()
        };
        let kind = error.kind(None);
        assert!(!format!("{kind} {kind:?}").contains("secret"), "{kind:?}");
    }
}
