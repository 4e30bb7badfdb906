//! Looks for the foreign key that a refused statement broke, by the names of the domain.
//!
//! These texts run after an error alone, so they are not kept.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Spelling;
use super::SqlText;
use super::select::write_owner;
use super::{Selection, Sql, Statements, write};
use crate::model::domain::{ForeignKey, Table};
use crate::model::error::Result;
use crate::model::value::{Type, Value};

/// The stored rows that a statement was to change or to remove.
#[derive(Clone, Copy)]
pub(crate) enum Affected<'q> {
    One {
        id: Uuid,
        owner: Option<Uuid>,
    },
    Selected(Selection<'q>),
    /// What a purge removes.
    Purged {
        deleted: &'q str,
        before: DateTime<Utc>,
        owner: Option<Uuid>,
        limit: u32,
    },
}

impl Affected<'_> {
    /// Writes a subquery that gives the rows.
    fn write<D: Spelling>(&self, sql: &mut Sql<D>, statements: &Statements) {
        sql.push("(SELECT ");
        sql.names(statements.columns.iter().copied());
        sql.push(" FROM ").name(statements.table);
        match self {
            Affected::One { owner, .. } => {
                sql.push(" WHERE ").name(statements.id()).push(" = ");
                sql.parameter();
                write_owner(sql, statements, owner.is_some());
            }
            Affected::Selected(selection) => selection.write(sql, statements),
            Affected::Purged { deleted, owner, .. } => {
                write::purged(sql, statements, deleted, owner.is_some());
            }
        }
        sql.push(")");
    }

    /// The values of what [`write`](Self::write) writes.
    fn values(&self, statements: &Statements, into: &mut Vec<Value>) -> Result<()> {
        match *self {
            Affected::One { id, owner } => {
                into.push(Value::Uuid(id));
                into.extend(owner.map(Value::Uuid));
            }
            Affected::Selected(selection) => selection.values(statements, into)?,
            Affected::Purged {
                before,
                owner,
                limit,
                ..
            } => {
                into.push(Value::Timestamp(before));
                into.extend(owner.map(Value::Uuid));
                into.push(Value::BigInt(limit.into()));
            }
        }
        Ok(())
    }
}

/// The first of some rows without a parent. The parameters of each row are its number and the key's columns;
/// a key with a NULL in it refers to nothing.
pub(crate) fn first_orphan<D: Spelling>(key: &ForeignKey, types: &[Type], rows: usize) -> SqlText {
    let new = |position: usize| format!("\"new\".\"column{position}\"");
    let places: Vec<String> = (2..2 + key.columns.len()).map(new).collect();
    let mut sql = Sql::<D>::new("SELECT ");
    sql.push(&new(1)).push(" FROM (").rows(types, rows);
    sql.push(") AS \"new\" WHERE ");
    for place in &places {
        sql.push(place).push(" IS NOT NULL AND ");
    }
    sql.push("NOT ");
    parent_exists(&mut sql, key, |sql, position| {
        sql.push(&places[position]);
    });
    sql.push(" ORDER BY 1 LIMIT 1");
    text(sql)
}

/// Whether one of the stored rows has no parent once it is changed. `changed` has the new value of each of the
/// key's columns that changes.
pub(crate) fn changed_orphan<D: Spelling>(
    statements: &Statements,
    affected: Affected<'_>,
    key: &ForeignKey,
    changed: &[Option<&Value>],
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    affected.values(statements, &mut values)?;
    values.extend(changed.iter().flatten().copied().cloned());
    let mut sql = Sql::<D>::new("SELECT 1 FROM ");
    affected.write(&mut sql, statements);
    sql.push(" AS \"row\" WHERE ");
    for (column, changed) in key.columns.iter().zip(changed) {
        if changed.is_none() {
            sql.push("\"row\".").name(column).push(" IS NOT NULL AND ");
        }
    }
    sql.push("NOT ");
    parent_exists(&mut sql, key, |sql, position| {
        if changed[position].is_some() {
            sql.parameter();
        } else {
            sql.push("\"row\".").name(key.columns[position]);
        }
    });
    sql.push(" LIMIT 1");
    Ok((text(sql), values))
}

/// Whether rows of that table refer to one of the stored rows by a column whose value changes.
pub(crate) fn referring_to_changed<D: Spelling>(
    statements: &Statements,
    affected: Affected<'_>,
    (child, key): (&Table, &ForeignKey),
    changed: &[(&'static str, &Value)],
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    affected.values(statements, &mut values)?;
    values.extend(changed.iter().map(|(_, value)| (*value).clone()));
    let mut sql = Sql::<D>::new("SELECT 1 FROM ");
    affected.write(&mut sql, statements);
    sql.push(" AS \"link0\"");
    join(&mut sql, 1, child, key);
    sql.push(" WHERE (");
    sql.separated(" OR ", changed, |sql, (column, _)| {
        sql.push("\"link0\".").name(column).push(" <> ").parameter();
    });
    sql.push(") LIMIT 1");
    Ok((text(sql), values))
}

/// Whether rows at the end of a chain of references hang on one of the stored rows.
pub(crate) fn referring_to_removed<D: Spelling>(
    statements: &Statements,
    affected: Affected<'_>,
    chain: &[(&'static Table, &'static ForeignKey)],
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    affected.values(statements, &mut values)?;
    let mut sql = Sql::<D>::new("SELECT 1 FROM ");
    affected.write(&mut sql, statements);
    sql.push(" AS \"link0\"");
    for (position, (child, key)) in chain.iter().enumerate() {
        join(&mut sql, position + 1, child, key);
    }
    // A row that goes as well holds nothing back.
    if let [(child, _)] = chain
        && child.name == statements.table
    {
        affected.values(statements, &mut values)?;
        sql.push(" WHERE \"link1\".").name(statements.id());
        sql.push(" NOT IN (SELECT ").name(statements.id());
        sql.push(" FROM ");
        affected.write(&mut sql, statements);
        sql.push(")");
    }
    sql.push(" LIMIT 1");
    Ok((text(sql), values))
}

/// Joins the rows that refer to those of the link before.
fn join<D: Spelling>(sql: &mut Sql<D>, position: usize, child: &Table, key: &ForeignKey) {
    let (before, link) = (position - 1, position);
    sql.push(" JOIN ").name(child.name);
    sql.push(&format!(" AS \"link{link}\" ON "));
    let columns = key.columns.iter().zip(key.referenced_columns);
    sql.separated(" AND ", columns, |sql, (column, referenced)| {
        sql.push(&format!("\"link{link}\".")).name(column);
        sql.push(&format!(" = \"link{before}\".")).name(referenced);
    });
}

/// Writes `EXISTS (the parent)`, whose key's columns are what `value` writes.
fn parent_exists<D: Spelling>(
    sql: &mut Sql<D>,
    key: &ForeignKey,
    value: impl Fn(&mut Sql<D>, usize),
) {
    sql.push("EXISTS (SELECT 1 FROM ").name(key.references);
    sql.push(" AS \"parent\" WHERE ");
    let columns = key.referenced_columns.iter().enumerate();
    sql.separated(" AND ", columns, |sql, (position, column)| {
        sql.push("\"parent\".").name(column).push(" = ");
        value(sql, position);
    });
    sql.push(")");
}

fn text<D: Spelling>(sql: Sql<D>) -> SqlText {
    SqlText {
        sql: sql.finish().into(),
        table: None,
    }
}
