//! One schema, in the few words that every place has.

use std::collections::BTreeMap;

use super::code::Code;
use super::expression::{Expression, Node, names};
use super::finding::Part;
use super::fix::Fix;
pub(crate) use super::privileges::{AccessControl, Grant, Membership, Namespace, Policy, Role};
use crate::fingerprint::ident;
use crate::model::engine::Engine;

/// What a place has.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    /// Whose types and expressions these are.
    pub(crate) engine: Engine,
    /// The schema of Postgres in which its tables are.
    pub(crate) namespace: Option<String>,
    /// Its tables by name.
    pub(crate) tables: BTreeMap<String, Table>,
    /// What else is there, and DOMAIN has no word for: triggers, views.
    pub(crate) others: Vec<OtherObject>,
    /// The application's role, on Postgres.
    pub(crate) role: Option<Role>,
    /// Names of Postgres that something else has, and what that is.
    pub(crate) taken: BTreeMap<String, String>,
    /// What is wrong by itself, whatever DOMAIN says.
    pub(crate) hazards: Vec<Hazard>,
    /// Tables of which something cannot be read, and why: nothing is said of them.
    pub(crate) unread: BTreeMap<String, String>,
}

impl Schema {
    pub(crate) fn new(engine: Engine) -> Self {
        Schema {
            engine,
            namespace: None,
            tables: BTreeMap::new(),
            others: Vec::new(),
            role: None,
            taken: BTreeMap::new(),
            hazards: Vec::new(),
            unread: BTreeMap::new(),
        }
    }
}

/// Something that no database should have: a finding that needs no comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hazard {
    pub(crate) code: Code,
    pub(crate) table: String,
    /// What it is about; empty for the table itself.
    pub(crate) name: String,
    pub(crate) wanted: String,
    pub(crate) found: String,
    pub(crate) fix: Fix,
}

impl Schema {
    /// Whether a table, an index or a key has the name: on Postgres they share their names.
    pub(crate) fn has_named(&self, name: &str) -> bool {
        self.tables.iter().any(|(table, of)| {
            let mut keys = of.unique_keys.iter().map(|key| &key.name);
            table == name
                || of.indexes.contains_key(name)
                || of.primary_key.name.as_deref() == Some(name)
                || keys.any(|key| key.as_deref() == Some(name))
        })
    }
}

/// A trigger, a view, and the like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OtherObject {
    /// The table that it belongs to, or its own name.
    pub(crate) table: String,
    /// `TRIGGER`, `VIEW`.
    pub(crate) kind: String,
    /// Its name.
    pub(crate) name: String,
    /// How the database makes it again; none once a fix that runs before has changed that text.
    pub(crate) sql: Option<String>,
    /// The names in it, as far as SQLite goes by its text.
    pub(crate) words: Vec<String>,
    /// The extension of Postgres that it was put into.
    pub(crate) extension: Option<String>,
}

impl OtherObject {
    /// Whether it has the kind and the name of the other.
    pub(crate) fn is_it(&self, other: &OtherObject) -> bool {
        self.kind == other.kind && self.name == other.name && self.table == other.table
    }
}

/// The option of a table whose rows are not in Postgres's log, and are gone after a crash.
pub(crate) const UNLOGGED: &str = "UNLOGGED";

/// A table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Its columns, in order.
    pub(crate) columns: Vec<Column>,
    /// The primary key; entities have no name for it.
    pub(crate) primary_key: PrimaryKey,
    /// Its foreign keys.
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// Unique keys over all rows.
    pub(crate) unique_keys: Vec<UniqueKey>,
    /// Indexes that are no constraint, by name.
    pub(crate) indexes: BTreeMap<String, Index>,
    /// Checks.
    pub(crate) checks: Vec<Check>,
    /// Checks of which DOMAIN has the name alone; only on the expected side.
    pub(crate) unsaid: Vec<String>,
    /// What SQLite does by itself with a row that breaks a constraint.
    pub(crate) conflicts: Vec<Conflict>,
    /// What the table is beside its columns: `STRICT` and `WITHOUT ROWID` on SQLite, `UNLOGGED`, `PARTITIONED`,
    /// `INHERITS o.other` on Postgres.
    pub(crate) options: Vec<String>,
    /// Whether SQLite gives no number of a row a second time: `AUTOINCREMENT`.
    pub(crate) autoincrement: bool,
    /// How SQLite was told to make its indexes, and how Postgres prints them, by name: their canonical form leaves out
    /// what is not usual.
    pub(crate) index_sql: BTreeMap<String, String>,
    /// How Postgres prints its constraints, by name, for the same reason.
    pub(crate) constraint_sql: BTreeMap<String, String>,
    /// Who may see a row, on Postgres.
    pub(crate) guard: Option<AccessControl>,
    /// Where a fix has to be made, where that is known: the module of an entity.
    pub(crate) source: Option<String>,
}

impl Table {
    /// The column of that name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Puts an index of another table here, in the words that it has there.
    pub(crate) fn put_index(&mut self, name: &str, of: &Table) {
        self.indexes.remove(name);
        self.index_sql.remove(name);
        let index = of.indexes.get(name).cloned();
        self.indexes
            .extend(index.map(|index| (name.to_owned(), index)));
        let sql = of.index_sql.get(name).cloned();
        self.index_sql.extend(sql.map(|sql| (name.to_owned(), sql)));
    }

    /// Whether a key, an index, a check or another column stands on the column.
    pub(crate) fn stands_on(&self, engine: Engine, column: &str) -> bool {
        let mut without = self.clone();
        without.drop_column(engine, column);
        let others = self.columns.iter().filter(|other| other.name != column);
        let are_computed = others.filter(|other| other.generated.is_some()).count();
        let are_still = without.columns.iter();
        let are_still = are_still.filter(|other| other.generated.is_some()).count();
        without.primary_key != self.primary_key
            || without.unique_keys != self.unique_keys
            || without.foreign_keys != self.foreign_keys
            || without.indexes != self.indexes
            || without.checks != self.checks
            || are_still != are_computed
    }

    /// Takes a column away, and what stands on it. What was computed from it keeps the values that it has.
    pub(crate) fn drop_column(&mut self, engine: Engine, column: &str) {
        let is_it = |name: &String| name == column;
        let is_about = |sql: &Expression| sql.is_about(engine, column);
        self.columns.retain(|other| other.name != column);
        for other in &mut self.columns {
            if matches!(&other.generated, Some(Generated::Computed { expression, .. }) if is_about(expression))
            {
                other.generated = None;
            }
        }
        self.autoincrement &= !self.primary_key.columns.iter().any(is_it);
        self.primary_key.columns.retain(|name| !is_it(name));
        self.unique_keys
            .retain(|key| !key.columns.iter().any(is_it));
        self.foreign_keys
            .retain(|key| !key.columns.iter().any(is_it));
        self.checks.retain(|check| !is_about(&check.condition));
        self.indexes
            .retain(|_, index| !index.is_about(engine, column));
    }

    /// Gives a column another name, wherever the table says it.
    pub(crate) fn rename_column(&mut self, engine: Engine, from: &str, to: &str) {
        let rename = |names: &mut Vec<String>| {
            for name in names.iter_mut().filter(|name| *name == from) {
                to.clone_into(name);
            }
        };
        for column in &mut self.columns {
            if column.name == from {
                to.clone_into(&mut column.name);
            }
            if let Some(Generated::Computed { expression, .. }) = &mut column.generated {
                *expression = expression.renamed(engine, from, to);
            }
        }
        rename(&mut self.primary_key.columns);
        self.unique_keys
            .iter_mut()
            .for_each(|key| rename(&mut key.columns));
        self.foreign_keys
            .iter_mut()
            .for_each(|key| rename(&mut key.columns));
        for conflict in &mut self.conflicts {
            if conflict.part == Part::Column && conflict.name == from {
                to.clone_into(&mut conflict.name);
            }
        }
        for check in &mut self.checks {
            check.condition = check.condition.renamed(engine, from, to);
        }
        for index in self.indexes.values_mut() {
            for key in &mut index.keys {
                key.expression = key.expression.renamed(engine, from, to);
            }
            let predicate = index.predicate.as_ref();
            index.predicate = predicate.map(|sql| sql.renamed(engine, from, to));
        }
        for sql in self.index_sql.values_mut() {
            *sql = names::with_column_renamed(sql, from, to);
        }
        for grant in self.guard.iter_mut().flat_map(|guard| &mut guard.grants) {
            let of_column = |column: &str| format!(" ({})", ident::name(column));
            if let Some(privilege) = grant.privilege.strip_suffix(&of_column(from)) {
                grant.privilege = format!("{privilege}{}", of_column(to));
            }
        }
        for policy in self
            .guard
            .iter_mut()
            .flat_map(|guard| guard.policies.values_mut())
        {
            for condition in [&mut policy.using, &mut policy.with_check] {
                let sql = condition.as_ref();
                *condition = sql.map(|sql| sql.renamed(engine, from, to));
            }
        }
    }
}

/// A column. What a place cannot say is the same on both sides of the comparison.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// Its type, as the place writes it; empty where none is known.
    pub(crate) ty: String,
    /// Its collation, where it has one of its own.
    pub(crate) collation: Option<String>,
    /// Whether it takes NULL.
    pub(crate) nullable: bool,
    /// Its default.
    pub(crate) default: Option<Expression>,
    /// How the database fills it by itself.
    pub(crate) generated: Option<Generated>,
    /// How an entity would write the field; only on the expected side.
    pub(crate) field: String,
    /// What the field of an entity holds, as SeaORM calls it; only of entities, where the record does not say it.
    pub(crate) holds: Option<String>,
}

/// How a database fills a column by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Generated {
    /// By counting.
    Identity {
        /// Whether a value that is written is refused.
        is_always: bool,
    },
    /// From other columns.
    Computed {
        expression: Expression,
        /// Whether the values are kept, and not computed whenever they are read.
        is_stored: bool,
    },
}

/// The primary key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrimaryKey {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    /// `DEFERRABLE`, `id COLLATE NOCASE`, and the like.
    pub(crate) unusual: Vec<String>,
}

/// A unique key over all rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UniqueKey {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    /// `DEFERRABLE`, `NULLS NOT DISTINCT`, `name COLLATE NOCASE`, and the like.
    pub(crate) unusual: Vec<String>,
}

/// A constraint that is broken without an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// Whether a column says it, or a constraint of the table.
    pub(crate) part: Part,
    /// The column; the constraint, by its name or by its words.
    pub(crate) name: String,
    /// `UNIQUE ON CONFLICT REPLACE`.
    pub(crate) clause: String,
}

impl UniqueKey {
    /// Its name, or its columns where it has none.
    pub(crate) fn called(&self) -> String {
        let name = self.name.clone();
        name.unwrap_or_else(|| format!("({})", self.columns.join(", ")))
    }
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    /// The constraint's name; entities have none.
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    /// The table that is referred to.
    pub(crate) references: String,
    /// The columns that are referred to.
    pub(crate) referenced_columns: Vec<String>,
    /// `CASCADE`, for example.
    pub(crate) on_delete: String,
    /// `NO ACTION`, for example.
    pub(crate) on_update: String,
    /// Whether it may be checked at the end of the transaction.
    pub(crate) deferrable: bool,
    /// Whether a key that is NULL in part is refused: `MATCH FULL`.
    pub(crate) full: bool,
    /// Whether it is, unless a transaction says otherwise.
    pub(crate) deferred: bool,
    /// Whether it holds for the rows that were there before it.
    pub(crate) valid: bool,
    /// Whether it is checked when a row is written.
    pub(crate) enforced: bool,
}

impl ForeignKey {
    /// Its name, or its columns where it has none.
    pub(crate) fn called(&self) -> String {
        let name = self.name.clone();
        name.unwrap_or_else(|| self.columns.join(", "))
    }
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    /// What it sorts by, in order.
    pub(crate) keys: Vec<Key>,
    /// Whether two rows may not agree on the columns.
    pub(crate) unique: bool,
    /// The predicate of a partial index.
    pub(crate) predicate: Option<Expression>,
    /// Anything else about it that is not usual, such as `NULLS NOT DISTINCT`.
    pub(crate) unusual: Vec<String>,
}

impl Index {
    /// Whether it sorts by the column, or counts rows by it.
    pub(crate) fn is_about(&self, engine: Engine, column: &str) -> bool {
        let is_about = |sql: &Expression| sql.is_about(engine, column);
        let mut keys = self.keys.iter();
        keys.any(|key| is_about(&key.expression)) || self.predicate.as_ref().is_some_and(is_about)
    }
}

/// A part of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// A column, or an expression.
    pub(crate) expression: Expression,
    pub(crate) descending: bool,
}

impl Key {
    /// Whether it is a column, and no expression.
    pub(crate) fn is_column(&self) -> bool {
        matches!(self.expression.node(), Node::Column(_))
    }
}

/// A check constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: Option<String>,
    /// What holds for every row.
    pub(crate) condition: Expression,
    /// Whether it holds for the rows that were there before it.
    pub(crate) valid: bool,
    /// `NO INHERIT`, `NOT ENFORCED`: for which rows it does not hold.
    pub(crate) unusual: Vec<String>,
}
