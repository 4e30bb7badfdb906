//! A model of the stored rows: what follows from the answers so far.
//!
//! The model has no constraints. It learns from `Ok` and `Err` whether a call wrote, and checks what must follow from
//! that: versions, timestamps, owners, visibility, counts, orders, pages, and rollbacks.

mod answers;
mod calls;
mod order;
mod units;
mod written;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::operation::{Asked, Filter, Row, Turn, Who};
use super::shape::Shape;
use crate::model::clock::to_microseconds;
use crate::model::key::Key;
use crate::model::query::Visibility;
use crate::model::value::Value;

/// A rule that an answer broke.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// The rule, in one sentence.
    pub(super) rule: &'static str,
    pub(super) detail: String,
}

/// Fails with a rule unless it holds.
fn require(holds: bool, rule: &'static str, detail: impl FnOnce() -> String) -> Result<(), Broken> {
    match holds {
        true => Ok(()),
        false => Err(Broken {
            rule,
            detail: detail(),
        }),
    }
}

/// The rows of one table by their primary keys.
type Stored = BTreeMap<Key, Arc<Row>>;

/// The rows of every table, and the keys of committed units.
#[derive(Clone, Debug)]
pub(super) struct Model {
    shapes: Arc<[Shape]>,
    rows: Vec<Stored>,
    keys: BTreeSet<(Option<Uuid>, Uuid)>,
    /// Whether a call has removed rows that others may have referred to. Until the rows are read again, the model
    /// checks nothing.
    pub(super) uncertain: bool,
    /// Whether a call has written while the model was uncertain.
    blind: bool,
    now: DateTime<Utc>,
}

impl Model {
    pub(super) fn new(shapes: Arc<[Shape]>) -> Self {
        Model {
            rows: vec![Stored::new(); shapes.len()],
            shapes,
            keys: BTreeSet::new(),
            uncertain: false,
            blind: false,
            now: DateTime::UNIX_EPOCH,
        }
    }

    pub(super) fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// Every row of a table, by primary key.
    pub(super) fn rows(&self, table: usize) -> impl Iterator<Item = &Row> {
        self.rows[table].values().map(AsRef::as_ref)
    }

    pub(super) fn len(&self, table: usize) -> usize {
        self.rows[table].len()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.keys.iter().map(|(_, key)| *key)
    }

    /// Every table was read again.
    pub(super) fn audited(&mut self) {
        self.uncertain = false;
        self.blind = false;
    }

    /// Begins a step.
    pub(super) fn begin(&mut self, turn: Turn) {
        self.now = to_microseconds(turn.now);
    }

    /// Replaces the rows by those that were read, after it has checked what is certain.
    pub(super) fn audit(&mut self, table: usize, read: Vec<Row>) -> Result<(), Broken> {
        let shape = &self.shapes[table];
        let read: Stored = read
            .into_iter()
            .filter_map(|row| Some((shape.key_of(&row)?, Arc::new(row))))
            .collect();
        let known = &self.rows[table];
        match self.uncertain {
            false => require(
                read == *known,
                "the table holds what the answers so far imply",
                || difference(known, &read),
            )?,
            true if self.blind => {}
            true => {
                let appeared = read.keys().find(|id| !known.contains_key(id));
                require(
                    appeared.is_none(),
                    "a removal of rows adds no other row",
                    || {
                        format!(
                            "{} has a new row {appeared:?}",
                            self.shapes[table].table.name
                        )
                    },
                )?;
            }
        }
        self.rows[table] = read;
        Ok(())
    }

    /// Whether a row belongs to the scope.
    pub(super) fn in_scope(&self, table: usize, who: Who, row: &Row) -> bool {
        match (self.shapes[table].managed.owner, who.owner()) {
            (Some(column), Some(owner)) => row[column] == Value::Uuid(owner),
            _ => true,
        }
    }

    pub(super) fn is_deleted(&self, table: usize, row: &Row) -> bool {
        let deleted = self.shapes[table].managed.deleted;
        deleted.is_some_and(|column| !row[column].is_null())
    }

    fn is_visible(&self, table: usize, row: &Row, visibility: Visibility) -> bool {
        match visibility {
            // Without soft delete every row is a row of every visibility.
            _ if self.shapes[table].managed.deleted.is_none() => true,
            Visibility::All => true,
            Visibility::Live => !self.is_deleted(table, row),
            Visibility::Deleted => self.is_deleted(table, row),
        }
    }

    /// A row of the scope, deleted or not.
    fn any(&self, table: usize, who: Who, id: &[Value]) -> Option<&Arc<Row>> {
        self.stored(table, who, self.shapes[table].key(who.owner(), id))
    }

    /// The row of the scope with this primary key, deleted or not.
    fn stored(&self, table: usize, who: Who, key: Option<Key>) -> Option<&Arc<Row>> {
        let row = self.rows[table].get(&key?)?;
        self.in_scope(table, who, row).then_some(row)
    }

    /// The rows of the scope with this id. Several owners may have one.
    fn with_id(&self, table: usize, who: Who, id: &[Value]) -> impl Iterator<Item = &Arc<Row>> {
        let shape = &self.shapes[table];
        self.rows[table]
            .values()
            .filter(move |row| self.in_scope(table, who, row) && shape.is_id_of(id, row))
    }

    /// A live row of the scope.
    fn live(&self, table: usize, who: Who, id: &[Value]) -> Option<&Arc<Row>> {
        let row = self.any(table, who, id)?;
        (!self.is_deleted(table, row)).then_some(row)
    }

    /// The rows that a query finds, in its order.
    fn found(&self, table: usize, who: Who, asked: &Asked) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self
            .matching(table, who, &asked.filter)
            .filter(|row| self.is_visible(table, row, asked.visibility))
            .collect();
        order::sort(&mut rows, asked, self.shapes[table].managed.key);
        rows
    }

    /// The rows of the scope that a filter matches, deleted ones included.
    fn matching<'a, 'f>(
        &'a self,
        table: usize,
        who: Who,
        filter: &'f Filter,
    ) -> impl Iterator<Item = &'a Row> + use<'a, 'f> {
        let rows = self.rows[table].values().map(AsRef::as_ref);
        let specs = self.shapes[table].specs;
        let canonical = |column: usize, value: Value| (specs[column].canonical)(value);
        rows.filter(move |row: &&'a Row| {
            self.in_scope(table, who, row) && order::holds(filter, row, &canonical) == Some(true)
        })
    }

    fn put(&mut self, table: usize, row: &Row) {
        if let Some(key) = self.shapes[table].key_of(row) {
            self.rows[table].insert(key, Arc::new(row.clone()));
        }
    }
}

/// The first row in which two tables differ.
fn difference(known: &Stored, read: &Stored) -> String {
    let ids: BTreeSet<&Key> = known.keys().chain(read.keys()).collect();
    let differs = ids.iter().find(|id| known.get(**id) != read.get(**id));
    match differs {
        Some(id) => format!(
            "row {id}\n  expected {:?}\n  stored   {:?}",
            known.get(*id),
            read.get(*id)
        ),
        None => "no row".to_owned(),
    }
}

/// The outcomes of a step that the model has not yet looked at.
pub(super) type Outcomes<'o> = VecDeque<&'o super::outcome::Outcome>;
