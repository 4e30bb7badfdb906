//! Errors of the driver that did not come from a database.

use crate::model::error::{Error, ErrorKind, InvalidReason};

/// The kind of an error without a database code, on either engine.
pub(crate) fn without_code(error: &sqlx::Error) -> ErrorKind {
    use sqlx::Error as Sqlx;
    match error {
        // Our own error, passed through SeaORM.
        Sqlx::AnyDriverError(source) => match source.downcast_ref::<Error>() {
            Some(error) => error.kind().clone(),
            None => ErrorKind::Internal,
        },
        Sqlx::Io(_) | Sqlx::WorkerCrashed | Sqlx::Tls(_) => ErrorKind::ConnectionLost,
        Sqlx::PoolTimedOut => ErrorKind::PoolTimeout,
        Sqlx::PoolClosed => ErrorKind::Unavailable {
            reason: "the store is closed".into(),
        },
        // The message may quote a part of the URL.
        Sqlx::Configuration(_) => ErrorKind::InvalidUrl {
            reason: "one of its parameters is invalid".into(),
        },
        Sqlx::ColumnNotFound(_)
        | Sqlx::ColumnIndexOutOfBounds { .. }
        | Sqlx::TypeNotFound { .. } => ErrorKind::SchemaMismatch {
            reason: error.to_string(),
        },
        Sqlx::ColumnDecode { index, .. } => ErrorKind::Decode {
            column: index.trim_matches('"').to_owned().into(),
        },
        Sqlx::Decode(_) => ErrorKind::Decode {
            column: "a column".into(),
        },
        Sqlx::Encode(_) => ErrorKind::InvalidValue {
            field: None,
            reason: InvalidReason::Refused,
        },
        Sqlx::RowNotFound => ErrorKind::NoRow,
        Sqlx::InvalidSavePointStatement | Sqlx::BeginFailed => ErrorKind::UnitEnded {
            reason: "the connection cannot begin a transaction in its present state",
        },
        Sqlx::Protocol(message) | Sqlx::InvalidArgument(message)
            if message.contains("too many arguments") =>
        {
            ErrorKind::StatementTooLarge
        }
        _ => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn each_variant_of_a_driver_error_without_a_code_has_its_kind() {
        use sqlx::Error as Sqlx;
        let boxed = || -> sqlx::error::BoxDynError { "secret".into() };
        let decode = |column: &'static str| ErrorKind::Decode {
            column: column.into(),
        };
        let ours = Error::from(ErrorKind::Serialization);
        let rows = [
            (
                Sqlx::Io(io::ErrorKind::ConnectionReset.into()),
                ErrorKind::ConnectionLost,
            ),
            (
                Sqlx::Io(io::ErrorKind::UnexpectedEof.into()),
                ErrorKind::ConnectionLost,
            ),
            (
                Sqlx::Io(io::ErrorKind::BrokenPipe.into()),
                ErrorKind::ConnectionLost,
            ),
            (Sqlx::WorkerCrashed, ErrorKind::ConnectionLost),
            (Sqlx::Tls(boxed()), ErrorKind::ConnectionLost),
            (Sqlx::PoolTimedOut, ErrorKind::PoolTimeout),
            (Sqlx::RowNotFound, ErrorKind::NoRow),
            (Sqlx::Decode(boxed()), decode("a column")),
            (
                Sqlx::ColumnDecode {
                    index: "\"name\"".to_owned(),
                    source: boxed(),
                },
                decode("name"),
            ),
            (
                Sqlx::Protocol("PgConnection::run(): too many arguments for query".to_owned()),
                ErrorKind::StatementTooLarge,
            ),
            (
                Sqlx::Protocol("expecting ParseComplete".to_owned()),
                ErrorKind::Internal,
            ),
            (
                Sqlx::AnyDriverError(Box::new(ours)),
                ErrorKind::Serialization,
            ),
        ];
        for (error, kind) in rows {
            assert_eq!(without_code(&error), kind, "{error:?}");
        }
        for (error, shape) in [
            (Sqlx::PoolClosed, "Unavailable"),
            (Sqlx::Configuration(boxed()), "InvalidUrl"),
            (Sqlx::ColumnNotFound("x".to_owned()), "SchemaMismatch"),
            (Sqlx::BeginFailed, "UnitEnded"),
            (Sqlx::Encode(boxed()), "InvalidValue"),
        ] {
            let kind = format!("{:?}", without_code(&error));
            assert!(kind.starts_with(shape), "{error:?}: {kind}");
            assert!(!kind.contains("secret"), "{kind}");
        }
    }
}
