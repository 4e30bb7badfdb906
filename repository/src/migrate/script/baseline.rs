//! Reads the text of a dump.

use super::read::{Place, Prepared, command, fault_inside};
use crate::migrate::table::HistoryTable;
use crate::model::engine::Engine;
use crate::sql::custom::{Part, Piece, Pieces};

const ONE_TRANSACTION: &str = "only one transaction around the whole dump is left out; pg_dump writes others for large \
     objects, which --no-blobs leaves out";

/// The transaction around the dump.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    None,
    Open,
    Committed,
}

/// Appends the statements of a dump. Leaves out the tables in which SeaORM and the history are recorded, as a new
/// database has its own.
///
/// # Errors
/// What is wrong with it, with its line.
pub(super) fn prepare(
    engine: Engine,
    table: HistoryTable,
    dump: &str,
    prepared: &mut Vec<Prepared>,
) -> Result<(), String> {
    let records = [HistoryTable::default().all(), table.all()].concat();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let mut around = Around::None;
    let mut parts = Pieces::of(engine, dump);
    let before = prepared.len();
    let mut has_begun = false;
    while let Some(part) = parts.next() {
        let piece = match part {
            Part::Statement(piece) => piece,
            Part::PsqlCommand { text, line } => {
                check_command(command(text), line)?;
                continue;
            }
        };
        let line = piece.line();
        if let Some(table) = piece.copies_rows_into() {
            let rows = parts.skip_copied_rows();
            if rows > 0 && !piece.is_about(&records) {
                return Err(format!(
                    "line {line} is COPY with rows of {table}, which only psql can read: use pg_dump --inserts, or \
                     --schema-only for the schema alone"
                ));
            }
            continue;
        }
        if piece.begins() && around == Around::None && !has_begun {
            around = Around::Open;
            continue;
        }
        if piece.commits() && around == Around::Open {
            around = Around::Committed;
            continue;
        }
        if piece.rolls_back() && engine == Engine::Sqlite {
            return Err(format!(
                "line {line} is ROLLBACK, which sqlite3 writes if it cannot read the whole database: repair the \
                 file first, for example with the command .recover"
            ));
        }
        check(&piece, line)?;
        if around == Around::Committed && !piece.only_sets() {
            return Err(format!(
                "line {line} follows the COMMIT of the dump: {ONE_TRANSACTION}"
            ));
        }
        has_begun |= !piece.only_sets();
        let is_left_out = piece.sets_timeout()
            || piece.comments_on_extension()
            || piece.creates_internal_table()
            || piece.is_about(&records);
        if is_left_out {
            continue;
        }
        let sql = match piece.creates_schema() {
            Some(schema) => format!("CREATE SCHEMA IF NOT EXISTS {schema}"),
            None => piece.sql(true).into_owned(),
        };
        prepared.push(Prepared {
            place: Place {
                statement: prepared.len() + 1,
                line: Some(line),
            },
            sql,
            left_out_by: match engine {
                Engine::Postgres => piece.left_out_by(),
                Engine::Sqlite => None,
            },
            is_alone: false,
            is_of_connection: false,
            index_work: None,
        });
    }
    if around == Around::Open {
        return Err(
            "the dump begins a transaction and does not commit it: its end is missing".to_owned(),
        );
    }
    match prepared.len() > before {
        true => Ok(()),
        false => Err("the dump has no statement".to_owned()),
    }
}

fn check_command(command: &str, line: usize) -> Result<(), String> {
    match command {
        r"\restrict" | r"\unrestrict" => Ok(()),
        r"\connect" | r"\c" => Err(format!(
            "line {line} is {command}, which only psql can run: use pg_dump without --create"
        )),
        _ => Err(format!(
            "line {line} is {command}, which only psql can run: remove it"
        )),
    }
}

fn check(piece: &Piece<'_>, line: usize) -> Result<(), String> {
    if piece.opens_catalog() {
        return Err(format!(
            "line {line} is PRAGMA writable_schema, with which a dump creates virtual tables: remove the lines up to \
             PRAGMA writable_schema=OFF, and create the tables in a migration"
        ));
    }
    if piece.is_about_database() {
        return Err(format!(
            "line {line} creates, changes or drops a database: use pg_dump without --create"
        ));
    }
    match fault_inside(piece, ONE_TRANSACTION) {
        Some(fault) => Err(format!("line {line} is {fault}")),
        None => Ok(()),
    }
}
