//! Kinds of errors, for assertions on the whole kind.

use std::error::Error as _;
use std::fmt::Debug;

use catamaran::record::RecordId;
use catamaran::{ConflictReason, Error, ErrorKind, InvalidReason, Key, Record};

/// The kind of the error that a call gave.
///
/// # Panics
/// If the call succeeded.
#[track_caller]
pub fn refused<T: Debug>(outcome: Result<T, Error>) -> ErrorKind {
    match outcome {
        Ok(value) => panic!("it was not refused, and gave {value:?}"),
        Err(error) => error.kind().clone(),
    }
}

/// The id without its type, as errors have it.
///
/// # Panics
/// If the id has no canonical form.
#[track_caller]
pub fn key(id: impl RecordId) -> Key {
    id.into_key().expect("the id has a canonical form")
}

/// No row with that id.
pub fn not_found<R: Record>(id: R::Id) -> ErrorKind {
    ErrorKind::NotFound {
        table: R::TABLE.name,
        id: key(id),
    }
}

/// The row has another version.
pub fn stale<R: Record>(id: R::Id, expected: i64, actual: i64) -> ErrorKind {
    conflict::<R>(id, ConflictReason::Version { expected, actual })
}

/// The row is in another state.
pub fn conflict<R: Record>(id: R::Id, reason: ConflictReason) -> ErrorKind {
    ErrorKind::Conflict {
        table: R::TABLE.name,
        id: key(id),
        reason,
    }
}

/// The value has no form that both engines keep.
pub fn invalid(field: &'static str, reason: InvalidReason) -> ErrorKind {
    ErrorKind::InvalidValue {
        field: Some(field.into()),
        reason,
    }
}

/// A foreign key of the domain.
pub fn foreign_key(
    table: &'static str,
    columns: &[&'static str],
    constraint: &'static str,
) -> ErrorKind {
    ErrorKind::ForeignKey {
        table: Some(table.into()),
        columns: columns.iter().map(|column| (*column).into()).collect(),
        constraint: Some(constraint.into()),
    }
}

/// A check of the domain.
pub fn check(table: &'static str, columns: &[&'static str], constraint: &'static str) -> ErrorKind {
    ErrorKind::Check {
        table: Some(table.into()),
        columns: columns.iter().map(|column| (*column).into()).collect(),
        constraint: Some(constraint.into()),
    }
}

/// A key of the domain that another row has.
pub fn unique(
    table: &'static str,
    columns: &[&'static str],
    constraint: &'static str,
) -> ErrorKind {
    ErrorKind::Unique {
        table: table.into(),
        columns: columns.iter().map(|column| (*column).into()).collect(),
        constraint: Some(constraint.into()),
    }
}

/// Everything that an error shows of itself: `Display`, `Debug`, and every source.
pub fn shown(error: &Error) -> String {
    let mut shown = format!("{error}\n{error:?}\n{error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        shown.push_str(&format!("\n{cause}\n{cause:?}"));
        source = cause.source();
    }
    shown
}
