//! Queries that find the check or the unique key that a refused row violates, by the conditions of the domain.
//!
//! They run only after an error, so their texts are not cached.

use super::reference::{Affected, FOUND, text};
use super::spelling::MAX_PARAMETERS;
use super::{Spelling, Sql, SqlText, Statements};
use crate::model::domain::UniqueRule;
use crate::model::error::Result;
use crate::model::value::{Type, Value};

/// A row as the refused statement would have written it.
#[derive(Clone, Copy)]
pub(crate) enum Written<'r> {
    /// A new row with the values of all columns.
    New {
        values: &'r [Value],
        /// Whether it is skipped if its id is stored.
        or_skipped: bool,
    },
    /// A stored row with changes, and with the next version.
    Changed {
        affected: Affected<'r>,
        changes: &'r [(usize, Value)],
    },
}

impl Written<'_> {
    /// Writes a subquery that returns the row. Its name is that of the table, for conditions that name it.
    fn write<D: Spelling>(self, sql: &mut Sql<D>, statements: &Statements) {
        sql.push("(SELECT ");
        sql.separated(", ", 0..statements.columns.len(), |sql, index| {
            let is_new = match self {
                Written::New { .. } => true,
                Written::Changed { changes, .. } => {
                    changes.iter().any(|(changed, _)| *changed == index)
                }
            };
            if is_new {
                let ty = D::type_name(statements.specs[index].ty);
                sql.push("CAST(")
                    .parameter()
                    .push(" AS ")
                    .push(ty)
                    .push(") AS ");
            }
            sql.name(statements.column(index));
            if let (Written::Changed { .. }, Some(version)) = (self, statements.managed.version)
                && version == index
            {
                sql.push(" + 1 AS ").name(statements.column(index));
            }
        });
        if let Written::Changed { affected, .. } = self {
            sql.push(" FROM ");
            affected.write(sql, statements);
            sql.push(" AS \"stored\"");
        }
        sql.push(") AS ").name(statements.table);
    }

    /// Appends the values for the parameters of [`write`](Self::write).
    fn values<D: Spelling>(self, statements: &Statements, into: &mut Vec<Value>) -> Result<()> {
        match self {
            Written::New { values, .. } => into.extend(values.iter().cloned()),
            Written::Changed { affected, changes } => {
                for index in 0..statements.columns.len() {
                    let change = changes.iter().find(|(changed, _)| *changed == index);
                    into.extend(change.map(|(_, value)| value.clone()));
                }
                affected.values::<D>(statements, into)?;
            }
        }
        Ok(())
    }
}

/// Selects a row if one of the stored rows is in the last version that there is.
pub(crate) fn at_last_version<D: Spelling>(
    statements: &Statements,
    affected: Affected<'_>,
    version: usize,
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    affected.values::<D>(statements, &mut values)?;
    values.push(Value::BigInt(i64::MAX));
    let mut sql = Sql::<D>::new(FOUND);
    affected.write(&mut sql, statements);
    sql.push(" AS \"row\" WHERE ")
        .name(statements.column(version));
    sql.push(" = ").parameter();
    Ok((text(sql), values))
}

/// Selects a row if the written row violates the condition of a check.
pub(crate) fn violates_check<D: Spelling>(
    statements: &Statements,
    written: Written<'_>,
    condition: &str,
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    written.values::<D>(statements, &mut values)?;
    let mut sql = Sql::<D>::new(FOUND);
    written.write(&mut sql, statements);
    sql.push(" WHERE NOT (").push(condition).push(")");
    Ok((text(sql), values))
}

/// Selects a row if another row has the written row's values in the columns of a unique key. `columns` are those of the
/// rule.
pub(crate) fn has_same_key<D: Spelling>(
    statements: &Statements,
    written: Written<'_>,
    rule: UniqueRule,
    columns: &[usize],
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    written.values::<D>(statements, &mut values)?;
    let mut sql = Sql::<D>::new(FOUND);
    sql.push("(SELECT * FROM ");
    written.write(&mut sql, statements);
    write_predicate(&mut sql, rule);
    sql.push(") AS \"new\", (SELECT * FROM ")
        .name(statements.table);
    write_predicate(&mut sql, rule);
    sql.push(") AS \"other\" WHERE ");
    sql.separated(" AND ", columns, |sql, index| {
        sql.push("\"other\".").name(statements.column(*index));
        sql.push(" = \"new\".").name(statements.column(*index));
    });
    if let Written::Changed { .. } = written {
        let key = statements.key();
        sql.push(" AND ").row("other", &key);
        sql.push(" <> ").row("new", &key);
    }
    sql.push(" LIMIT 1");
    Ok((text(sql), values))
}

/// Selects the number of the first row whose key another row has at its turn, if the rows are written one after another:
/// an earlier one of the rows, or a stored row. With `updates`, a row may be stored, and leaves its old key at its turn.
pub(crate) fn first_with_same_key<D: Spelling>(
    statements: &Statements,
    rule: UniqueRule,
    key: &[usize],
    rows: &[Vec<Value>],
    updates: bool,
) -> (SqlText, Vec<Value>) {
    // Only the columns that decide, so that the rows of a statement have few enough parameters here too.
    let decides = |index: &usize| {
        statements.managed.key.contains(index)
            || key.contains(index)
            || rule.predicate_mentions(statements.column(*index))
    };
    let columns: Vec<usize> = (0..statements.columns.len()).filter(decides).collect();
    let mut types = vec![Type::BigInt];
    types.extend(columns.iter().map(|index| statements.specs[*index].ty));
    let most = MAX_PARAMETERS / types.len();
    let numbered = (0..).map(Value::BigInt).zip(rows).take(most);
    let numbered: Vec<Vec<Value>> = numbered
        .map(|(number, row)| {
            let values = columns.iter().map(|index| row[*index].clone());
            std::iter::once(number).chain(values).collect()
        })
        .collect();

    let id = statements.key();
    let mut sql = Sql::<D>::new("WITH \"written rows\" AS (SELECT \"column1\" AS \"row number\"");
    for (position, index) in columns.iter().enumerate() {
        let ty = D::type_name(statements.specs[*index].ty);
        sql.push(&format!(", CAST(\"column{}\" AS {ty}) AS ", position + 2));
        sql.name(statements.column(*index));
    }
    sql.push(" FROM (").rows(&types, numbered.len());
    sql.push(") AS \"source rows\") SELECT \"new\".\"row number\" FROM ");
    let written = |sql: &mut Sql<D>, name: &str| {
        sql.push("(SELECT * FROM \"written rows\" AS ");
        sql.name(statements.table);
        write_predicate(sql, rule);
        sql.push(") AS ").name(name);
    };
    let same_key = |sql: &mut Sql<D>| {
        sql.separated(" AND ", key, |sql, index| {
            sql.push("\"other\".").name(statements.column(*index));
            sql.push(" = \"new\".").name(statements.column(*index));
        });
        if updates {
            sql.push(" AND ").row("other", &id);
            sql.push(" <> ").row("new", &id);
        }
    };
    written(&mut sql, "new");
    sql.push(", (SELECT * FROM ").name(statements.table);
    write_predicate(&mut sql, rule);
    sql.push(") AS \"other\" WHERE ");
    same_key(&mut sql);
    if updates {
        sql.push(" AND NOT EXISTS (SELECT 1 FROM \"written rows\" AS \"earlier\" WHERE ");
        sql.row("earlier", &id).push(" = ").row("other", &id);
        sql.push(" AND \"earlier\".\"row number\" < \"new\".\"row number\")");
    }
    sql.push(" UNION ALL SELECT \"new\".\"row number\" FROM ");
    written(&mut sql, "new");
    sql.push(", ");
    written(&mut sql, "other");
    sql.push(" WHERE \"other\".\"row number\" < \"new\".\"row number\" AND ");
    same_key(&mut sql);
    sql.push(" ORDER BY 1 LIMIT 1");
    (text(sql), D::row_parameters(&types, numbered))
}

fn write_predicate<D: Spelling>(sql: &mut Sql<D>, rule: UniqueRule) {
    if let Some(predicate) = rule.predicate {
        sql.push(" WHERE ").push(predicate);
    }
}
