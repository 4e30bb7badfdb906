//! Queries that find the foreign key that a statement violated, by the names of the domain.
//!
//! They run only after an error, so their texts are not cached.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Spelling;
use super::SqlText;
use super::select::write_owner;
use super::{Selection, Sql, Statements, write};
use crate::model::domain::{ForeignKey, Table};
use crate::model::error::Result;
use crate::model::key::Key;
use crate::model::value::{Type, Value};

/// The beginning of a query that has a row if something is found. It returns the same type on both engines.
pub(super) const FOUND: &str = "SELECT CAST(1 AS bigint) FROM ";

/// The stored rows that the failed statement selects.
#[derive(Clone, Copy)]
pub(crate) enum Affected<'q> {
    One {
        id: &'q Key,
        owner: Option<Uuid>,
    },
    Selected(Selection<'q>),
    /// The rows of a purge.
    Purged {
        deleted: &'q str,
        before: DateTime<Utc>,
        owner: Option<Uuid>,
        limit: u32,
    },
}

impl Affected<'_> {
    /// Writes a subquery that returns the rows.
    pub(super) fn write<D: Spelling>(&self, sql: &mut Sql<D>, statements: &Statements) {
        sql.push("(SELECT ");
        sql.names(statements.columns.iter().copied());
        sql.push(" FROM ").name(statements.table);
        match self {
            Affected::One { owner, .. } => {
                sql.push(" WHERE ").equals(statements.id());
                write_owner(sql, statements, owner.is_some());
            }
            Affected::Selected(selection) => selection.write(sql, statements),
            Affected::Purged { deleted, owner, .. } => {
                write::purged(sql, statements, deleted, owner.is_some());
            }
        }
        sql.push(")");
    }

    /// Appends the values for the parameters of [`write`](Self::write).
    pub(super) fn values<D: Spelling>(
        &self,
        statements: &Statements,
        into: &mut Vec<Value>,
    ) -> Result<()> {
        match *self {
            Affected::One { id, owner } => {
                into.extend(id.to_values());
                into.extend(owner.map(Value::Uuid));
            }
            Affected::Selected(selection) => selection.values::<D>(statements, into)?,
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

/// Selects the number of the first new row without a parent. The parameters of each row are its number and the columns
/// of the key. A key with a NULL references nothing.
pub(crate) fn first_orphan<D: Spelling>(key: &ForeignKey, types: &[Type], rows: usize) -> SqlText {
    let new = |position: usize| format!("\"new\".\"column{position}\"");
    let key_columns: Vec<String> = (2..2 + key.columns.len()).map(new).collect();
    let mut sql = Sql::<D>::new("SELECT ");
    sql.push(&new(1)).push(" FROM (").rows(types, rows);
    sql.push(") AS \"new\" WHERE ");
    for column in &key_columns {
        sql.push(column).push(" IS NOT NULL AND ");
    }
    sql.push("NOT ");
    parent_exists(&mut sql, key, |sql, position| {
        sql.push(&key_columns[position]);
    });
    sql.push(" ORDER BY 1 LIMIT 1");
    text(sql)
}

/// Selects a row if an update would leave one of the stored rows without a parent. `changed` has the new value of each
/// column of the key, or `None` for one that does not change.
pub(crate) fn changed_orphan<D: Spelling>(
    statements: &Statements,
    affected: Affected<'_>,
    key: &ForeignKey,
    changed: &[Option<&Value>],
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    affected.values::<D>(statements, &mut values)?;
    values.extend(changed.iter().flatten().copied().cloned());
    let mut sql = Sql::<D>::new(FOUND);
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

/// Selects a row if a row of `child` references one of the stored rows by a column that changes.
pub(crate) fn referring_to_changed<D: Spelling>(
    statements: &Statements,
    affected: Affected<'_>,
    (child, key): (&Table, &ForeignKey),
    changed: &[(&'static str, &Value)],
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    affected.values::<D>(statements, &mut values)?;
    values.extend(changed.iter().map(|(_, value)| (*value).clone()));
    let mut sql = Sql::<D>::new(FOUND);
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

/// Selects a row if a row at the end of a chain of references depends on one of the stored rows.
pub(crate) fn referring_to_removed<D: Spelling>(
    statements: &Statements,
    affected: Affected<'_>,
    chain: &[(&'static Table, &'static ForeignKey)],
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    affected.values::<D>(statements, &mut values)?;
    let mut sql = Sql::<D>::new(FOUND);
    affected.write(&mut sql, statements);
    sql.push(" AS \"link0\"");
    for (position, (child, key)) in chain.iter().enumerate() {
        join(&mut sql, position + 1, child, key);
    }
    // A row that is removed by the same statement does not block it.
    if let [(child, _)] = chain
        && child.name == statements.table
    {
        affected.values::<D>(statements, &mut values)?;
        let key = statements.key();
        sql.push(" WHERE ").row("link1", &key);
        sql.push(" NOT IN (SELECT ").names(key);
        sql.push(" FROM ");
        affected.write(&mut sql, statements);
        sql.push(" AS \"removed\")");
    }
    sql.push(" LIMIT 1");
    Ok((text(sql), values))
}

/// Joins the rows that reference those of the previous link.
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

/// Writes `EXISTS` of the parent. `value` writes what each column of its key is compared with.
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

pub(super) fn text<D: Spelling>(sql: Sql<D>) -> SqlText {
    SqlText::new(sql.finish(), None)
}
