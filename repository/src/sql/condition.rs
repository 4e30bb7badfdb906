//! Conditions of filters: their SQL, and their values in the same order.

use std::borrow::Cow;

use super::Spelling;
use super::{Sql, Statements};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::key::Key;
use crate::model::query::{Condition, MOST_CONDITIONS, Operand, TextMatch};
use crate::model::record::invalid;
use crate::model::value::{Type, Value};

/// Appends the values of a condition, in the order in which [`write`] writes their parameters.
pub(crate) fn values<D: Spelling>(
    statements: &Statements,
    condition: &Condition,
    into: &mut Vec<Value>,
) -> Result<()> {
    collect(statements, condition, into, &|types, keys| {
        super::list::<D>(types, keys)
    })
}

/// Gives the parameters of a list of keys with columns of these types.
type List<'l> = &'l dyn Fn(&[Type], &[Key]) -> Vec<Value>;

/// As [`values`], with another form of lists of keys.
pub(super) fn collect(
    statements: &Statements,
    condition: &Condition,
    into: &mut Vec<Value>,
    list: List<'_>,
) -> Result<()> {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => {
            for part in parts {
                collect(statements, part, into, list)?;
            }
        }
        Condition::Not(inner) => collect(statements, inner, into, list)?,
        Condition::IsNull { .. } => {}
        Condition::Compare { column, value, .. } => into.push(operand(statements, *column, value)?),
        Condition::IsIn { column, values } => match operand(statements, *column, values)? {
            // On SQLite a list is passed as JSON, which has no bytes and rounds floats.
            Value::Array(Type::Bytes | Type::Float | Type::Double | Type::Json, _) => {
                return Err(invalid_query("is_in cannot list bytes or floats"));
            }
            values => into.push(values),
        },
        Condition::IsRowOf { columns, keys } => {
            let keys = keys.as_ref();
            let keys = keys.map_err(|(position, reason)| {
                let column = columns.get(*position).copied().unwrap_or_default();
                invalid(statements.specs[column].field, reason.clone())
            })?;
            into.extend(list(&statements.types(columns), keys));
        }
        Condition::Text {
            column,
            kind,
            needle,
        } => {
            let needle = operand(statements, *column, needle)?;
            match kind {
                TextMatch::Contains | TextMatch::ContainsFolded => {}
                // The length in characters is the first parameter, and the text the second.
                TextMatch::StartsWith | TextMatch::EndsWith => {
                    let characters = match &needle {
                        Value::Text(text) => text.chars().count(),
                        _ => 0,
                    };
                    // A text has at most 1 MiB, so the count fits.
                    into.push(Value::Int(i32::try_from(characters).unwrap_or(i32::MAX)));
                }
            }
            into.push(needle);
        }
        Condition::TooLarge => {
            return Err(invalid_query(format!(
                "a filter has at most {MOST_CONDITIONS} conditions; use is_in for lists"
            )));
        }
    }
    Ok(())
}

fn invalid_query(reason: impl Into<Cow<'static, str>>) -> Error {
    ErrorKind::InvalidQuery {
        reason: reason.into(),
    }
    .into()
}

fn operand(statements: &Statements, column: usize, value: &Operand) -> Result<Value> {
    value
        .clone()
        .map_err(|reason| invalid(statements.specs[column].field, reason))
}

/// Writes a condition.
pub(crate) fn write<D: Spelling>(sql: &mut Sql<D>, statements: &Statements, condition: &Condition) {
    match condition {
        // `values` has returned an error for it.
        Condition::TooLarge => {
            sql.push("1 = 0");
        }
        // SQLite has no boolean literals before 3.23, and Postgres accepts no bare 1. Both accept a comparison.
        Condition::And(parts) if parts.is_empty() => {
            sql.push("1 = 1");
        }
        Condition::Or(parts) if parts.is_empty() => {
            sql.push("1 = 0");
        }
        Condition::And(parts) => write_parts(sql, statements, " AND ", parts),
        Condition::Or(parts) => write_parts(sql, statements, " OR ", parts),
        Condition::Not(inner) => {
            sql.push("NOT (");
            write(sql, statements, inner);
            sql.push(")");
        }
        Condition::Compare {
            column, comparison, ..
        } => {
            sql.name(statements.column(*column))
                .push(comparison.as_sql())
                .parameter();
        }
        Condition::IsNull { column } => {
            sql.name(statements.column(*column)).push(" IS NULL");
        }
        Condition::IsIn { column, .. } => {
            sql.is_element(statements.column(*column));
        }
        Condition::IsRowOf { columns, .. } => {
            let names: Vec<&str> = statements.names(columns).collect();
            sql.is_row_of(&names, &statements.types(columns));
        }
        Condition::Text { column, kind, .. } => {
            let column = statements.column(*column);
            match kind {
                TextMatch::Contains => {
                    sql.push(D::POSITION).push("(").name(column).push(", ");
                    sql.parameter().push(") > 0");
                }
                TextMatch::ContainsFolded => {
                    sql.push(D::POSITION).push("(lower(").name(column);
                    sql.push("), ").parameter().push(") > 0");
                }
                TextMatch::StartsWith => {
                    sql.push("substr(").name(column).push(", 1, ");
                    sql.parameter().push(") = ").parameter();
                }
                // On both engines a start before the first character shortens the result. So a text that is shorter
                // than the ending never matches.
                TextMatch::EndsWith => {
                    sql.push("substr(").name(column).push(", length(");
                    sql.name(column).push(") - ").parameter();
                    sql.push(" + 1) = ").parameter();
                }
            }
        }
    }
}

fn write_parts<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    separator: &str,
    parts: &[Condition],
) {
    sql.push("(");
    sql.separated(separator, parts, |sql, part| write(sql, statements, part));
    sql.push(")");
}
