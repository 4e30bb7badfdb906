//! The first refused row of a circle of references, and its error.
//!
//! The rows of a circle are one statement, and the engines check them in different orders. So after a refusal, each row is
//! written alone and undone, in the order of the call. Two things are then looked for with queries, because they depend
//! on the other rows of the circle: keys that rows take from each other, and references to rows outside of it.

use std::collections::{HashMap, HashSet};

use super::references::is_to_one_of;
use super::{Context, by_keys, diagnose, in_order, values};
use crate::driver::{AnyRecord, Dialect, RecordType};
use crate::model::domain::UniqueRule;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::key::Key;
use crate::model::value::Value;
use crate::session::Session;
use crate::sql::{self, Statements};

/// Rows that reference each other.
pub(super) trait Circle<D: Dialect>: Send + Sync {
    /// The type of the rows.
    fn record(&self) -> RecordType<D>;

    /// The rows in the order of the call.
    fn rows(&self) -> &[&dyn AnyRecord];

    /// Whether a row that is stored is updated.
    fn updates(&self) -> bool;

    /// Writes one row without the others. Its error is complete.
    fn write_alone(
        &self,
        session: &mut Session<D>,
        row: usize,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// The error of the first row of a circle that is refused. The refused statements are undone already.
pub(super) async fn first_error<D: Dialect, C: Circle<D>>(
    session: &mut Session<D>,
    context: &Context,
    circle: &C,
    refused: Error,
) -> Error {
    let statements = circle.record().statements;
    let keys: HashSet<Key> = circle.rows().iter().map(|row| row.key()).collect();
    if circle.updates() && keys.len() < circle.rows().len() {
        // A row that repeats an id is written after the first one. Alone it would have another error.
        return diagnose::completed(statements, refused, context);
    }
    match try_each(session, context, circle).await {
        Ok(Some(kind)) => refused.with_kind(kind),
        Ok(None) => diagnose::completed(statements, refused, context),
        // A query failed.
        Err(error) if matches!(error.kind(), ErrorKind::UnitEnded { .. }) => refused,
        Err(error) => error,
    }
}

/// Tries the rows in order until one is refused. Returns the key that it has from another row of the circle, or `None` if
/// no row is refused.
///
/// # Errors
/// The error of the refused row.
async fn try_each<D: Dialect, C: Circle<D>>(
    session: &mut Session<D>,
    context: &Context,
    circle: &C,
) -> Result<Option<ErrorKind>> {
    let statements = circle.record().statements;
    let rows = circle.rows();
    let keys = Keys::look_up(session, context, circle).await?;
    let orphan = diagnose::first_orphan(session, statements, rows).await;
    // New rows are inserted before stored ones are updated. So a key that a stored row leaves is not free for a new one,
    // wherever it comes in the call.
    let mut early = None;
    for (row, record) in rows.iter().enumerate() {
        let taken = keys.taken.filter(|(first, _)| *first == row);
        let taken = taken.map(|(_, number)| number);
        let Some(error) = try_alone(session, circle, row).await? else {
            // All that the row references is stored.
            match taken {
                Some(number) => return Ok(Some(keys.kind(statements, number))),
                None => continue,
            }
        };
        // The number of the key that the row violates, or that of no key for a reference.
        let reported = match error.kind() {
            ErrorKind::Unique { .. } => keys.number(statements, error.kind()),
            ErrorKind::ForeignKey { .. } => usize::MAX,
            _ => return Err(error),
        };
        if let Some(number) = taken.filter(|number| *number <= reported) {
            return Err(error.with_kind(keys.kind(statements, number)));
        }
        // Whether the other rows remove the cause.
        let is_resolved = match error.kind() {
            ErrorKind::ForeignKey {
                constraint: Some(name),
                ..
            } => {
                let key = statements.domain.foreign_key(name);
                key.is_some_and(|key| is_to_one_of(statements, key, *record, rows))
            }
            _ => keys.is_left(session, statements, row, reported).await,
        };
        if !is_resolved {
            return Err(error);
        }
        if let Some(number) = taken {
            return Err(error.with_kind(keys.kind(statements, number)));
        }
        if let Some((_, key)) = orphan.filter(|(first, _)| *first == row) {
            return Err(error.with_kind(diagnose::kind_of(key)));
        }
        if reported < usize::MAX {
            early.get_or_insert(error);
        }
    }
    early.map_or(Ok(None), Err)
}

/// The unique keys of the rows of a circle. They have numbers, in the order in which a row is checked.
struct Keys {
    rules: Vec<UniqueRule>,
    updates: bool,
    /// The values of each row after it is written.
    written: Vec<Vec<Value>>,
    /// The first row whose key another row has at its turn, and the number of the key.
    taken: Option<(usize, usize)>,
}

impl Keys {
    async fn look_up<D: Dialect, C: Circle<D>>(
        session: &mut Session<D>,
        context: &Context,
        circle: &C,
    ) -> Result<Self> {
        let statements = circle.record().statements;
        let rules: Vec<UniqueRule> = statements.domain.unique_rules().collect();
        let updates = circle.updates();
        let written = written(session, context, circle).await?;
        let mut taken = None;
        for (number, rule) in rules.iter().enumerate() {
            let first =
                diagnose::first_with_same_key(session, statements, *rule, &written, updates);
            let first = first.await.map(|row| (row, number));
            taken = taken.into_iter().chain(first).min();
        }
        Ok(Keys {
            rules,
            updates,
            written,
            taken,
        })
    }

    fn kind(&self, statements: &Statements, number: usize) -> ErrorKind {
        diagnose::unique_kind(statements, self.rules[number])
    }

    /// The number of the key, or `usize::MAX` if the domain lacks it.
    fn number(&self, statements: &Statements, kind: &ErrorKind) -> usize {
        let mut rules = self.rules.iter();
        let number = rules.position(|rule| diagnose::unique_kind(statements, *rule) == *kind);
        number.unwrap_or(usize::MAX)
    }

    /// Whether the row violates this key without the other rows, but not at its turn: an earlier row leaves it. A key
    /// that no query finds belongs to a row that the scope does not see, and stays taken.
    async fn is_left<D: Dialect>(
        &self,
        session: &mut Session<D>,
        statements: &Statements,
        row: usize,
        number: usize,
    ) -> bool {
        let Some(rule) = self.rules.get(number).filter(|_| self.updates) else {
            return false;
        };
        let alone = &self.written[row..=row];
        let first = diagnose::first_with_same_key(session, statements, *rule, alone, true);
        first.await.is_some()
    }
}

/// Writes a row alone, and undoes it. Returns its error, if the row is refused.
async fn try_alone<D: Dialect, C: Circle<D>>(
    session: &mut Session<D>,
    circle: &C,
    row: usize,
) -> Result<Option<Error>> {
    let savepoint = session.savepoint().await?;
    let alone = match circle.write_alone(session, row).await {
        Ok(()) => None,
        Err(error) if in_order::is_refusal(&error) => Some(error),
        Err(error) => return Err(error),
    };
    session.rollback_to(savepoint).await?;
    Ok(alone)
}

/// The values of each row after it is written. Of the managed columns of a stored row, those before it.
async fn written<D: Dialect, C: Circle<D>>(
    session: &mut Session<D>,
    context: &Context,
    circle: &C,
) -> Result<Vec<Vec<Value>>> {
    let record = circle.record();
    let statements = record.statements;
    let rows = circle.rows();
    let mut stored = HashMap::new();
    let found;
    if circle.updates() {
        let owner = context.owner_of(statements);
        let text = sql::select_by_keys::<D>(statements, owner.is_some());
        let keys: Vec<Key> = rows.iter().map(|row| row.key()).collect();
        let keys = by_keys::<D>(statements, &keys, owner);
        found = session.fetch_records(&text, keys, record).await?;
        stored.extend(found.iter().map(|row| (row.key(), row)));
    }
    let written = rows.iter().map(|row| match stored.get(&row.key()) {
        None => values(statements, *row),
        Some(stored) => {
            let mut values = values(statements, *stored);
            for index in statements.user_columns() {
                values[index] = row.value(index);
            }
            values
        }
    });
    Ok(written.collect())
}
