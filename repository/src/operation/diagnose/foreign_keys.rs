//! The first violated foreign key, on an engine that does not name it.

use std::collections::{BTreeSet, HashSet};

use super::super::Context;
use super::super::write_order::KeyValues;
use super::has_row;
use crate::driver::{AnyRecord, Dialect};
use crate::model::domain::{Action, Domain, ForeignKey, Table};
use crate::model::error::ErrorKind;
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::{self, Affected, Statements};

/// A foreign key and the table that has it.
pub(in crate::operation) type Key = (&'static Table, &'static ForeignKey);

pub(in crate::operation) fn kind_of((table, key): Key) -> ErrorKind {
    ErrorKind::ForeignKey {
        table: Some(table.name.into()),
        columns: key.columns.iter().map(|column| (*column).into()).collect(),
        constraint: Some(key.name.into()),
    }
}

/// The index of the first of these written rows that lacks a parent, and the first such key of that row: the order in
/// which Postgres checks.
pub(in crate::operation) async fn first_orphan<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    rows: &[&dyn AnyRecord],
) -> Option<(usize, Key)> {
    let mut first: Option<(usize, Key)> = None;
    for key in statements.domain.foreign_keys {
        if let Some(orphan) = first_without_parent(session, statements, key, rows).await
            && first.is_none_or(|(earlier, _)| orphan < earlier)
        {
            first = Some((orphan, (statements.domain, key)));
        }
    }
    first
}

/// The index of the first row without a parent by this key.
async fn first_without_parent<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    key: &'static ForeignKey,
    rows: &[&dyn AnyRecord],
) -> Option<usize> {
    let columns = statements.indexes(key.columns)?;
    // A row may refer to another row of the same statement.
    let siblings: BTreeSet<KeyValues> = match statements.indexes(key.referenced_columns) {
        Some(referenced) if key.references == statements.table => {
            let siblings = rows
                .iter()
                .filter_map(|row| KeyValues::at(*row, &referenced));
            siblings.collect()
        }
        _ => BTreeSet::new(),
    };
    let numbered: Vec<Vec<Value>> = (0..)
        .map(Value::BigInt)
        .zip(rows)
        .filter_map(|(number, row)| {
            let reference = KeyValues::at(*row, &columns);
            if reference.is_some_and(|reference| siblings.contains(&reference)) {
                return None;
            }
            let reference = columns.iter().map(|index| row.value(*index));
            Some(std::iter::once(number).chain(reference).collect())
        })
        .collect();
    let mut types = vec![Type::BigInt];
    types.extend(columns.iter().map(|index| statements.specs[*index].ty));
    for chunk in sql::chunks_of_columns::<D, _>(&numbered, types.len(), 0, Vec::clone) {
        let text = sql::first_orphan::<D>(key, &types, chunk.len());
        let values = D::row_parameters(&types, chunk);
        if let Some(orphan) = session.probe(&text, values).await {
            return usize::try_from(orphan).ok();
        }
    }
    None
}

/// The first key that a change of stored rows violates: of the rows, or of the rows that reference them.
pub(super) async fn violated_by_change<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    affected: Affected<'_>,
    changes: &[(usize, Value)],
) -> Option<Key> {
    let changed = |name: &str| {
        let change = changes
            .iter()
            .find(|(column, _)| statements.column(*column) == name);
        change.map(|(_, value)| value)
    };
    // Postgres checks the keys of referencing rows first: its triggers fire in the order of their names.
    for child in references_to::<D>(context.domain, statements.domain) {
        let columns: Vec<(&'static str, &Value)> = child
            .1
            .referenced_columns
            .iter()
            .filter_map(|column| Some((*column, changed(column)?)))
            .collect();
        if columns.is_empty() || !restricts(child.1.on_update) {
            continue;
        }
        let query = sql::referring_to_changed::<D>(statements, affected, child, &columns);
        if has_row(session, query).await {
            return Some(child);
        }
    }
    for key in statements.domain.foreign_keys {
        let columns: Vec<Option<&Value>> = key.columns.iter().copied().map(changed).collect();
        let is_changed = columns.iter().any(Option::is_some);
        if !is_changed || columns.iter().flatten().any(|value| value.is_null()) {
            continue;
        }
        let query = sql::changed_orphan::<D>(statements, affected, key, &columns);
        if has_row(session, query).await {
            return Some((statements.domain, key));
        }
    }
    None
}

/// The first key by which a row still references the deleted rows, or rows that are deleted with them.
pub(super) async fn violated_by_delete<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    affected: Affected<'_>,
) -> Option<Key> {
    // In the order in which Postgres follows the keys. A chain contains each key once, so the loop ends.
    let mut chains = Chains::of::<D>(context, statements);
    while let Some(chain) = chains.next::<D>(context) {
        if let Some(&(child, key)) = chain.last()
            && restricts(key.on_delete)
        {
            let query = sql::referring_to_removed::<D>(statements, affected, &chain);
            if has_row(session, query).await {
                return Some((child, key));
            }
        }
    }
    None
}

/// The chains of references to the rows of a table: a row that is deleted with its parent may have children of its own.
struct Chains(Vec<Vec<Key>>);

impl Chains {
    fn of<D: Dialect>(context: &Context, statements: &Statements) -> Self {
        let links = references_to::<D>(context.domain, statements.domain).map(|link| vec![link]);
        let mut chains: Vec<Vec<Key>> = links.collect();
        chains.reverse();
        Chains(chains)
    }

    /// The next chain, which is followed by those that continue it.
    fn next<D: Dialect>(&mut self, context: &Context) -> Option<Vec<Key>> {
        let chain = self.0.pop()?;
        if let Some(&(child, key)) = chain.last()
            && key.on_delete == Action::Cascade
        {
            let links = references_to::<D>(context.domain, child);
            let links =
                links.filter(|(_, link)| chain.iter().all(|(_, before)| before.name != link.name));
            let mut longer: Vec<Vec<Key>> =
                links.map(|link| [&chain[..], &[link]].concat()).collect();
            longer.reverse();
            self.0.extend(longer);
        }
        Some(chain)
    }
}

/// How many keys the removal of a row can violate.
pub(super) fn restricting<D: Dialect>(context: &Context, statements: &Statements) -> usize {
    let mut chains = Chains::of::<D>(context, statements);
    let mut names: HashSet<&str> = HashSet::new();
    while let Some(chain) = chains.next::<D>(context) {
        let restricting = chain.last().filter(|(_, key)| restricts(key.on_delete));
        names.extend(restricting.map(|(_, key)| key.name));
    }
    names.len()
}

/// How many keys a change of these columns can violate.
pub(super) fn touched<D: Dialect>(
    context: &Context,
    statements: &Statements,
    changed: &[&str],
) -> usize {
    let of = |columns: &[&str]| columns.iter().any(|column| changed.contains(column));
    let own = statements
        .domain
        .foreign_keys
        .iter()
        .filter(|key| of(key.columns))
        .count();
    let children = references_to::<D>(context.domain, statements.domain);
    own + children
        .filter(|(_, key)| of(key.referenced_columns))
        .count()
}

/// The foreign keys of any table that reference this table; without a domain, only its own.
fn references_to<D: Dialect>(
    domain: Option<&'static Domain>,
    table: &'static Table,
) -> impl Iterator<Item = Key> {
    let tables = domain
        .into_iter()
        .flat_map(|domain| domain.tables_on(D::ENGINE));
    let itself = domain.is_none().then_some(table);
    tables
        .chain(itself)
        .flat_map(|child| child.foreign_keys.iter().map(move |key| (child, key)))
        .filter(|(_, key)| key.references == table.name)
}

fn restricts(action: Action) -> bool {
    matches!(action, Action::NoAction | Action::Restrict)
}
