//! What a call answered, in a form that is compared.
//!
//! Two answers are equal if every row, count and cursor is the same, and two errors if their whole kinds are: the
//! constraint, its columns, the table, the reason. Only the following is not compared:
//!
//! - [`Error::code`] and [`Error::driver_message`], which are the engine's own;
//! - the reason of a `SchemaMismatch`, which is the engine's message.

use std::fmt;

use super::operation::Row;
use crate::model::error::{Error, ErrorKind};

/// The answer of one call, or the kind of its error.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome(pub(super) Result<Answer, ErrorKind>);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Done,
    /// The work of a unit or of a savepoint began.
    Began,
    /// The work returned an error of its own, and was rolled back.
    RolledBack,
    /// A unit with the key was committed before.
    AlreadyDone,
    Flag(bool),
    Number(u64),
    Maybe(Option<Row>),
    Row(Row),
    Rows(Vec<Row>),
    Upserted(Vec<(How, Row)>),
    Pages(Vec<PageOf>),
}

/// What an upsert did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Inserted,
    Updated,
    Unchanged,
}

/// One page, with its cursors as texts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PageOf {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<String>,
    pub(super) previous: Option<String>,
}

impl Outcome {
    pub(super) fn of(result: Result<Answer, Error>) -> Self {
        Outcome(result.map_err(|error| comparable(error.kind().clone())))
    }

    /// The number of calls that gave it: each page is one.
    pub(super) fn calls(&self) -> u64 {
        match &self.0 {
            Ok(Answer::Pages(pages)) => pages.len() as u64,
            _ => 1,
        }
    }

    /// `Ok`, or the name of the error's kind.
    pub(super) fn name(&self) -> &'static str {
        match &self.0 {
            Ok(_) => "Ok",
            Err(kind) => kind.name(),
        }
    }
}

/// The kind without what only one engine can say.
fn comparable(kind: ErrorKind) -> ErrorKind {
    match kind {
        ErrorKind::SchemaMismatch { .. } => ErrorKind::SchemaMismatch {
            reason: String::new(),
        },
        kind => kind,
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.0 {
            Ok(answer) => format!("Ok({answer:?})"),
            Err(kind) => format!("Err({kind:?})"),
        };
        f.write_str(&shortened(&text))
    }
}

/// At most 2,000 characters of a text.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 2_000;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{} … ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}
