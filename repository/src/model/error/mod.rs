//! The error type of the library. Callers match on its kind.

mod kind;

use std::fmt;

pub use kind::{ConflictReason, ErrorKind, InvalidReason};

/// The error of every call. Its [`kind`](Error::kind) is the same on both engines.
///
/// `Display` and `Debug` never show the values of a row besides its id, the parameters of a statement or a password.
/// [`driver_message`](Error::driver_message) returns the driver's text, which may contain data.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{Note, NoteDraft};
/// use catamaran::{ErrorKind, Repository};
///
/// async fn add(notes: &dyn Repository<Note>, draft: NoteDraft) -> Result<(), String> {
///     match notes.insert(draft).await {
///         Ok(_) => Ok(()),
///         Err(error) => match error.kind() {
///             ErrorKind::Unique { columns, .. } => Err(format!("taken: {}", columns.join(", "))),
///             _ => Err(error.to_string()),
///         },
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    cause: Option<DriverError>,
}

/// Why a unit of work failed that may succeed in another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setback {
    /// Another unit, or a change of the schema, was in the way.
    Collision,
    /// The database could not be reached, or the connection led to one that cannot be written.
    Outage,
}

/// A `Result` whose default error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Error(Box::new(Inner { kind, cause: None }))
    }

    pub(crate) fn with_cause(kind: ErrorKind, code: Option<String>, message: String) -> Self {
        let cause = Some(DriverError { code, message });
        Error(Box::new(Inner { kind, cause }))
    }

    /// The kind, with the table, columns and constraint where they are known.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The SQLSTATE of Postgres or the extended result code of SQLite, if the database returned the error.
    pub fn code(&self) -> Option<&str> {
        self.0.cause.as_ref()?.code.as_deref()
    }

    /// The driver's message, if there is one. It may quote values of rows: do not show it to users.
    pub fn driver_message(&self) -> Option<&str> {
        self.0.cause.as_ref().map(|cause| cause.message.as_str())
    }

    /// Whether the row does not exist, or is not visible in this scope.
    pub fn is_not_found(&self) -> bool {
        matches!(self.kind(), ErrorKind::NotFound { .. } | ErrorKind::NoRow)
    }

    /// Whether the row exists in another state than the caller expected.
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind(), ErrorKind::Conflict { .. })
    }

    /// Whether the same unit of work may succeed if it is run again from its start.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Serialization
                | ErrorKind::LockTimeout
                | ErrorKind::SchemaChanged
                | ErrorKind::ConnectionLost
        )
    }

    /// Why the same unit of work may succeed if it is run again from its start. Besides the errors that are
    /// [retryable](Self::is_retryable), a server that cannot be reached is worth waiting for.
    pub(crate) fn setback(&self) -> Option<Setback> {
        match self.kind() {
            ErrorKind::Serialization | ErrorKind::LockTimeout | ErrorKind::SchemaChanged => {
                Some(Setback::Collision)
            }
            ErrorKind::ConnectionLost => Some(Setback::Outage),
            ErrorKind::Unavailable { .. } if self.is_outage() => Some(Setback::Outage),
            _ => None,
        }
    }

    /// Whether a server, or the pooler in front of it, cannot be reached for now: it does not respond, is starting up, or
    /// has no connection left. Not a closed store, a refused login, or a file (whose codes are no SQLSTATE).
    fn is_outage(&self) -> bool {
        let Some(cause) = &self.0.cause else {
            return false;
        };
        cause.code.as_deref().is_none_or(|code| {
            code.len() == 5 && !code.starts_with("28") && !code.starts_with("3D")
        })
    }

    /// Whether the database, or the server's setting for the connection, refused a write: not a unit for reading.
    pub(crate) fn is_read_only_database(&self) -> bool {
        matches!(self.kind(), ErrorKind::ReadOnly { .. }) && self.code().is_some()
    }

    /// Whether the connection must not be reused: it is lost, or the states of driver and server differ (protocol
    /// violation).
    pub(crate) fn breaks_connection(&self) -> bool {
        match self.kind() {
            ErrorKind::ConnectionLost | ErrorKind::CommitUnknown | ErrorKind::Corrupt => true,
            ErrorKind::Unavailable { .. } | ErrorKind::StorageFull => true,
            // SQLite may have rolled back by itself: https://sqlite.org/c3ref/get_autocommit.html
            ErrorKind::Exhausted { .. } => true,
            ErrorKind::Internal => self.code().is_none_or(|code| code == "08P01"),
            // With a code they are of a pooler, which may have closed the connection.
            ErrorKind::PoolTimeout | ErrorKind::Pooler { .. } => self.code().is_some(),
            _ => matches!(self.code(), Some("08P01")),
        }
    }

    /// Replaces the kind, and keeps code and message.
    #[must_use]
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Error::new(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.code())
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let cause = self.0.cause.as_ref()?;
        Some(cause)
    }
}

/// The driver's error. Prints its code only, since the message may quote values.
struct DriverError {
    code: Option<String>,
    message: String,
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "the database returned code {code}"),
            None => f.write_str("the driver failed"),
        }
    }
}

impl fmt::Debug for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for DriverError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_and_debug_of_an_error_hide_the_message_of_the_driver() {
        let error = Error::with_cause(
            ErrorKind::Internal,
            Some("XX000".to_owned()),
            "Failing row contains (secret)".to_owned(),
        );
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let shown = format!("{error} {error:?} {source:?}");
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("XX000"));
    }
}
