//! The domain: one constant that names every table, column, index and constraint.
//!
//! An application defines its [`Domain`] once, as a `const`. Errors name its constraints on both engines, and the
//! doctor compares entities, migrations and live databases with it.

mod access_control;
#[cfg_attr(
    not(feature = "doctor"),
    allow(dead_code, reason = "only the schema checks read it")
)]
pub(crate) mod description;
mod equivalence;
mod numeric;
mod suppression;
#[cfg_attr(
    not(feature = "fingerprint"),
    allow(dead_code, reason = "only the schema checks read it")
)]
mod table_source;
mod unique;

pub use access_control::{Command, Policy, Privilege};
pub use equivalence::{Equivalence, MATRIX, NativeType};
pub use suppression::{Place, Suppression};
pub use table_source::{TableSource, TableTypes, TypedColumn};
use unique::are_same;
pub(crate) use unique::{UniqueRule, column_of};

use std::borrow::Cow;

use crate::model::engine::Engine;

/// Every table of an application.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// The tables, in the order of creation: a parent before its children.
    pub tables: &'static [Table],
    /// The code that describes the tables: records, entities, and column types of tables without a record.
    pub sources: &'static [TableSource],
    /// Types in addition to those of [`MATRIX`]. One with the same name replaces it.
    pub types: &'static [Equivalence],
    /// Intended differences, each with its reason.
    pub suppressions: &'static [Suppression],
}

impl Domain {
    /// An empty domain, for `..Domain::BLANK`.
    pub const BLANK: Domain = Domain {
        tables: &[],
        sources: &[],
        types: &[],
        suppressions: &[],
    };

    /// The table with this name, or `None`.
    pub fn table(&self, name: &str) -> Option<&'static Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The tables on one engine, in the order of the domain.
    pub fn tables_on(&self, engine: Engine) -> impl Iterator<Item = &'static Table> {
        self.tables
            .iter()
            .filter(move |table| table.lives_on(engine))
    }
}

/// One table: its names, keys, constraints and owner.
///
/// Types and nullability are not repeated here. They come from the record and its twins.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The table's name.
    pub name: &'static str,
    /// Its columns, in the order of the table.
    pub columns: &'static [&'static str],
    /// Its primary key.
    pub primary_key: PrimaryKey,
    /// The column with the owner of a row, or `None` for a table without owners.
    pub owner: Option<&'static str>,
    /// The managed columns besides the id and the owner.
    pub managed: ManagedColumns,
    /// The defaults in the database. The library itself always writes every column.
    pub defaults: &'static [ColumnDefault],
    /// Unique keys over all rows.
    pub unique_keys: &'static [UniqueKey],
    /// Indexes, including partial unique ones.
    pub indexes: &'static [Index],
    /// Foreign keys.
    pub foreign_keys: &'static [ForeignKey],
    /// Check constraints.
    pub checks: &'static [Check],
    /// The engines that have the table.
    pub presence: Presence,
    /// The privileges of the application's role on Postgres. No other role has any.
    pub privileges: &'static [Privilege],
    /// Policies on Postgres, in addition to the owner policy.
    pub policies: &'static [Policy],
}

impl Table {
    /// An empty table, for `..Table::BLANK`. It exists on both engines, has no owner, and the application's role may
    /// read and write it.
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

    /// Whether the table exists on an engine.
    pub fn lives_on(&self, engine: Engine) -> bool {
        match self.presence {
            Presence::Both => true,
            Presence::Only { engine: only, .. } => only == engine,
        }
    }

    /// The columns of the unique key, unique index or primary key with this name.
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
            .find(|index| index.unique && are_same(index.columns, columns));
        key.map(|key| key.name).or(index.map(|index| index.name))
    }

    /// The columns of a check, if the domain lists them.
    pub(crate) fn checked_columns(&self, constraint: &str) -> Vec<Cow<'static, str>> {
        let check = self.checks.iter().find(|check| check.name == constraint);
        let columns = check.map_or(&[][..], |check| check.columns);
        columns.iter().map(|column| Cow::from(*column)).collect()
    }

    /// The primary key, the unique keys and the unique indexes: the order in which a violated one is reported.
    pub(crate) fn unique_rules(&self) -> impl Iterator<Item = UniqueRule> {
        let primary = UniqueRule {
            name: self.primary_key.name,
            columns: self.primary_key.columns,
            predicate: None,
        };
        let keys = self.unique_keys.iter().map(|key| UniqueRule {
            name: key.name,
            columns: key.columns,
            predicate: None,
        });
        let indexes = self.indexes.iter().filter(|index| index.unique);
        let indexes = indexes.map(|index| UniqueRule {
            name: index.name,
            columns: index.columns,
            predicate: index.predicate,
        });
        std::iter::once(primary).chain(keys).chain(indexes)
    }

    /// The foreign key with this name.
    pub(crate) fn foreign_key(&self, constraint: &str) -> Option<&'static ForeignKey> {
        self.foreign_keys.iter().find(|key| key.name == constraint)
    }

    /// The columns of the violated key, if a database reports a key with these columns.
    ///
    /// A key that contains the primary key is violated only together with it, and the engines check the two in
    /// different orders. Then the primary key is reported.
    pub(crate) fn violated_key<'c>(&self, columns: &'c [&'c str]) -> &'c [&'c str] {
        let primary = self.primary_key.columns;
        if primary.iter().all(|column| columns.contains(column)) {
            primary
        } else {
            columns
        }
    }
}

/// The engines that have a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Both.
    Both,
    /// One. The doctor's report repeats the reason.
    Only {
        /// The engine.
        engine: Engine,
        /// Why the other engine does not have the table.
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
    /// The index's name, unique in the schema on both engines.
    pub name: &'static str,
    /// Its columns, in order: a name, or an SQL expression with the same meaning on both engines. Ascending, or
    /// followed by ` DESC`: `"user_id"`, `"created_at DESC"`, `"lower(email)"`. It limits the length of its texts, see
    /// [`Table::most_bytes`].
    pub columns: &'static [&'static str],
    /// Whether the index is unique.
    pub unique: bool,
    /// The predicate of a partial index, as SQL with the same meaning on both engines.
    pub predicate: Option<&'static str>,
}

/// A foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: &'static str,
    /// The referencing columns, in order.
    pub columns: &'static [&'static str],
    /// The referenced table.
    pub references: &'static str,
    /// The referenced columns, in the same order.
    pub referenced_columns: &'static [&'static str],
    /// The action on a delete of the parent.
    pub on_delete: Action,
    /// The action on an update of the parent's key.
    pub on_update: Action,
}

/// The action of a foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Fails at the end of the statement.
    NoAction,
    /// Fails immediately.
    Restrict,
    /// Deletes or updates the row as well.
    Cascade,
    /// Sets the referencing columns to NULL.
    SetNull,
}

impl Action {
    /// The SQL keywords.
    pub const fn as_sql(self) -> &'static str {
        match self {
            Action::NoAction => "NO ACTION",
            Action::Restrict => "RESTRICT",
            Action::Cascade => "CASCADE",
            Action::SetNull => "SET NULL",
        }
    }
}

/// The managed columns of a table. A table without one has `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagedColumns {
    /// When the row was inserted.
    pub created: Option<&'static str>,
    /// When the row was last written.
    pub updated: Option<&'static str>,
    /// The counter that every write compares and increments.
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
/// A check that only enforces the type of a column (see [`MATRIX`]) needs no condition here. It is named
/// `ck_<table>__<column>`, or is [`of`](Check::of) that column alone. Any other check states its condition with
/// [`holds`](Check::holds).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// The constraint's name.
    pub name: &'static str,
    /// The engines that have it. A native type may make it unnecessary on one of them.
    pub engines: &'static [Engine],
    /// The columns that an error names. May be empty.
    pub columns: &'static [&'static str],
    /// The condition on SQLite, as SQL. `None` for the check of a type.
    pub sqlite: Option<&'static str>,
    /// The condition on Postgres, as SQL. `None` for the check of a type.
    pub postgres: Option<&'static str>,
}

impl Check {
    /// A check on both engines.
    pub const fn on_both(name: &'static str) -> Self {
        Check {
            name,
            engines: &[Engine::Sqlite, Engine::Postgres],
            columns: &[],
            sqlite: None,
            postgres: None,
        }
    }

    /// A check on SQLite only, such as one for a type that SQLite lacks.
    pub const fn on_sqlite(name: &'static str) -> Self {
        Check {
            engines: &[Engine::Sqlite],
            ..Check::on_both(name)
        }
    }

    /// A check on Postgres only.
    pub const fn on_postgres(name: &'static str) -> Self {
        Check {
            engines: &[Engine::Postgres],
            ..Check::on_both(name)
        }
    }

    /// Sets the columns that an error names.
    #[must_use]
    pub const fn of(self, columns: &'static [&'static str]) -> Self {
        Check { columns, ..self }
    }

    /// Sets the condition, as SQL with the same meaning on both engines.
    #[must_use]
    pub const fn holds(self, condition: &'static str) -> Self {
        Check {
            sqlite: Some(condition),
            postgres: Some(condition),
            ..self
        }
    }

    /// Sets the condition for each engine, if they are written differently.
    #[must_use]
    pub const fn holds_natively(self, sqlite: &'static str, postgres: &'static str) -> Self {
        Check {
            sqlite: Some(sqlite),
            postgres: Some(postgres),
            ..self
        }
    }

    /// The condition on an engine, if the domain states one.
    pub const fn condition(&self, engine: Engine) -> Option<&'static str> {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// The default of a column in the database.
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
    /// An integer, for `int4` and `bigint`.
    Integer(i64),
    /// A boolean: 0 or 1 on SQLite.
    Bool(bool),
    /// A decimal number: 1250 units with two digits behind the point are `12.50`, and 1250 on SQLite.
    Numeric {
        /// The number of units of the last digit.
        units: i64,
        /// How many digits are behind the point.
        scale: u8,
    },
}
