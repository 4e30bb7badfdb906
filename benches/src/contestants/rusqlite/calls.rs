//! The calls on one connection.

use catamaran::sqlite::TextTime;
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use rusqlite::{Connection, OptionalExtension, Row, Statement, Transaction, TransactionBehavior};
use uuid::Uuid;

use crate::contestant::{CONFLICT, MISSING, Outcome, PAGE, Rows, Upsert, Visit, renamed};
use crate::contestants::sqlx_sqlite::{
    COUNT, FIRST, GET, INSERT, MANY_BY_ID, NEXT, UPDATE, UPSERT,
};
use crate::dataset::{OWNER, now, stamped, to_write};

type Result<T> = rusqlite::Result<T>;

fn bad<E: std::error::Error + Send + Sync + 'static>(column: usize, error: E) -> rusqlite::Error {
    let ty = rusqlite::types::Type::Text;
    rusqlite::Error::FromSqlConversionFailure(column, ty, Box::new(error))
}

fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid> {
    let text = row.get_ref(column)?.as_str()?;
    Uuid::try_parse(text).map_err(|error| bad(column, error))
}

fn time(text: &str, column: usize) -> Result<DateTime<Utc>> {
    let time: std::result::Result<TextTime, _> = text.parse();
    time.map(|time| time.0).map_err(|error| bad(column, error))
}

fn habit(row: &Row<'_>) -> Result<Habit> {
    Ok(Habit {
        id: uuid(row, 0)?,
        user_id: uuid(row, 1)?,
        name: row.get(2)?,
        cadence: row.get(3)?,
        color: row.get(4)?,
        sort_order: row.get(5)?,
        is_archived: row.get(6)?,
        created_at: time(row.get_ref(7)?.as_str()?, 7)?,
        updated_at: time(row.get_ref(8)?.as_str()?, 8)?,
        version: row.get(9)?,
        deleted_at: match row.get_ref(10)?.as_str_or_null()? {
            Some(text) => Some(time(text, 10)?),
            None => None,
        },
    })
}

/// The text of an id, without an allocation.
struct Id([u8; 36]);

impl Id {
    fn new(id: Uuid) -> Self {
        let mut text = [0; 36];
        id.hyphenated().encode_lower(&mut text);
        Id(text)
    }
}

impl rusqlite::ToSql for Id {
    fn to_sql(&self) -> Result<rusqlite::types::ToSqlOutput<'_>> {
        let text = rusqlite::types::ValueRef::Text(&self.0);
        Ok(rusqlite::types::ToSqlOutput::Borrowed(text))
    }
}

fn text(time: DateTime<Utc>) -> String {
    TextTime(time).to_string()
}

/// Returns how many rows were written: none if a condition of the statement does not hold.
fn write(statement: &mut Statement<'_>, row: &Habit) -> Result<usize> {
    statement.raw_bind_parameter(1, Id::new(row.id))?;
    statement.raw_bind_parameter(2, Id::new(row.user_id))?;
    statement.raw_bind_parameter(3, &row.name)?;
    statement.raw_bind_parameter(4, &row.cadence)?;
    statement.raw_bind_parameter(5, &row.color)?;
    statement.raw_bind_parameter(6, row.sort_order)?;
    statement.raw_bind_parameter(7, row.is_archived)?;
    statement.raw_bind_parameter(8, text(row.created_at))?;
    statement.raw_bind_parameter(9, text(row.updated_at))?;
    statement.raw_bind_parameter(10, row.version)?;
    statement.raw_bind_parameter(11, row.deleted_at.map(text))?;
    statement.raw_execute()
}

pub(super) fn insert(db: &Connection, draft: HabitDraft) -> Outcome<Habit> {
    let habit = stamped(draft);
    write(&mut *db.prepare_cached(INSERT)?, &habit)?;
    Ok(habit)
}

pub(super) fn get(db: &Connection, id: Uuid) -> Outcome<Option<Habit>> {
    let mut statement = db.prepare_cached(GET)?;
    let row = statement.query_row((Id::new(id), Id::new(OWNER)), habit);
    Ok(row.optional()?)
}

pub(super) fn page(db: &Connection, after: Option<(DateTime<Utc>, Uuid)>) -> Outcome<Rows> {
    let limit = PAGE as i64;
    let mut items = Vec::with_capacity(PAGE);
    let mut statement;
    let mut rows = match after {
        None => {
            statement = db.prepare_cached(FIRST)?;
            statement.query((Id::new(OWNER), limit))?
        }
        Some((updated_at, id)) => {
            statement = db.prepare_cached(NEXT)?;
            statement.query((Id::new(OWNER), text(updated_at), Id::new(id), limit))?
        }
    };
    while let Some(row) = rows.next()? {
        items.push(habit(row)?);
    }
    Ok(Rows::by_key(items))
}

pub(super) fn update(db: &Connection, row: Habit) -> Outcome<Option<Habit>> {
    let mut statement = db.prepare_cached(UPDATE)?;
    let values = rusqlite::params![
        row.name,
        row.cadence,
        row.color,
        row.sort_order,
        row.is_archived,
        text(now()),
        Id::new(row.id),
        Id::new(OWNER),
        row.version,
    ];
    Ok(statement.query_row(values, habit).optional()?)
}

pub(super) fn insert_many(db: &mut Connection, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
    let rows: Vec<Habit> = drafts.into_iter().map(stamped).collect();
    let transaction = begin(db)?;
    let mut statement = transaction.prepare_cached(INSERT)?;
    for row in &rows {
        write(&mut statement, row)?;
    }
    drop(statement);
    transaction.commit()?;
    Ok(rows)
}

pub(super) fn upsert_many(db: &mut Connection, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
    let rows = to_write(rows);
    let transaction = begin(db)?;
    let mut statement = transaction.prepare_cached(UPSERT)?;
    for row in &rows {
        if write(&mut statement, row)? == 0 {
            return Err(CONFLICT.into());
        }
    }
    drop(statement);
    transaction.commit()?;
    Ok(rows)
}

pub(super) fn read_many(db: &Connection, limit: usize) -> Outcome<Vec<Habit>> {
    let mut rows = Vec::new();
    stream_many(db, limit, &mut |row| rows.push(row))?;
    Ok(rows)
}

pub(super) fn stream_many(db: &Connection, limit: usize, visit: Visit<'_>) -> Outcome<()> {
    let mut statement = db.prepare_cached(MANY_BY_ID)?;
    let mut rows = statement.query((Id::new(OWNER), limit as i64))?;
    while let Some(row) = rows.next()? {
        visit(habit(row)?);
    }
    Ok(())
}

pub(super) fn count(db: &Connection, name: &str) -> Outcome<u64> {
    let mut statement = db.prepare_cached(COUNT)?;
    let count: i64 = statement.query_row([name], |row| row.get(0))?;
    Ok(u64::try_from(count)?)
}

/// The calls of [`ten_calls`](crate::contestant::ten_calls).
pub(super) fn transaction(
    db: &mut Connection,
    row: Habit,
    drafts: [HabitDraft; 2],
) -> Outcome<Habit> {
    let transaction = begin(db)?;
    let (version, mut last) = (row.version, row.id);
    for draft in drafts {
        let new = insert(&transaction, draft)?;
        let new = get(&transaction, new.id)?.ok_or(MISSING)?;
        let new = update(&transaction, renamed(new))?.ok_or(CONFLICT)?;
        last = new.id;
    }
    let stored = get(&transaction, row.id)?.ok_or(MISSING)?;
    let changed = Habit {
        version,
        ..renamed(stored)
    };
    let row = update(&transaction, changed)?.ok_or(CONFLICT)?;
    get(&transaction, last)?.ok_or(MISSING)?;
    let row = get(&transaction, row.id)?.ok_or(MISSING)?;
    transaction.commit()?;
    Ok(row)
}

fn begin(db: &mut Connection) -> Result<Transaction<'_>> {
    db.transaction_with_behavior(TransactionBehavior::Immediate)
}
