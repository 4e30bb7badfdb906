//! What a domain is made of: the one constant that names every table, column, index and constraint.
//!
//! An application writes a [`Domain`] once, as a `const`. Both entity sets take their table names from
//! it, the schema-sync test compares both migrated databases with it, and errors carry its names on
//! both engines.

use crate::engine::Engine;

/// Every table of an application.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// The tables, in an order in which they can be created: a parent before its children.
    pub tables: &'static [Table],
}

impl Domain {
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
}

impl Table {
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
    /// On one, for a reason that the schema-sync report repeats.
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
    /// Its columns, in order, ascending.
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

/// A check constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// The constraint's name.
    pub name: &'static str,
    /// The engines that need it. What a native type guarantees needs no check.
    pub engines: &'static [Engine],
}

impl Check {
    /// A check that both engines have.
    pub const fn on_both(name: &'static str) -> Self {
        Check {
            name,
            engines: &[Engine::Sqlite, Engine::Postgres],
        }
    }

    /// A check that stands in for a type which SQLite lacks.
    pub const fn on_sqlite(name: &'static str) -> Self {
        Check {
            name,
            engines: &[Engine::Sqlite],
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
