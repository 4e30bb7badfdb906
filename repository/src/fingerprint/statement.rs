//! The statements of a fix, and their order among all statements for a database.

/// The step in which a statement runs.
///
/// Readers of an object are dropped before it changes, names come before their uses, extra objects are dropped before
/// missing ones take their names, and each object is created after what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Creates or alters the application's role and its memberships.
    Role,
    /// Drops views, rules and triggers.
    DropReader,
    /// Renames tables and columns.
    Rename,
    /// Changes owners; needs the right table names.
    Owner,
    /// Drops triggers and views of SQLite that are recreated at the end.
    DropDependent,
    DropPolicy,
    DropForeignKey,
    DropCheck,
    /// Drops indexes, unique keys and primary keys.
    DropKey,
    DropTable,
    /// Renames indexes and constraints.
    RenameConstraint,
    /// Creates the new copy of a SQLite table and copies the rows.
    Copy,
    /// Replaces the old SQLite table by the copy.
    Swap,
    DropColumn,
    AlterColumn,
    CreateTable,
    AddColumn,
    AddKey,
    AddIndex,
    AddCheck,
    AddForeignKey,
    /// Sets policies, row level security and privileges.
    AccessControl,
    /// Recreates views and triggers.
    CreateReader,
}

/// An object that a statement creates or drops. A script checks them at its end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Object {
    /// A table, an index, a view or a trigger.
    Named(String),
    Column {
        table: String,
        column: String,
    },
    /// A constraint of Postgres.
    Constraint {
        table: String,
        name: String,
    },
}

/// A SQL statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) phase: Phase,
    pub(crate) sql: String,
    pub(crate) made: Vec<Object>,
    pub(crate) gone: Vec<Object>,
}

impl Statement {
    pub(crate) fn new(phase: Phase, sql: impl Into<String>) -> Self {
        Statement {
            phase,
            sql: sql.into(),
            made: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Records that it creates a table, an index, a view or a trigger.
    #[must_use]
    pub(crate) fn making(mut self, name: &str) -> Self {
        self.made.push(Object::Named(name.to_owned()));
        self
    }

    /// Records that it drops the object of that name.
    #[must_use]
    pub(crate) fn dropping(mut self, name: &str) -> Self {
        self.gone.push(Object::Named(name.to_owned()));
        self
    }

    /// Records that it drops a constraint.
    #[must_use]
    pub(crate) fn dropping_constraint(mut self, table: &str, name: &str) -> Self {
        self.gone.push(Object::Constraint {
            table: table.to_owned(),
            name: name.to_owned(),
        });
        self
    }

    /// Records that it creates a column.
    #[must_use]
    pub(crate) fn making_column(mut self, table: &str, column: &str) -> Self {
        self.made.push(Object::column(table, column));
        self
    }

    /// Records that it drops a column.
    #[must_use]
    pub(crate) fn dropping_column(mut self, table: &str, column: &str) -> Self {
        self.gone.push(Object::column(table, column));
        self
    }
}

impl Object {
    fn column(table: &str, column: &str) -> Self {
        Object::Column {
            table: table.to_owned(),
            column: column.to_owned(),
        }
    }
}
