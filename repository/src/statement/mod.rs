//! The texts of statements, built once per record, dialect and shape.
//!
//! A shape is everything that a text depends on and no value is part of. Building a text and collecting
//! its values are two walks over the same request, kept side by side in each module below.

mod bulk;
mod condition;
mod control;
mod keyset;
mod lexer;
mod select;
mod shape;
mod sql;
mod write;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use sea_orm::{EntityTrait, IdenStatic, Iterable};

pub(crate) use bulk::{Bulk, bulk_insert, bulk_update, chunks, insert_types, update_types};
#[cfg(feature = "migrate")]
pub(crate) use control::leading_control;
pub(crate) use control::{Trace, look_over};
pub(crate) use select::{
    Output, Selection, lock_by_ids, look_up, select, select_by_ids, select_for_update, select_one,
    selection_shape,
};
pub(crate) use shape::Shape;
pub(crate) use sql::{Sql, quoted};
pub(crate) use write::{
    Guard, delete_one, delete_where, insert_one, purge, restore_one, update_one, update_where,
};

use crate::dialect::Text;
use crate::domain::Table;
use crate::query::Visibility;
use crate::record::{ColumnSpec, Managed, Record};

/// How many texts one record keeps. Only filters can make many, and a program has only so many filters.
const MOST_TEXTS: usize = 512;

/// The names and texts of one record in one dialect.
#[derive(Debug)]
pub struct Statements {
    /// The table in the domain.
    pub(crate) domain: &'static Table,
    /// The table's name, as the entity has it.
    pub(crate) table: &'static str,
    /// The columns' names, as the entity has them.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) specs: &'static [ColumnSpec],
    pub(crate) managed: Managed,
    texts: RwLock<HashMap<Shape, Arc<str>>>,
}

impl Statements {
    /// Used by the derive: `columns` are the entity's, in the order of the record's fields.
    #[doc(hidden)]
    pub fn new<R: Record, E: EntityTrait>(columns: &[E::Column]) -> Self {
        debug_assert_eq!(E::Column::iter().count(), columns.len());
        Statements {
            domain: R::TABLE,
            table: E::default().table_name(),
            columns: columns.iter().map(IdenStatic::as_str).collect(),
            specs: R::COLUMNS,
            managed: R::MANAGED,
            texts: RwLock::default(),
        }
    }

    /// The text of that shape, built the first time.
    pub(crate) fn text(&self, shape: Shape, build: impl FnOnce() -> String) -> Text {
        // A poisoned lock only says that a builder panicked; the map itself is whole.
        let known = self
            .texts
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&shape)
            .cloned();
        let sql = known.unwrap_or_else(|| {
            let built: Arc<str> = build().into();
            let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
            if texts.len() < MOST_TEXTS {
                texts.insert(shape, built.clone());
            }
            built
        });
        Text {
            sql,
            table: Some(self.domain),
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

    pub(crate) fn id(&self) -> &'static str {
        self.column(self.managed.id)
    }

    /// The columns that a caller writes.
    pub(crate) fn user_columns(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|index| !self.managed.contains(*index))
    }

    /// The predicate of a visibility; none where the record has no soft delete.
    pub(crate) fn visible(&self, visibility: Visibility) -> Option<(&'static str, &'static str)> {
        let deleted = self.deleted()?;
        match visibility {
            Visibility::Live => Some((deleted, " IS NULL")),
            Visibility::Deleted => Some((deleted, " IS NOT NULL")),
            Visibility::All => None,
        }
    }
}
