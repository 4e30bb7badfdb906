//! Calls of a repository.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::super::operation::{Call, Draft, Filter, Id, Inner, Method, Row, Seen, Values, Who};
use super::Generator;
use super::values::{self, chance, pick};
use crate::driver::Dialect;
use crate::driver::postgres::Postgres;
use crate::driver::sqlite::Sqlite;
use crate::model::value::{Type, Value};
use crate::sql::Spelling;

/// A table with more rows is made smaller.
const MANY_ROWS: usize = 25;

impl Generator<'_> {
    pub(super) fn call(&mut self, who: Who, table: usize, in_unit: bool) -> Call {
        let crowded = self.model.len(table) > MANY_ROWS;
        let method = match self.rng.u32(..1000) {
            0..300 => return self.read(who, table),
            300..420 if !crowded => Method::Insert(self.draft(who, table)),
            420..465 if !crowded => {
                let rows = self.rng.usize(..5);
                Method::InsertMany((0..rows).map(|_| self.draft(who, table)).collect())
            }
            465..540 => match self.row_for(who, table) {
                Some(row) => Method::Update(self.edited(who, table, row)),
                None => Method::Insert(self.draft(who, table)),
            },
            540..620 => Method::Patch {
                id: self.id_for(who, table),
                expected: self.expected(table),
                changes: self.changes(who, table),
            },
            620..680 if !crowded => Method::Upsert(self.seen(who, table)),
            680..740 if !crowded => Method::UpsertMany(self.seen_many(who, table)),
            740..810 => Method::Delete {
                id: self.id_for(who, table),
                expected: self.expected(table),
            },
            810..870 => Method::Restore {
                id: self.deleted_id(who, table),
                expected: self.expected(table),
            },
            870..895 => Method::Purge {
                before: self.purge_time(table),
                limit: pick(&mut self.rng, &[0, 1, 2, 100, u32::MAX]).unwrap_or(1),
            },
            895..925 => Method::PatchWhere {
                filter: self.filter(table),
                changes: self.changes(who, table),
            },
            925..945 => Method::DeleteWhere(self.filter(table)),
            945..975 if in_unit || chance(&mut self.rng, 20) => {
                let ids = self.rng.usize(..4);
                Method::Lock((0..ids).map(|_| self.id_for(who, table)).collect())
            }
            // In an owner's scope custom SQL filters by owner itself on SQLite.
            975..990 if who == Who::System => self.plant(who, table),
            // Long, and so rare. In a unit most are rolled back.
            998.. if in_unit && self.rng.u32(..4) == 0 => self.long_bulk(who, table),
            _ if crowded => Method::DeleteWhere(self.filter(table)),
            _ => Method::Insert(self.draft(who, table)),
        };
        Call { table, method }
    }

    pub(super) fn read(&mut self, who: Who, table: usize) -> Call {
        let method = match self.rng.u32(..100) {
            0..18 => Method::Find(self.id_for(who, table)),
            18..32 => Method::Get(self.id_for(who, table)),
            32..42 => Method::Exists(self.asked(table)),
            42..58 => Method::Count(self.asked(table)),
            58..66 => Method::Stream(self.asked(table)),
            _ => self.paged(table),
        };
        Call { table, method }
    }

    fn draft(&mut self, who: Who, table: usize) -> Draft {
        let parent = self.parents(who, table);
        let id = match self.rng.u32(..10) {
            0..6 if self.shape(table).makes_id => None,
            0 => Some(self.id_for(who, table)),
            _ => Some(self.child_id(table, &parent)),
        };
        let columns: Vec<usize> = self.shape(table).user_columns().collect();
        let values = columns.into_iter().filter_map(|column| {
            let given = parent.iter().find(|(index, _)| *index == column);
            match given {
                Some((_, value)) => Some((column, value.clone())),
                None if self.shape(table).is_optional(column) && self.rng.bool() => None,
                None => Some((column, self.value(table, column))),
            }
        });
        let mut values: Values = values.collect();
        if chance(&mut self.rng, 15) {
            self.take_key(table, &mut values);
        }
        Draft { id, values }
    }

    /// Replaces the values of a unique key by those of another row, also of a deleted one: a later restore meets them.
    fn take_key(&mut self, table: usize, values: &mut Values) {
        let shape = self.shape(table);
        let keys = shape.table.unique_keys.iter().map(|key| key.columns);
        let indexes = shape.table.indexes.iter().filter(|index| index.unique);
        let keys: Vec<_> = keys.chain(indexes.map(|index| index.columns)).collect();
        let (Some(key), Some(row)) = (pick(&mut self.rng, &keys), self.any_row(table)) else {
            return;
        };
        let shape = self.shape(table);
        let columns = key.iter().filter_map(|column| shape.index_of(column));
        for column in columns.filter(|column| !shape.managed.contains(*column)) {
            values.retain(|(given, _)| *given != column);
            values.push((column, row[column].clone()));
        }
    }

    /// A new id. Columns of it that refer to another row mostly have the values of that row.
    fn child_id(&mut self, table: usize, parent: &Values) -> Id {
        let mut id = self.new_id(table);
        let columns = self.shape(table).managed.id;
        for (value, column) in id.iter_mut().zip(columns) {
            if let Some((_, given)) = parent.iter().find(|(given, _)| given == column) {
                value.clone_from(given);
            }
        }
        id
    }

    /// Values of the referencing columns, those of the id included: mostly those of a row that may be referenced.
    fn parents(&mut self, who: Who, table: usize) -> Values {
        let mut values = Values::new();
        for key in self.shape(table).table.foreign_keys {
            let parent = self
                .model
                .shapes()
                .iter()
                .position(|shape| shape.table.name == key.references);
            let Some(parent) = parent.filter(|_| chance(&mut self.rng, 92)) else {
                continue;
            };
            let Some(row) = self.row_for(who, parent) else {
                continue;
            };
            for (column, referenced) in key.columns.iter().zip(key.referenced_columns) {
                let column = self.shape(table).index_of(column);
                let referenced = self.shape(parent).index_of(referenced);
                if let (Some(column), Some(referenced)) = (column, referenced)
                    && self.shape(table).is_given(column)
                    && self.shape(table).specs[column].ty == row[referenced].ty()
                    && values.iter().all(|(given, _)| *given != column)
                {
                    values.push((column, row[referenced].clone()));
                }
            }
        }
        values
    }

    fn changes(&mut self, who: Who, table: usize) -> Values {
        let mut changes = match chance(&mut self.rng, 20) {
            true => self.parents(who, table),
            false => Values::new(),
        };
        let columns: Vec<usize> = self.shape(table).user_columns().collect();
        changes.retain(|(column, _)| columns.contains(column));
        for column in columns {
            let given = changes.iter().any(|(given, _)| *given == column);
            if !given && chance(&mut self.rng, 30) {
                changes.push((column, self.value(table, column)));
            }
        }
        changes
    }

    /// A row with other values, and sometimes with another version, id or owner.
    fn edited(&mut self, who: Who, table: usize, mut row: Row) -> Row {
        for (column, value) in self.changes(who, table) {
            row[column] = value;
        }
        let managed = self.shape(table).managed;
        if let Some(column) = managed.version
            && let (Value::BigInt(version), true) = (&mut row[column], chance(&mut self.rng, 20))
        {
            *version = match self.rng.u32(..4) {
                0 => i64::MAX,
                1 => i64::MIN,
                2 => version.wrapping_sub(1),
                _ => version.wrapping_add(1),
            };
        }
        if let (Some(column), true) = (managed.owner, chance(&mut self.rng, 5)) {
            let other = self.who().owner().unwrap_or(Uuid::nil());
            row[column] = Value::Uuid(other);
        }
        if chance(&mut self.rng, 5) {
            let columns = self.shape(table).managed.id;
            let column = pick(&mut self.rng, columns).unwrap_or_default();
            row[column] = self.value(table, column);
        }
        row
    }

    fn seen(&mut self, who: Who, table: usize) -> Seen {
        let row = self.row_for(who, table);
        match (row, self.rng.u32(..10)) {
            (Some(row), 0..4) => Seen::Seen(self.edited(who, table, row)),
            // The same contents, as a call that is repeated has them.
            (Some(row), 4) => Seen::Seen(row),
            (Some(row), 5 | 6) => {
                let columns = self.shape(table).user_columns();
                let values = columns.map(|column| (column, row[column].clone()));
                let values = values.collect();
                let id = Some(self.shape(table).id_of(&row));
                Seen::New(Draft { id, values })
            }
            _ => Seen::New(self.draft(who, table)),
        }
    }

    /// Rows to upsert, some of them with the same id.
    fn seen_many(&mut self, who: Who, table: usize) -> Vec<Seen> {
        let rows = self.rng.usize(..5);
        let mut seen: Vec<Seen> = (0..rows).map(|_| self.seen(who, table)).collect();
        if let (Some(again), true) = (pick(&mut self.rng, &seen), chance(&mut self.rng, 25)) {
            seen.push(match again {
                Seen::Seen(row) => Seen::Seen(self.edited(who, table, row)),
                new @ Seen::New(_) => new,
            });
        }
        seen
    }

    /// A version that the caller expects.
    fn expected(&mut self, table: usize) -> Option<i64> {
        let column = self.shape(table).managed.version;
        let stored = column.and_then(|column| match self.any_row(table)?[column] {
            Value::BigInt(version) => Some(version),
            _ => None,
        });
        match self.rng.u32(..10) {
            0..6 => None,
            6..8 => stored,
            8 => Some(self.rng.i64(0..4)),
            _ => pick(&mut self.rng, &[i64::MIN, i64::MAX, 1]),
        }
    }

    /// The id of a deleted row, if there is one.
    fn deleted_id(&mut self, who: Who, table: usize) -> Id {
        let rows = self.model.rows(table);
        let deleted: Vec<Id> = rows
            .filter(|row| self.model.is_deleted(table, row))
            .map(|row| self.shape(table).id_of(row))
            .collect();
        match pick(&mut self.rng, &deleted) {
            Some(id) if chance(&mut self.rng, 85) => id,
            _ => self.id_for(who, table),
        }
    }

    fn purge_time(&mut self, table: usize) -> DateTime<Utc> {
        let column = self.shape(table).managed.deleted;
        let deleted = column.and_then(|column| match self.any_row(table)?[column] {
            Value::Timestamp(at) => Some(at),
            _ => None,
        });
        match (deleted, self.rng.u32(..4)) {
            (Some(at), 0) => at,
            (Some(at), 1) => at + TimeDelta::microseconds(1),
            (_, 2) => DateTime::from_timestamp(4_000_000_000, 0).unwrap_or_default(),
            _ => values::instant(&mut self.rng),
        }
    }

    /// What no call of a record can write: NULL where it is forbidden, and a version at its end.
    fn plant(&mut self, who: Who, table: usize) -> Method {
        match self.row_for(who, table) {
            Some(row) => self.plant_in(table, &row),
            None => Method::Insert(self.draft(who, table)),
        }
    }

    fn plant_in(&mut self, table: usize, row: &Row) -> Method {
        let shape = self.shape(table);
        let key = shape.key_values(row);
        // A number that is the key of its table is SQLite's rowid, which answers NULL with an error of its own.
        let is_rowid = |column: usize| {
            let is_number = matches!(shape.specs[column].ty, Type::Int | Type::BigInt);
            shape.managed.key == [column] && is_number
        };
        let required: Vec<usize> = (0..shape.specs.len())
            .filter(|column| !shape.specs[*column].nullable && !is_rowid(*column))
            .collect();
        let version = shape.managed.version;
        match version {
            Some(column) if self.rng.bool() => Method::Plant {
                key,
                column,
                value: Value::BigInt(i64::MAX - self.rng.i64(0..2)),
            },
            _ => {
                let column = pick(&mut self.rng, &required).unwrap_or_default();
                Method::Plant {
                    key,
                    column,
                    value: Value::Null(Type::Text),
                }
            }
        }
    }

    /// A version at its end, and writes of the same row after it.
    pub(super) fn worn_out(&mut self, table: usize) -> Vec<Inner> {
        let Some(row) = self.row_for(Who::System, table) else {
            return Vec::new();
        };
        let mut methods = vec![self.plant_in(table, &row)];
        for _ in 0..2 {
            let (id, expected) = (self.shape(table).id_of(&row), None);
            methods.push(match self.rng.u32(..4) {
                0 => Method::Delete { id, expected },
                1 => Method::Restore { id, expected },
                2 => Method::PatchWhere {
                    filter: Filter::All,
                    changes: self.changes(Who::System, table),
                },
                _ => Method::Patch {
                    id,
                    expected,
                    changes: self.changes(Who::System, table),
                },
            });
        }
        let calls = methods.into_iter().map(|method| Call { table, method });
        calls.map(Inner::Call).collect()
    }

    /// A bulk call of about as many rows as one statement takes on an engine.
    fn long_bulk(&mut self, who: Who, table: usize) -> Method {
        let columns = self.shape(table).specs.len();
        let border = match self.rng.u32(..6) {
            0 => chunk::<Postgres>(columns),
            _ => chunk::<Sqlite>(columns),
        };
        let rows = (border + 1).saturating_sub(self.rng.usize(..3));
        let mut draft = self.draft(who, table);
        if self.shape(table).makes_id {
            draft.id = None;
        } else if self.shape(table).numbered_part().is_none() {
            return Method::Insert(draft);
        }
        match self.rng.bool() {
            true => Method::InsertRun { draft, rows },
            false => Method::UpsertRun { draft, rows },
        }
    }
}

/// The rows of one statement.
fn chunk<D: Dialect + Spelling>(columns: usize) -> usize {
    D::next_rows(usize::MAX, columns, 0)
}
