//! What the run knows about a record without its type.

use uuid::Uuid;

use super::operation::{Draft, Id, Row};
use crate::driver::sqlite::Sqlite;
use crate::driver::{Stored, Twin};
use crate::model::domain::Table;
use crate::model::error::{ErrorKind, InvalidReason};
use crate::model::key::{Key, KeyValue};
use crate::model::record::{ColumnSpec, Managed};
use crate::model::value::{MAX_BYTES, Type, Value};

/// A record: its columns, names and limits.
#[derive(Debug)]
pub(super) struct Shape {
    /// The name of the record, without its module.
    pub(super) record: &'static str,
    pub(super) draft: &'static str,
    pub(super) patch: &'static str,
    pub(super) table: &'static Table,
    pub(super) specs: &'static [ColumnSpec],
    pub(super) managed: Managed,
    /// Whether the library makes the id of a draft that has none.
    pub(super) makes_id: bool,
    /// The names in the database.
    pub(super) columns: Vec<&'static str>,
    /// The maximum length of each column in bytes.
    pub(super) most_bytes: Vec<usize>,
    /// Values that the caller gave for a column.
    pub(super) examples: Vec<Vec<Value>>,
}

impl Shape {
    pub(super) fn of<R: Stored>() -> Self {
        let statements = <R as Twin<Sqlite>>::statements();
        let columns: Vec<&'static str> = (0..R::COLUMNS.len())
            .map(|index| statements.column(index))
            .collect();
        let ty = |name: &str| {
            let index = columns.iter().position(|column| *column == name)?;
            Some(R::COLUMNS[index].ty)
        };
        let most_bytes = columns.iter().zip(R::COLUMNS).map(|(column, spec)| {
            match R::TABLE.most_bytes(column, ty) {
                MAX_BYTES => spec.max_bytes,
                of_indexes => of_indexes.min(spec.max_bytes),
            }
        });
        Shape {
            record: last_segment(std::any::type_name::<R>()),
            draft: last_segment(std::any::type_name::<R::Draft>()),
            patch: last_segment(std::any::type_name::<R::Patch>()),
            table: R::TABLE,
            specs: R::COLUMNS,
            managed: R::MANAGED,
            makes_id: makes_id::<R>(),
            most_bytes: most_bytes.collect(),
            examples: vec![Vec::new(); columns.len()],
            columns,
        }
    }

    /// The columns that a caller writes.
    pub(super) fn user_columns(&self) -> impl Iterator<Item = usize> + use<> {
        self.managed.user_columns(self.specs.len())
    }

    /// Whether a draft can name the value of a column.
    pub(super) fn is_given(&self, column: usize) -> bool {
        self.managed.id.contains(&column) || !self.managed.contains(column)
    }

    /// The position of a column of the database.
    pub(super) fn index_of(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| *name == column)
    }

    /// The id of a row, as the row has it.
    pub(super) fn id_of(&self, row: &Row) -> Id {
        let columns = self.managed.id.iter();
        columns.map(|column| row[*column].clone()).collect()
    }

    /// The values of a row's primary key.
    pub(super) fn key_values(&self, row: &Row) -> Id {
        let columns = self.managed.key.iter();
        columns.map(|column| row[*column].clone()).collect()
    }

    /// The primary key of a row; `None` if one of its values has no canonical form.
    pub(super) fn key_of(&self, row: &Row) -> Option<Key> {
        self.key_with(&self.key_values(row))
    }

    /// The primary key with these values; `None` if one of them has no canonical form.
    pub(super) fn key_with(&self, values: &[Value]) -> Option<Key> {
        let values = self.managed.key.iter().zip(values).map(|(column, value)| {
            let value = (self.specs[*column].canonical)(value.clone());
            KeyValue::of(value.ok()?)
        });
        values.collect::<Option<Vec<KeyValue>>>().map(Key::of)
    }

    /// The primary key of the row with this id. `None` if a value has no canonical form, or if the key begins with the
    /// owner and none is given: several rows may have the id.
    pub(super) fn key(&self, owner: Option<Uuid>, id: &[Value]) -> Option<Key> {
        let values = self.managed.key.iter().map(|column| {
            let position = self.managed.id.iter().position(|part| part == column);
            match position {
                Some(position) => id.get(position).cloned(),
                None => owner.map(Value::Uuid),
            }
        });
        self.key_with(&values.collect::<Option<Vec<Value>>>()?)
    }

    /// Whether the id is that of the row.
    pub(super) fn is_id_of(&self, id: &[Value], row: &Row) -> bool {
        let mut parts = self.managed.id.iter().zip(id);
        parts.all(|(column, value)| {
            let value = (self.specs[*column].canonical)(value.clone());
            value.is_ok_and(|value| value == row[*column])
        })
    }

    /// Whether the field's type is made of the value. A type of an application's own may refuse it.
    pub(super) fn converts(&self, column: usize, value: &Value) -> bool {
        let canonical = (self.specs[column].canonical)(value.clone());
        !matches!(canonical, Err(InvalidReason::Application { .. }))
    }

    /// The part of the id that numbers the rows of a run of inserts; `None` if the id has no such part.
    pub(super) fn numbered_part(&self) -> Option<usize> {
        let mut columns = self.managed.id.iter();
        columns.position(|column| {
            let number = numbered(self.specs[*column].ty, FIRST_OF_A_RUN);
            number.is_some_and(|value| self.converts(*column, &value))
        })
    }

    /// The drafts of a run, of which only the ids differ.
    pub(super) fn run<'d>(
        &'d self,
        draft: &'d Draft,
        rows: usize,
    ) -> impl Iterator<Item = Draft> + use<'d> {
        (FIRST_OF_A_RUN..).take(rows).map(|number| {
            let mut draft = draft.clone();
            if let (Some(id), Some(part)) = (&mut draft.id, self.numbered_part()) {
                let ty = self.specs[self.managed.id[part]].ty;
                id[part] = numbered(ty, number).unwrap_or(Value::Null(ty));
            }
            draft
        })
    }

    /// Whether a draft without this value has one.
    pub(super) fn is_optional(&self, column: usize) -> bool {
        self.specs[column].nullable || self.specs[column].default.is_some()
    }
}

/// The number of the first row of a run: none that other steps use.
pub(super) const FIRST_OF_A_RUN: u32 = 1_000_000;

/// A value of an id with this number, which is less than 2^31.
fn numbered(ty: Type, number: u32) -> Option<Value> {
    match ty {
        Type::Text => Some(Value::Text(number.to_string())),
        Type::Int => number.try_into().ok().map(Value::Int),
        Type::BigInt => Some(Value::BigInt(number.into())),
        Type::Uuid => Some(Value::Uuid(Uuid::from_u128(number.into()))),
        _ => None,
    }
}

/// Whether the library makes an id: a draft without one is not refused because of it.
fn makes_id<R: Stored>() -> bool {
    let refused = R::draft_from(None, Vec::new()).err();
    let missing = refused.as_ref().and_then(|error| match error.kind() {
        ErrorKind::InvalidValue { field, .. } => field.as_deref(),
        _ => None,
    });
    let mut ids = R::MANAGED.id.iter();
    ids.all(|column| missing != Some(R::COLUMNS[*column].field))
}

fn last_segment(path: &'static str) -> &'static str {
    path.rsplit("::").next().unwrap_or(path)
}
