//! One schema, in the few words that every place has.

use std::collections::BTreeMap;

use super::expression::Condition;

/// What a place has.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Its tables by name.
    pub tables: BTreeMap<String, Table>,
    /// What else is there, and DOMAIN has no word for: triggers and views, as `(table, what)`.
    pub others: Vec<(String, String)>,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns of the primary key, in order.
    pub primary_key: Vec<String>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// What only a database says of a table.
    pub database: Option<DatabaseTable>,
    /// Where a mend has to be made, where that is known: the module of an entity.
    pub source: Option<String>,
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A column. What a place cannot say is `None` on both sides of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as the place writes it.
    pub ty: String,
    /// Its collation, where it has one of its own.
    pub collation: Option<String>,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Its default, normalised.
    pub default: Option<String>,
    /// Whether the database computes it.
    pub generated: bool,
    /// How the place would write the whole column; only on the expected side.
    pub spelling: String,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The constraint's name; entities have none.
    pub name: Option<String>,
    /// The referring columns.
    pub columns: Vec<String>,
    /// The table that is referred to.
    pub references: String,
    /// The columns that are referred to.
    pub referenced_columns: Vec<String>,
    /// `CASCADE`, for example.
    pub on_delete: String,
    /// `NO ACTION`, for example.
    pub on_update: String,
    /// Whether it may be checked at the end of the transaction.
    pub deferrable: bool,
    /// Whether it holds for the rows that were there before it.
    pub valid: bool,
}

/// What only a database says of a table.
#[derive(Clone, Debug, Default)]
pub struct DatabaseTable {
    /// The name of the primary key.
    pub primary_key: Option<String>,
    /// Unique keys over all rows: columns by name.
    pub unique_keys: BTreeMap<String, Vec<String>>,
    /// Indexes that are no constraint, by name.
    pub indexes: BTreeMap<String, Index>,
    /// Checks by name.
    pub checks: BTreeMap<String, Check>,
    /// Whether SQLite holds the table to its types.
    pub strict: Option<bool>,
    /// Who may see a row, on Postgres.
    pub guard: Option<Guard>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its columns in order; with what is unusual about one, such as `date DESC`.
    pub columns: Vec<String>,
    /// Whether two rows may not agree on the columns.
    pub unique: bool,
    /// The predicate of a partial index.
    pub predicate: Option<Condition>,
    /// Anything else about it that is not usual, such as `NULLS NOT DISTINCT`.
    pub unusual: Vec<String>,
}

/// A check constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What holds for every row. On the expected side: what has to follow from it, if anything.
    pub condition: Option<Condition>,
    /// How the place would write that; only on the expected side.
    pub spelling: String,
    /// Whether it holds for the rows that were there before it.
    pub valid: bool,
}

/// Row level security of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Whether it is on.
    pub enabled: bool,
    /// Whether it binds the table's owner too.
    pub forced: bool,
    /// Its policies by name.
    pub policies: BTreeMap<String, Policy>,
    /// What the application's role and PUBLIC may do: `catamaran_app: DELETE, INSERT, SELECT, UPDATE`.
    pub grants: Vec<String>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `PERMISSIVE FOR ALL TO PUBLIC`, for example.
    pub kind: String,
    /// Which rows are seen.
    pub using: Option<Condition>,
    /// Which rows may be written.
    pub with_check: Option<Condition>,
}
