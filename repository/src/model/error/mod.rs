//! The one error of the library, with kinds that callers branch on.

mod kind;

use std::fmt;

pub use kind::{ConflictReason, ErrorKind, InvalidReason};

/// What went wrong, on whichever engine.
///
/// `Display` and `Debug` never show the values of a row, the parameters of a statement or a password.
/// The driver's own words are reachable through [`driver_message`](Error::driver_message), which may
/// show data and is meant for a developer's eyes.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    cause: Option<DriverError>,
}

/// The result of the library's fallible calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Error(Box::new(Inner { kind, cause: None }))
    }

    pub(crate) fn with_cause(kind: ErrorKind, code: Option<String>, message: String) -> Self {
        let cause = Some(DriverError { code, message });
        Error(Box::new(Inner { kind, cause }))
    }

    /// The kind, with its evidence.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The SQLSTATE of Postgres or the extended result code of SQLite, where a database answered.
    pub fn code(&self) -> Option<&str> {
        self.0.cause.as_ref()?.code.as_deref()
    }

    /// The driver's own message, where there is one. It may quote values: keep it out of what users see.
    pub fn driver_message(&self) -> Option<&str> {
        self.0.cause.as_ref().map(|cause| cause.message.as_str())
    }

    /// Whether the row was not there, or not visible in this scope.
    pub fn is_not_found(&self) -> bool {
        matches!(self.kind(), ErrorKind::NotFound { .. } | ErrorKind::NoRow)
    }

    /// Whether the row is there in another state than the caller expected.
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind(), ErrorKind::Conflict { .. })
    }

    /// Whether the same unit of work, run again from its beginning, may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Serialization | ErrorKind::LockTimeout | ErrorKind::ConnectionLost
        )
    }

    /// Whether the connection that gave the error is of no more use: it is lost, or what the driver knows of
    /// it is not what the server knows (cached plan, unknown statement, protocol violation).
    pub(crate) fn breaks_connection(&self) -> bool {
        match self.kind() {
            ErrorKind::ConnectionLost | ErrorKind::CommitUnknown | ErrorKind::Corrupt => true,
            ErrorKind::Unavailable { .. } | ErrorKind::StorageFull => true,
            // SQLite may have rolled back by itself: https://sqlite.org/c3ref/get_autocommit.html
            ErrorKind::Exhausted { .. } => true,
            ErrorKind::Internal => self.code().is_none_or(|code| code == "08P01"),
            _ => matches!(self.code(), Some("0A000" | "26000" | "42P05" | "08P01")),
        }
    }

    /// The same evidence under another kind, for a caller that knows more than the driver.
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

/// The driver's error, reduced to what is safe to print.
struct DriverError {
    code: Option<String>,
    message: String,
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "the database answered with code {code}"),
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
    fn neither_display_nor_debug_shows_the_drivers_words() {
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
