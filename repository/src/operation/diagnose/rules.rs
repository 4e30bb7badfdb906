//! The first violated check or unique key, on an engine that checks them in another order.

use super::has_row;
use crate::driver::Dialect;
use crate::model::domain::{Check, UniqueRule, column_of};
use crate::model::error::ErrorKind;
use crate::model::value::Value;
use crate::session::Session;
use crate::sql::{self, Statements, Written};

/// The first rule that the written row violates: the checks by name, then the unique keys in the order of the domain.
/// `None` if the row violates none, or if the engine `reported` one that the library cannot evaluate.
pub(super) async fn first_violation<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    written: Written<'_>,
    reported: &ErrorKind,
) -> Option<ErrorKind> {
    let mut checks: Vec<&Check> = statements.domain.checks.iter().collect();
    checks.sort_unstable_by_key(|check| check.name);
    for check in checks {
        // A check without a condition is that of a type. A canonical value does not violate it.
        if let Some(condition) = check.condition(D::ENGINE)
            && has_row(
                session,
                sql::violates_check::<D>(statements, written, condition),
            )
            .await
        {
            return Some(ErrorKind::Check {
                table: Some(statements.domain.name.into()),
                columns: statements.domain.checked_columns(check.name),
                constraint: Some(check.name.into()),
            });
        }
    }
    for rule in statements.domain.unique_rules() {
        let Some(columns) = statements.indexes(rule.columns) else {
            let is_reported = matches!(
                reported,
                ErrorKind::Unique { constraint: Some(name), .. } if name == rule.name
            );
            if is_reported {
                return None;
            }
            continue;
        };
        if has_row(
            session,
            sql::has_same_key::<D>(statements, written, rule, &columns),
        )
        .await
        {
            let is_id = rule.columns == statements.domain.primary_key.columns;
            if is_id
                && matches!(
                    written,
                    Written::New {
                        or_skipped: true,
                        ..
                    }
                )
            {
                return None;
            }
            return Some(unique_kind(statements, rule));
        }
    }
    None
}

pub(in crate::operation) fn unique_kind(statements: &Statements, rule: UniqueRule) -> ErrorKind {
    let columns = statements.domain.violated_key(rule.columns);
    let name = statements.domain.unique_name(columns).unwrap_or(rule.name);
    ErrorKind::Unique {
        table: statements.domain.name.into(),
        columns: columns
            .iter()
            .map(|column| column_of(column).into())
            .collect(),
        constraint: Some(name.into()),
    }
}

/// The index of the first of these written rows whose key another row has at its turn: an earlier one of them, or a
/// stored row that none of them has changed before. `updates` is whether a row may be stored.
pub(in crate::operation) async fn first_with_same_key<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    rule: UniqueRule,
    rows: &[Vec<Value>],
    updates: bool,
) -> Option<usize> {
    let key = statements.indexes(rule.columns)?;
    let (text, values) = sql::first_with_same_key::<D>(statements, rule, &key, rows, updates);
    let first = session.probe(&text, values).await?;
    usize::try_from(first).ok()
}

/// Whether the id of the written row is stored.
pub(super) async fn is_stored<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    written: Written<'_>,
) -> bool {
    let mut rules = statements.domain.unique_rules();
    let id = rules.find_map(|rule| {
        let is_id = rule.columns == statements.domain.primary_key.columns;
        is_id.then_some((rule, statements.indexes(rule.columns)?))
    });
    match id {
        Some((rule, id)) => {
            has_row(
                session,
                sql::has_same_key::<D>(statements, written, rule, &id),
            )
            .await
        }
        None => false,
    }
}

/// How many checks and unique keys a change of these columns can violate.
pub(super) fn touched<D: Dialect>(statements: &Statements, changed: &[&str]) -> usize {
    let is_changed = |column: &&str| changed.contains(&column_of(column));
    let checks = statements.domain.checks.iter().filter(|check| {
        let is_on_all = check.columns.is_empty() || check.columns.iter().any(is_changed);
        check.condition(D::ENGINE).is_some() && is_on_all
    });
    let rules = statements.domain.unique_rules().filter(|rule| {
        let mut changed = changed.iter();
        rule.columns.iter().any(is_changed) || changed.any(|column| rule.predicate_mentions(column))
    });
    checks.count() + rules.count()
}
