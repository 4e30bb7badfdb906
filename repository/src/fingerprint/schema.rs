//! The canonical schema: one model for DOMAIN, entities and databases.

use std::collections::BTreeMap;

use super::code::Code;
use super::expression::{self, Expression, Node, names};
use super::finding::Part;
use super::fix::Fix;
pub(crate) use super::privileges::{AccessControl, Grant, Membership, Namespace, Policy, Role};
use crate::fingerprint::ident;
use crate::migrate::HistoryTable;
use crate::model::engine::Engine;

/// The schema of a place.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    /// The engine of its types and expressions.
    pub(crate) engine: Engine,
    /// The Postgres schema of its tables.
    pub(crate) namespace: Option<String>,
    /// The table of the migrations, which is none of its tables.
    pub(crate) history: HistoryTable,
    /// Its tables by name.
    pub(crate) tables: BTreeMap<String, Table>,
    /// Other objects, which DOMAIN cannot describe: triggers, views.
    pub(crate) others: Vec<OtherObject>,
    /// The application's role, on Postgres.
    pub(crate) role: Option<Role>,
    /// Names in the Postgres schema that other objects have, with a description of the object.
    pub(crate) taken: BTreeMap<String, String>,
    /// Problems that are findings whatever DOMAIN requires.
    pub(crate) hazards: Vec<Hazard>,
    /// Tables that cannot be read completely, with the reason. They are not compared.
    pub(crate) unread: BTreeMap<String, String>,
}

impl Schema {
    pub(crate) fn new(engine: Engine) -> Self {
        Schema {
            engine,
            namespace: None,
            history: HistoryTable::default(),
            tables: BTreeMap::new(),
            others: Vec::new(),
            role: None,
            taken: BTreeMap::new(),
            hazards: Vec::new(),
            unread: BTreeMap::new(),
        }
    }
}

/// A problem that is a finding without a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hazard {
    pub(crate) code: Code,
    pub(crate) table: String,
    /// The name of the object; empty for the table itself.
    pub(crate) name: String,
    pub(crate) wanted: String,
    pub(crate) found: String,
    pub(crate) fix: Fix,
}

impl Schema {
    /// Whether a table, an index or a key has the name. On Postgres they share one namespace.
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

/// An object that is neither table, index nor constraint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OtherObject {
    /// The table that it belongs to; else its own name.
    pub(crate) table: String,
    /// Its kind as in SQL: `TRIGGER`, `VIEW`.
    pub(crate) kind: String,
    /// Its name.
    pub(crate) name: String,
    /// The statement that creates it; `None` once an earlier fix has changed it.
    pub(crate) sql: Option<String>,
    /// The words of its SQL on SQLite, which resolves names when it runs.
    pub(crate) words: Vec<String>,
    /// The Postgres extension that it belongs to.
    pub(crate) extension: Option<String>,
    /// The foreign key of DOMAIN that needs it; only on the wanted side.
    pub(crate) needed_by: Option<String>,
}

impl OtherObject {
    /// Whether both have the same kind, name and table.
    pub(crate) fn is_same_object(&self, other: &OtherObject) -> bool {
        self.kind == other.kind && self.name == other.name && self.table == other.table
    }

    /// Whether it is the wanted object. What a foreign key needs has the same text, but for spelling.
    pub(crate) fn is_as_wanted(&self, engine: Engine, wanted: &OtherObject) -> bool {
        let words = |of: &OtherObject| {
            let sql = of.sql.as_deref().unwrap_or_default();
            expression::words_and_symbols(engine, sql)
        };
        self.is_same_object(wanted) && (wanted.needed_by.is_none() || words(self) == words(wanted))
    }
}

/// The option of a Postgres table that is not in the write-ahead log and is empty after a crash.
pub(crate) const UNLOGGED: &str = "UNLOGGED";

/// A table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Its columns, in order.
    pub(crate) columns: Vec<Column>,
    /// The primary key; it has no name in entities.
    pub(crate) primary_key: PrimaryKey,
    /// Its foreign keys.
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// Unique constraints.
    pub(crate) unique_keys: Vec<UniqueKey>,
    /// Indexes of their own, by name; those of constraints are not listed.
    pub(crate) indexes: BTreeMap<String, Index>,
    /// Checks.
    pub(crate) checks: Vec<Check>,
    /// Names of checks whose condition DOMAIN does not have; only on the wanted side.
    pub(crate) checks_without_condition: Vec<String>,
    /// `ON CONFLICT` clauses of SQLite.
    pub(crate) conflicts: Vec<Conflict>,
    /// Table options: `STRICT` and `WITHOUT ROWID` on SQLite; `UNLOGGED`, `PARTITIONED` and `INHERITS o.other` on
    /// Postgres.
    pub(crate) options: Vec<String>,
    /// Whether the database generates the key and never reuses a number: `AUTOINCREMENT` on SQLite. In an entity, whether
    /// SeaORM leaves the key to the database. An identity column is [`Generated`] instead.
    pub(crate) autoincrement: bool,
    /// The sequence of the identity column that is the primary key, on Postgres.
    pub(crate) sequence: Option<Sequence>,
    /// The SQL of indexes by name, as SQLite stores and Postgres prints it. It has unusual options that the canonical
    /// form leaves out.
    pub(crate) index_sql: BTreeMap<String, String>,
    /// The SQL of constraints by name, as Postgres prints it.
    pub(crate) constraint_sql: BTreeMap<String, String>,
    /// Row level security and privileges, on Postgres.
    pub(crate) access_control: Option<AccessControl>,
    /// The module of an entity, if known: where a fix goes.
    pub(crate) source: Option<String>,
}

/// The sequence behind a generated key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    /// Its name, as SQL.
    pub(crate) name: String,
    /// Whether the application's role can reserve numbers.
    pub(crate) usable: bool,
    /// The next number; `None` if it is not known.
    pub(crate) next: Option<i64>,
    /// The largest stored key; `None` if there is none, or it is not known.
    pub(crate) largest: Option<i64>,
}

impl Table {
    /// The column of a name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Replaces an index by the one of another table, with its SQL.
    pub(crate) fn put_index(&mut self, name: &str, of: &Table) {
        self.indexes.remove(name);
        self.index_sql.remove(name);
        let index = of.indexes.get(name).cloned();
        self.indexes
            .extend(index.map(|index| (name.to_owned(), index)));
        let sql = of.index_sql.get(name).cloned();
        self.index_sql.extend(sql.map(|sql| (name.to_owned(), sql)));
    }

    /// Whether a key, an index, a check or a computed column uses the column.
    pub(crate) fn uses_column(&self, engine: Engine, column: &str) -> bool {
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

    /// Drops a column with the keys, indexes and checks that use it. Columns computed from it keep their values.
    pub(crate) fn drop_column(&mut self, engine: Engine, column: &str) {
        let is_it = |name: &String| name == column;
        let mentions = |sql: &Expression| sql.mentions(engine, column);
        self.columns.retain(|other| other.name != column);
        for other in &mut self.columns {
            if matches!(&other.generated, Some(Generated::Computed { expression, .. }) if mentions(expression))
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
        self.checks.retain(|check| !mentions(&check.condition));
        self.indexes
            .retain(|_, index| !index.mentions(engine, column));
    }

    /// Renames a column everywhere in the table.
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
        for grant in self
            .access_control
            .iter_mut()
            .flat_map(|access_control| &mut access_control.grants)
        {
            let of_column = |column: &str| format!(" ({})", ident::name(column));
            if let Some(privilege) = grant.privilege.strip_suffix(&of_column(from)) {
                grant.privilege = format!("{privilege}{}", of_column(to));
            }
        }
        for policy in self
            .access_control
            .iter_mut()
            .flat_map(|access_control| access_control.policies.values_mut())
        {
            for condition in [&mut policy.using, &mut policy.with_check] {
                let sql = condition.as_ref();
                *condition = sql.map(|sql| sql.renamed(engine, from, to));
            }
        }
    }
}

/// A column. A property that a place cannot express is equal on both sides of a comparison.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// Its type, as the place writes it; empty if unknown.
    pub(crate) ty: String,
    /// Its collation, if not the default one.
    pub(crate) collation: Option<String>,
    /// Whether it accepts NULL.
    pub(crate) nullable: bool,
    /// Its default.
    pub(crate) default: Option<Expression>,
    /// How the database generates its values, if it does.
    pub(crate) generated: Option<Generated>,
    /// The field as an entity writes it; only on the wanted side.
    pub(crate) field: String,
    /// SeaORM's name for the value type of an entity's field; only where no record proves the type.
    pub(crate) value_type: Option<String>,
    /// What a rebuild copies into it instead of its values, if they have to be converted; only on the wanted side, in SQLite.
    pub(crate) copied: Option<String>,
}

/// How a database generates the values of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Generated {
    /// By a counter: an identity column.
    Identity {
        /// Whether written values are refused.
        is_always: bool,
    },
    /// By an expression over other columns.
    Computed {
        expression: Expression,
        /// Whether the values are stored, rather than computed on each read.
        is_stored: bool,
    },
}

/// The primary key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrimaryKey {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    /// Options that are not the default, such as `DEFERRABLE` or `id COLLATE NOCASE`.
    pub(crate) unusual: Vec<String>,
}

/// A unique constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UniqueKey {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    /// Options that are not the default, such as `NULLS NOT DISTINCT` or `name COLLATE NOCASE`.
    pub(crate) unusual: Vec<String>,
}

/// An `ON CONFLICT` clause of SQLite: breaking the constraint is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// Whether it belongs to a column or to a constraint of the table.
    pub(crate) part: Part,
    /// The name of the column or constraint; the text of a constraint without a name.
    pub(crate) name: String,
    /// The constraint and its clause: `UNIQUE ON CONFLICT REPLACE`.
    pub(crate) clause: String,
}

impl UniqueKey {
    /// Its name; its columns if it has none.
    pub(crate) fn label(&self) -> String {
        let name = self.name.clone();
        name.unwrap_or_else(|| format!("({})", self.columns.join(", ")))
    }
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    /// The constraint's name; `None` in entities.
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    /// The referenced table.
    pub(crate) references: String,
    /// The referenced columns.
    pub(crate) referenced_columns: Vec<String>,
    /// The action, for example `CASCADE`.
    pub(crate) on_delete: String,
    /// The action, for example `NO ACTION`.
    pub(crate) on_update: String,
    /// Whether it can be checked at the end of the transaction.
    pub(crate) deferrable: bool,
    /// Whether a key with some NULL columns is refused: `MATCH FULL`.
    pub(crate) full: bool,
    /// Whether it is checked at the end by default: `INITIALLY DEFERRED`.
    pub(crate) deferred: bool,
    /// Whether the rows that existed before it were checked.
    pub(crate) valid: bool,
    /// Whether it is checked when a row is written.
    pub(crate) enforced: bool,
}

impl ForeignKey {
    /// Its name; its columns if it has none.
    pub(crate) fn label(&self) -> String {
        let name = self.name.clone();
        name.unwrap_or_else(|| self.columns.join(", "))
    }
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    /// Its columns and expressions, in order.
    pub(crate) keys: Vec<Key>,
    /// Whether it is unique.
    pub(crate) unique: bool,
    /// The predicate of a partial index.
    pub(crate) predicate: Option<Expression>,
    /// Options that are not the default, such as `NULLS NOT DISTINCT`.
    pub(crate) unusual: Vec<String>,
}

impl Index {
    /// Whether a key or the predicate names the column.
    pub(crate) fn mentions(&self, engine: Engine, column: &str) -> bool {
        let mentions = |sql: &Expression| sql.mentions(engine, column);
        let mut keys = self.keys.iter();
        keys.any(|key| mentions(&key.expression)) || self.predicate.as_ref().is_some_and(mentions)
    }
}

/// A column or expression of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// A column, or an expression.
    pub(crate) expression: Expression,
    pub(crate) descending: bool,
}

impl Key {
    /// Whether it is a plain column.
    pub(crate) fn is_column(&self) -> bool {
        matches!(self.expression.node(), Node::Column(_))
    }
}

/// A check constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: Option<String>,
    /// The condition that every row meets.
    pub(crate) condition: Expression,
    /// Whether the rows that existed before it were checked.
    pub(crate) valid: bool,
    /// Options that restrict it, such as `NO INHERIT` or `NOT ENFORCED`.
    pub(crate) unusual: Vec<String>,
}
