//! Reads a script: which texts are sent, and what is wrong with them.

use std::fmt;

use super::{Form, Script, baseline, trim};
use crate::migrate::table::HistoryTable;
use crate::migrate::{faults, named};
use crate::model::engine::Engine;
use crate::sql::custom::{IndexWork, Part, Piece, Pieces, text};

/// A text that is sent to the database at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::migrate) struct Prepared {
    pub(in crate::migrate) place: Place,
    pub(in crate::migrate) sql: String,
    /// The option of `pg_dump` that leaves the statement out.
    pub(in crate::migrate) left_out_by: Option<&'static str>,
    /// Whether no transaction may be around it.
    pub(in crate::migrate) is_alone: bool,
    /// Whether it changes only its connection.
    pub(in crate::migrate) is_of_connection: bool,
    /// What it does to an index without a transaction.
    pub(in crate::migrate) index_work: Option<IndexWork>,
}

/// Where a statement stands in its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::migrate) struct Place {
    /// Its number, from 1.
    pub(in crate::migrate) statement: usize,
    /// The number of its line in the text of a dump, from 1.
    pub(in crate::migrate) line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "statement {} (line {line})", self.statement),
            None => write!(f, "statement {}", self.statement),
        }
    }
}

const IN_ONE_TRANSACTION: &str = "remove it, as the migrations run in one transaction";
const BY_ITSELF: &str = "remove it, as each statement of the script runs by itself";

impl Script {
    /// The texts that are sent to the database, in order. `table`: that of the history.
    ///
    /// # Errors
    /// What is wrong with the script.
    pub(in crate::migrate) fn prepared(
        &self,
        engine: Engine,
        table: HistoryTable,
    ) -> Result<Vec<Prepared>, String> {
        if self.statements.is_empty() && self.reason.is_none() {
            return Err(
                "the script is empty: add a statement, or use Script::nothing(reason)".to_owned(),
            );
        }
        let mut prepared = Vec::new();
        for (index, text) in self.statements.iter().enumerate() {
            let (number, statement) = (index + 1, trim(text));
            if statement.is_empty() {
                return Err(format!("statement {number} is empty"));
            }
            if statement.contains('\0') {
                // SQLite reads a text up to it.
                return Err(format!("statement {number} contains a NUL character"));
            }
            let read = match self.form {
                Form::Baseline => {
                    // Not trimmed, for the numbers of its lines.
                    baseline::prepare(engine, table, text, &mut prepared)?;
                    continue;
                }
                Form::Data(_) => continue,
                Form::Outside => outside,
                Form::Atomic => atomic,
            };
            let statement = named::expanded(engine, statement);
            let statement = statement.map_err(|fault| format!("statement {number}: {fault}"))?;
            prepared.push(read(engine, number, &statement)?);
        }
        Ok(prepared)
    }
}

/// The statements of a text, which no line for `psql` interrupts.
fn pieces(engine: Engine, number: usize, statement: &str) -> Result<Vec<Piece<'_>>, String> {
    let parts = Pieces::of(engine, statement).map(|part| match part {
        Part::Statement(piece) => Ok(piece),
        Part::PsqlCommand { text, line } => Err(format!(
            "statement {number}, line {line}, is {}, which only psql can run: remove it, or use \
             Script::baseline for a dump",
            command(text)
        )),
    });
    parts.collect()
}

/// The first word of a line for `psql`. The rest may have a password.
pub(super) fn command(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

fn atomic(engine: Engine, number: usize, statement: &str) -> Result<Prepared, String> {
    let pieces = pieces(engine, number, statement)?;
    for piece in &pieces {
        let at = match pieces.len() {
            1 => format!("statement {number}"),
            _ => format!("statement {number}, line {},", piece.line()),
        };
        if let Some(fault) = fault_inside(piece, IN_ONE_TRANSACTION) {
            return Err(format!("{at} is {fault}"));
        }
    }
    Ok(Prepared {
        place: Place {
            statement: number,
            line: None,
        },
        sql: text(statement, &pieces, true).into_owned(),
        left_out_by: None,
        is_alone: false,
        is_of_connection: false,
        index_work: None,
    })
}

/// What a script in a transaction may not contain.
pub(super) fn fault_inside(piece: &Piece<'_>, remedy: &str) -> Option<String> {
    faults::parameter(piece).or_else(|| faults::inside(piece, remedy))
}

fn outside(engine: Engine, number: usize, statement: &str) -> Result<Prepared, String> {
    let pieces = pieces(engine, number, statement)?;
    let [piece] = pieces.as_slice() else {
        return Err(format!(
            "statement {number} has {} statements: put each into a .sql(..) of its own, as each runs by itself",
            pieces.len()
        ));
    };
    let fault = faults::parameter(piece).or_else(|| faults::anywhere(piece, BY_ITSELF));
    if let Some(fault) = fault {
        return Err(format!("statement {number} is {fault}"));
    }
    if piece.sets_foreign_keys() {
        return Err(format!(
            "statement {number} is PRAGMA foreign_keys: remove it, as foreign keys are off while migrations run, and \
             a statement that leaves rows without a parent is refused; with them on, a DROP TABLE would delete the rows \
             of other tables"
        ));
    }
    if piece.is_local() {
        return Err(format!(
            "statement {number} is SET LOCAL, which has no effect outside of a transaction: use SET, which is set \
             back after the script"
        ));
    }
    let index_work = piece.index_work();
    if let Some(IndexWork::Create { index: None, .. }) = index_work {
        return Err(format!(
            "statement {number} creates an index without a name: name it, so that a failed one can be found"
        ));
    }
    Ok(Prepared {
        place: Place {
            statement: number,
            line: None,
        },
        sql: text(statement, &pieces, false).into_owned(),
        left_out_by: None,
        is_alone: piece.runs_alone(),
        is_of_connection: piece.is_of_connection(),
        index_work,
    })
}
