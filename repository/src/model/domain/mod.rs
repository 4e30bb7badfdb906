//! What a domain is made of: the one constant that names every table, column, index and constraint.
//!
//! An application writes a [`Domain`] once, as a `const`. Both entity sets take their table names from
//! it, the doctor compares entities, migrations and live databases with it, and errors carry its names
//! on both engines.

mod access_control;
#[cfg_attr(
    not(feature = "doctor"),
    allow(dead_code, reason = "only the schema checks read it")
)]
pub(crate) mod description;
mod equivalence;
mod suppression;
#[cfg_attr(
    not(feature = "fingerprint"),
    allow(dead_code, reason = "only the schema checks read it")
)]
mod table_source;

pub use access_control::{Command, Policy, Privilege};
pub use equivalence::{Equivalence, MATRIX, NativeType};
pub use suppression::{Place, Suppression};
pub use table_source::{TableSource, TableTypes, TypedColumn};

use std::borrow::Cow;

use crate::model::engine::Engine;
use crate::model::value::{MAX_BYTES, Type};

/// Every table of an application.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// The tables, in an order in which they can be created: a parent before its children.
    pub tables: &'static [Table],
    /// What the application's code says of the tables: records, entities, and the column types of tables without a
    /// record.
    pub sources: &'static [TableSource],
    /// Types beside those of [`MATRIX`], or in their place.
    pub types: &'static [Equivalence],
    /// Differences that are meant, each with its reason.
    pub suppressions: &'static [Suppression],
}

impl Domain {
    /// Nothing: for `..Domain::BLANK` behind what a domain does say.
    pub const BLANK: Domain = Domain {
        tables: &[],
        sources: &[],
        types: &[],
        suppressions: &[],
    };

    /// The table of that name, or `None`.
    pub fn table(&self, name: &str) -> Option<&'static Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The tables that exist on one engine, in the order of the domain.
    pub fn tables_on(&self, engine: Engine) -> impl Iterator<Item = &'static Table> {
        self.tables
            .iter()
            .filter(move |table| table.lives_on(engine))
    }
}

/// One table: its names, its keys, and who owns its rows.
///
/// Types and nullability are not repeated here: they are those of the record and its twins.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The table's name.
    pub name: &'static str,
    /// Its columns, in the order of the table.
    pub columns: &'static [&'static str],
    /// Its primary key.
    pub primary_key: PrimaryKey,
    /// The column that says who owns a row; `None` for a table that belongs to nobody.
    pub owner: Option<&'static str>,
    /// The columns that the library writes by itself, besides the id and the owner.
    pub managed: ManagedColumns,
    /// The defaults that the database declares. The library always writes every column.
    pub defaults: &'static [ColumnDefault],
    /// Unique keys over all rows.
    pub unique_keys: &'static [UniqueKey],
    /// Indexes, unique ones with a predicate included.
    pub indexes: &'static [Index],
    /// Foreign keys.
    pub foreign_keys: &'static [ForeignKey],
    /// Check constraints.
    pub checks: &'static [Check],
    /// Where the table lives.
    pub presence: Presence,
    /// What the application's role may do to the table on Postgres; nobody else may do anything.
    pub privileges: &'static [Privilege],
    /// Policies on Postgres, beside the one that holds a table to its owner.
    pub policies: &'static [Policy],
}

impl Table {
    /// A table of which nothing is said: for `..Table::BLANK` behind what is. It lives on both engines, belongs
    /// to nobody, and the application's role may read and write it.
    pub const BLANK: Table = Table {
        name: "",
        columns: &[],
        primary_key: PrimaryKey {
            name: "",
            columns: &[],
        },
        owner: None,
        managed: ManagedColumns::NONE,
        defaults: &[],
        unique_keys: &[],
        indexes: &[],
        foreign_keys: &[],
        checks: &[],
        presence: Presence::Both,
        privileges: Privilege::ALL,
        policies: &[],
    };

    /// Whether the table exists on that engine.
    pub fn lives_on(&self, engine: Engine) -> bool {
        match self.presence {
            Presence::Both => true,
            Presence::Only { engine: only, .. } => only == engine,
        }
    }

    /// The columns of a unique key, a unique index or the primary key, by the constraint's name.
    pub fn unique_columns(&self, constraint: &str) -> Option<&'static [&'static str]> {
        if self.primary_key.name == constraint {
            return Some(self.primary_key.columns);
        }
        let key = self.unique_keys.iter().find(|key| key.name == constraint);
        let index = self
            .indexes
            .iter()
            .find(|index| index.unique && index.name == constraint);
        key.map(|key| key.columns)
            .or(index.map(|index| index.columns))
    }

    /// The name of the unique key, unique index or primary key over exactly these columns.
    pub fn unique_name(&self, columns: &[&str]) -> Option<&'static str> {
        if self.primary_key.columns == columns {
            return Some(self.primary_key.name);
        }
        let key = self.unique_keys.iter().find(|key| key.columns == columns);
        let index = self
            .indexes
            .iter()
            .find(|index| index.unique && index.columns == columns);
        key.map(|key| key.name).or(index.map(|index| index.name))
    }

    /// The most bytes that a text or a byte string may have in the column: [`MAX_BYTES`], or less where an index
    /// of the table has the column. `ty` tells the type of each column.
    ///
    /// A row of a B-tree index of Postgres has at most 2704 bytes, whether the server can compress it or not
    /// being the data's affair; what is longer is refused there (SQLSTATE 54000) and would be taken by SQLite.
    /// The texts of one index share what its other columns leave.
    pub fn most_bytes(&self, column: &str, ty: impl Fn(&str) -> Option<Type>) -> usize {
        let keys = [self.primary_key.columns].into_iter();
        let keys = keys
            .chain(self.unique_keys.iter().map(|key| key.columns))
            .chain(self.indexes.iter().map(|index| index.columns));
        let plain = |text: &'static str| text.strip_suffix(" DESC").unwrap_or(text);
        let keys = keys.map(|columns| columns.iter().map(|text| plain(text)));
        keys.filter(|columns| columns.clone().any(|name| name == column))
            .map(|columns| index_share(columns.filter_map(&ty)))
            .fold(MAX_BYTES, usize::min)
    }

    /// The columns that a check is about, as far as the domain says.
    pub(crate) fn checked_columns(&self, constraint: &str) -> Vec<Cow<'static, str>> {
        let check = self.checks.iter().find(|check| check.name == constraint);
        let columns = check.map_or(&[][..], |check| check.columns);
        columns.iter().map(|column| Cow::from(*column)).collect()
    }

    /// The foreign key of that name.
    pub(crate) fn foreign_key(&self, constraint: &str) -> Option<&'static ForeignKey> {
        self.foreign_keys.iter().find(|key| key.name == constraint)
    }

    /// The columns of the key that is broken where a database names a key with these.
    ///
    /// A key that contains the primary key's columns is broken only together with it, and which of the
    /// two a database looks at first is its own affair: it is the primary key that is told.
    pub(crate) fn broken_key<'c>(&self, columns: &'c [&'c str]) -> &'c [&'c str] {
        let primary = self.primary_key.columns;
        if primary.iter().all(|column| columns.contains(column)) {
            primary
        } else {
            columns
        }
    }
}

/// On which engines a table exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// On both.
    Both,
    /// On one, for a reason that the doctor's report repeats.
    Only {
        /// The one engine.
        engine: Engine,
        /// Why the other has no such table.
        reason: &'static str,
    },
}

/// A primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrimaryKey {
    /// The constraint's name.
    pub name: &'static str,
    /// Its columns, in order.
    pub columns: &'static [&'static str],
}

/// A unique key over all rows, deleted ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniqueKey {
    /// The constraint's name.
    pub name: &'static str,
    /// Its columns, in order.
    pub columns: &'static [&'static str],
}

/// An index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// The index's name, which is unique in the schema on both engines.
    pub name: &'static str,
    /// Its columns, in order. A name, or an expression as SQL that both engines read alike; ascending, or
    /// with ` DESC` behind it: `"user_id"`, `"created_at DESC"`, `"lower(email)"`.
    pub columns: &'static [&'static str],
    /// Whether two rows may not agree on the columns.
    pub unique: bool,
    /// The predicate of a partial index, as SQL that both engines read alike.
    pub predicate: Option<&'static str>,
}

/// A foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: &'static str,
    /// The referring columns, in order.
    pub columns: &'static [&'static str],
    /// The table that is referred to.
    pub references: &'static str,
    /// The columns that are referred to, in the same order.
    pub referenced_columns: &'static [&'static str],
    /// What happens to the row when its parent is deleted.
    pub on_delete: Action,
    /// What happens to the row when its parent's key changes.
    pub on_update: Action,
}

/// What a foreign key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Refuse, at the end of the statement.
    NoAction,
    /// Refuse at once.
    Restrict,
    /// Follow the parent.
    Cascade,
    /// Forget the parent.
    SetNull,
}

impl Action {
    /// The action as SQL writes it.
    pub const fn as_sql(self) -> &'static str {
        match self {
            Action::NoAction => "NO ACTION",
            Action::Restrict => "RESTRICT",
            Action::Cascade => "CASCADE",
            Action::SetNull => "SET NULL",
        }
    }
}

/// The columns of a table that the library writes by itself. What a table lacks is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagedColumns {
    /// When the row was inserted.
    pub created: Option<&'static str>,
    /// When the row was last written.
    pub updated: Option<&'static str>,
    /// The counter that every write compares and bumps.
    pub version: Option<&'static str>,
    /// When the row was soft-deleted.
    pub deleted: Option<&'static str>,
}

impl ManagedColumns {
    /// None of them.
    pub const NONE: ManagedColumns = ManagedColumns {
        created: None,
        updated: None,
        version: None,
        deleted: None,
    };

    /// `created_at`, `updated_at`, `version` and `deleted_at`.
    pub const ALL: ManagedColumns = ManagedColumns {
        created: Some("created_at"),
        updated: Some("updated_at"),
        version: Some("version"),
        deleted: Some("deleted_at"),
    };
}

/// A check constraint.
///
/// What the type of a column needs (see [`MATRIX`]) is known; such a check is called
/// `ck_<table>__<column>`, or is [`of`](Check::of) that column alone, and needs no condition here. What any other check demands is said with
/// [`holds`](Check::holds).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// The constraint's name.
    pub name: &'static str,
    /// The engines that need it. What a native type guarantees needs no check.
    pub engines: &'static [Engine],
    /// The columns that it is about, which an error then names; empty where nothing is said.
    pub columns: &'static [&'static str],
    /// What it demands on SQLite, as SQL; `None` for what the type of its column needs.
    pub sqlite: Option<&'static str>,
    /// What it demands on Postgres.
    pub postgres: Option<&'static str>,
}

impl Check {
    /// A check that both engines have.
    pub const fn on_both(name: &'static str) -> Self {
        Check {
            name,
            engines: &[Engine::Sqlite, Engine::Postgres],
            columns: &[],
            sqlite: None,
            postgres: None,
        }
    }

    /// A check that stands in for a type which SQLite lacks.
    pub const fn on_sqlite(name: &'static str) -> Self {
        Check {
            engines: &[Engine::Sqlite],
            ..Check::on_both(name)
        }
    }

    /// A check that SQLite has no need of.
    pub const fn on_postgres(name: &'static str) -> Self {
        Check {
            engines: &[Engine::Postgres],
            ..Check::on_both(name)
        }
    }

    /// The columns that the check is about.
    #[must_use]
    pub const fn of(self, columns: &'static [&'static str]) -> Self {
        Check { columns, ..self }
    }

    /// What it demands on every engine that it is on, as SQL that both read alike.
    #[must_use]
    pub const fn holds(self, condition: &'static str) -> Self {
        Check {
            sqlite: Some(condition),
            postgres: Some(condition),
            ..self
        }
    }

    /// What it demands, where each engine has its own words for it.
    #[must_use]
    pub const fn holds_natively(self, sqlite: &'static str, postgres: &'static str) -> Self {
        Check {
            sqlite: Some(sqlite),
            postgres: Some(postgres),
            ..self
        }
    }

    /// What it demands on an engine, if the domain says so.
    pub const fn condition(&self, engine: Engine) -> Option<&'static str> {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// A default that the database declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnDefault {
    /// The column.
    pub column: &'static str,
    /// Its default.
    pub value: DefaultValue,
}

/// A constant default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// A text.
    Text(&'static str),
    /// A whole number, `int4` and `bigint` alike.
    Integer(i64),
    /// A boolean, which SQLite writes as 0 or 1.
    Bool(bool),
}

/// How many bytes each column of varying length may have in an index over columns of these types.
fn index_share(types: impl Iterator<Item = Type>) -> usize {
    // BTMaxItemSize of nbtree.h for pages of 8 KiB, and the header with its bitmap of NULLs.
    const ROW: usize = 2704 - 16;
    // A length of four bytes, and what may be left out before it to align it.
    const LENGTH: usize = 8;
    let (mut fixed, mut varying) = (0, 0);
    for ty in types {
        match ty {
            Type::Text | Type::Bytes => varying += 1,
            Type::Uuid => fixed += 16,
            // Eight with what aligns the next.
            Type::Bool | Type::Int | Type::BigInt | Type::Double | Type::Timestamp | Type::Date => {
                fixed += 8;
            }
        }
    }
    let left = ROW.saturating_sub(fixed);
    (left / varying.max(1)).saturating_sub(LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_an_index_share_what_the_other_columns_leave() {
        assert_eq!(index_share([Type::Text].into_iter()), 2680);
        assert_eq!(index_share([Type::Uuid, Type::Text].into_iter()), 2664);
        let three = [Type::Text, Type::Date, Type::Text];
        assert_eq!(index_share(three.into_iter()), 1332);
    }
}
