//! SQL texts of statements, built once per record, dialect and shape.
//!
//! A shape is everything that the text of a statement depends on. It contains no values. Each module below has a
//! function that writes the text next to one that collects the values in the same order.

mod builder;
mod bulk;
mod condition;
pub(crate) mod custom;
mod generated;
#[cfg(any(feature = "fingerprint", all(feature = "migrate", feature = "sqlite")))]
mod identifier;
mod index_row;
mod keyset;
#[cfg(any(feature = "fingerprint", all(feature = "migrate", feature = "sqlite")))]
mod orphans;
mod query_hash;
mod reference;
mod select;
mod shape;
mod spelling;
mod write;
mod written;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use sea_orm::{EntityTrait, IdenStatic, Iterable};
use uuid::Uuid;

pub(crate) use builder::{Sql, quoted};
pub(crate) use bulk::{
    Bulk, KeyChange, bulk_insert, bulk_update, chunks, chunks_of_columns, insert_chunks,
    insert_each, insert_types, update_types,
};
pub(crate) use generated::{insert_generated, reserve};
#[cfg(any(feature = "fingerprint", all(feature = "migrate", feature = "sqlite")))]
pub(crate) use identifier::identifier;
#[cfg(feature = "fingerprint")]
pub(crate) use index_row::most_bytes_in;
#[cfg(any(feature = "fingerprint", all(feature = "migrate", feature = "sqlite")))]
pub(crate) use orphans::Reference;
pub(crate) use query_hash::query_hash;
pub(crate) use reference::{
    Affected, changed_orphan, first_orphan, referring_to_changed, referring_to_removed,
};
pub(crate) use select::{
    Output, Selection, lock_by_keys, look_up, select, select_by_keys, select_for_update,
    select_keys, select_one,
};
pub(crate) use shape::Shape;
pub(crate) use spelling::Effort;
#[cfg(feature = "sqlite")]
pub(crate) use spelling::MAX_PARAMETERS;
pub use spelling::{Spelling, SqlText};

pub(crate) use written::{
    Written, at_last_version, first_with_same_key, has_same_key, violates_check,
};

pub(crate) use write::{
    Guard, delete_one, delete_where, insert_one, purge, purged_keys, remove_where, restore_one,
    update_known, update_one, update_where,
};

use crate::model::domain::{Table, UniqueRule, column_of};
use crate::model::error::{InvalidReason, Result};
use crate::model::key::{Key, KeyValue};
use crate::model::query::Visibility;
use crate::model::record::{ColumnSpec, Managed, Record, invalid};
use crate::model::value::{MAX_BYTES, Type, Value};

/// The parameters of a list of keys with columns of these types; see [`Sql::is_row_of`].
pub(crate) fn list<'k, D: Spelling>(
    types: &[Type],
    keys: impl IntoIterator<Item = &'k Key>,
) -> Vec<Value> {
    let keys = keys.into_iter();
    match types {
        [ty] => vec![Value::Array(*ty, keys.flat_map(Key::to_values).collect())],
        several => {
            let rows = keys.map(|key| key.to_values().collect());
            D::list_parameters(several, rows.collect())
        }
    }
}

/// The maximum number of cached texts of one record. Only filters produce many, and a program has few different ones.
const MAX_TEXTS: usize = 512;

/// The names and the cached texts of one record in one dialect.
#[derive(Debug)]
pub struct Statements {
    /// The table in the domain.
    pub(crate) domain: &'static Table,
    /// The table's name in the entity.
    pub(crate) table: &'static str,
    /// The columns' names in the entity.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) specs: &'static [ColumnSpec],
    pub(crate) managed: Managed,
    /// The columns with a limit below the general one, and their maximum length in bytes.
    limited: Vec<(usize, usize)>,
    texts: RwLock<HashMap<Shape, SqlText>>,
}

impl Statements {
    /// Used by the derive. `columns` are the entity's, in the order of the record's fields.
    #[doc(hidden)]
    pub fn new<R: Record, E: EntityTrait>(columns: &[E::Column]) -> Self {
        debug_assert_eq!(E::Column::iter().count(), columns.len());
        let columns: Vec<&'static str> = columns.iter().map(IdenStatic::as_str).collect();
        let ty = |name: &str| {
            let index = columns.iter().position(|column| *column == name)?;
            Some(R::COLUMNS[index].ty)
        };
        let limited = columns.iter().enumerate().filter_map(|(index, column)| {
            let spec = &R::COLUMNS[index];
            let of_indexes = R::TABLE.most_bytes(column, ty);
            let has_length = matches!(spec.ty, Type::Text | Type::Bytes);
            let limited = of_indexes < MAX_BYTES || spec.max_chars.is_some();
            // The limit of the column itself is checked with each value.
            let max_bytes = match of_indexes < MAX_BYTES {
                true => of_indexes.min(spec.max_bytes),
                false => spec.max_bytes,
            };
            (has_length && limited).then_some((index, max_bytes))
        });
        Statements {
            domain: R::TABLE,
            table: E::default().table_name(),
            limited: limited.collect(),
            columns,
            specs: R::COLUMNS,
            managed: R::MANAGED,
            texts: RwLock::default(),
        }
    }

    /// Returns the text of a shape, and builds it on first use.
    pub(crate) fn text(&self, shape: Shape, build: impl FnOnce() -> String) -> SqlText {
        // The lock is poisoned if an insert panicked. The map is still valid: its entries are complete.
        let cached = self
            .texts
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&shape)
            .cloned();
        cached.unwrap_or_else(|| {
            let built = SqlText {
                effort: Arc::new(shape.effort()),
                ..SqlText::new(build(), Some(self.domain))
            };
            let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
            if texts.len() < MAX_TEXTS {
                texts.insert(shape, built.clone());
            }
            built
        })
    }

    /// Checks the length of the values of the limited columns. `value` returns the value of a column that is written.
    pub(crate) fn check_lengths(&self, value: &dyn Fn(usize) -> Option<Value>) -> Result<()> {
        self.limited.iter().try_for_each(|(column, max_bytes)| {
            value(*column).map_or(Ok(()), |value| {
                self.check_length(*column, &value, *max_bytes)
            })
        })
    }

    fn check_length(&self, index: usize, value: &Value, max_bytes: usize) -> Result<()> {
        let bytes = match value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => return Ok(()),
        };
        let spec = &self.specs[index];
        if bytes > max_bytes {
            return Err(invalid(spec.field, InvalidReason::TooLong { max_bytes }));
        }
        match (spec.max_chars, value) {
            // No text has more characters than bytes.
            (Some(max_chars), Value::Text(text))
                if bytes > max_chars && text.chars().count() > max_chars =>
            {
                let reason = InvalidReason::TooManyCharacters { max_chars };
                Err(invalid(spec.field, reason))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn column(&self, index: usize) -> &'static str {
        self.columns[index]
    }

    pub(crate) fn owner(&self) -> Option<&'static str> {
        self.managed.owner.map(|index| self.column(index))
    }

    pub(crate) fn deleted(&self) -> Option<&'static str> {
        self.managed.deleted.map(|index| self.column(index))
    }

    /// The columns of the id.
    pub(crate) fn id(&self) -> impl Iterator<Item = &'static str> {
        self.names(self.managed.id)
    }

    /// The columns of the primary key.
    pub(crate) fn key(&self) -> Vec<&'static str> {
        self.names(self.managed.key).collect()
    }

    pub(crate) fn key_types(&self) -> Vec<Type> {
        self.types(self.managed.key)
    }

    pub(crate) fn names(&self, columns: &[usize]) -> impl Iterator<Item = &'static str> {
        columns.iter().map(|index| self.column(*index))
    }

    pub(crate) fn types(&self, columns: &[usize]) -> Vec<Type> {
        let types = columns.iter().map(|index| self.specs[*index].ty);
        types.collect()
    }

    /// The column of the id, if the database generates it.
    pub(crate) fn generated(&self) -> Option<usize> {
        let id = self.managed.id.first().copied();
        id.filter(|_| self.managed.generated)
    }

    /// Whether the primary key begins with the owner, so that an id may repeat.
    pub(crate) fn is_owner_in_key(&self) -> bool {
        self.managed.key.len() > self.managed.id.len()
    }

    /// The key of the row of this owner with this id.
    pub(crate) fn key_with_owner(&self, id: Key, owner: Option<Uuid>) -> Key {
        match owner.filter(|_| self.is_owner_in_key()) {
            None => id,
            Some(owner) => {
                let owner = KeyValue::Uuid(owner);
                Key::of(std::iter::once(owner).chain(id.values().iter().cloned()))
            }
        }
    }

    /// The id in a key, and the owner if the key has it.
    pub(crate) fn id_and_owner(&self, key: &Key) -> (Key, Option<Uuid>) {
        match key.values() {
            [KeyValue::Uuid(owner), id @ ..] if self.is_owner_in_key() => {
                (Key::of(id.iter().cloned()), Some(*owner))
            }
            _ => (key.clone(), None),
        }
    }

    /// The columns of each unique key that does not contain the primary key.
    pub(crate) fn natural_keys(&self) -> impl Iterator<Item = Vec<usize>> {
        self.natural_rules()
            .filter_map(|rule| self.indexes(rule.columns))
    }

    fn natural_rules(&self) -> impl Iterator<Item = UniqueRule> {
        let rules = self.domain.unique_rules();
        // Several owners may have rows with the same id, if the primary key begins with the owner.
        let key = self.key();
        rules.filter(move |rule| !key.iter().all(|column| rule.columns.contains(column)))
    }

    /// Whether a natural key is over an expression, which the library does not evaluate.
    pub(crate) fn has_expression_key(&self) -> bool {
        self.natural_rules()
            .any(|rule| self.indexes(rule.columns).is_none())
    }

    /// The columns that a caller writes and on which a natural key depends: those in it, and those in its predicate.
    pub(crate) fn key_columns(&self) -> Vec<usize> {
        let depends = |rule: UniqueRule, index: &usize| {
            let key = self.indexes(rule.columns);
            let is_in = key.is_none_or(|key| key.contains(index));
            is_in || rule.predicate_mentions(self.column(*index))
        };
        let mut columns: Vec<usize> = self.user_columns().collect();
        columns.retain(|index| self.natural_rules().any(|rule| depends(rule, index)));
        columns
    }

    /// The positions of columns by their names, as an index lists them; `None` if the record lacks one.
    pub(crate) fn indexes(&self, names: &[&str]) -> Option<Vec<usize>> {
        let index = |name: &&str| {
            let name = column_of(name);
            self.columns.iter().position(|column| *column == name)
        };
        names.iter().map(index).collect()
    }

    /// The columns that a caller writes.
    pub(crate) fn user_columns(&self) -> impl Iterator<Item = usize> {
        self.managed.user_columns(self.columns.len())
    }

    /// The predicate of a visibility, or `None` if it has none or the record has no soft delete.
    pub(crate) fn visible(&self, visibility: Visibility) -> Option<(&'static str, &'static str)> {
        let deleted = self.deleted()?;
        match visibility {
            Visibility::Live => Some((deleted, " IS NULL")),
            Visibility::Deleted => Some((deleted, " IS NOT NULL")),
            Visibility::All => None,
        }
    }
}
