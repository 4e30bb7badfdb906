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

/// What a statement does to tables and their rows, which decides what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Changes roles, privileges or sequences, and no table.
    Beside,
    /// Alters or drops a table, or something of it, without reading its rows.
    Alter,
    CreateTable,
    /// Adds a column that is NOT NULL and has no default.
    AddRequired,
    /// Adds a column that gets a value of its own in each row.
    AddFilled,
    /// Adds a column that is computed from others and stored.
    AddComputed,
    DropColumn,
    SetNotNull,
    /// Changes the type of a column.
    Retype,
    AddKey,
    AddCheck,
    AddForeignKey,
    /// Checks the rows from before a constraint that was NOT VALID.
    Validate,
    AddIndex,
    RenameIndex,
    /// Copies the rows of a table to another one.
    CopyRows,
    /// Writes every row of a table again.
    Rewrite,
}

impl Phase {
    /// The work of its statements, or the most costly of them.
    const fn work(self) -> Work {
        match self {
            Phase::Role | Phase::AccessControl => Work::Beside,
            Phase::DropReader
            | Phase::Rename
            | Phase::Owner
            | Phase::DropDependent
            | Phase::DropPolicy
            | Phase::DropForeignKey
            | Phase::DropCheck
            | Phase::DropKey
            | Phase::DropTable
            | Phase::RenameConstraint
            | Phase::Swap
            | Phase::CreateReader => Work::Alter,
            Phase::Copy => Work::CopyRows,
            Phase::DropColumn => Work::DropColumn,
            Phase::AlterColumn => Work::Rewrite,
            Phase::CreateTable => Work::CreateTable,
            Phase::AddColumn => Work::AddFilled,
            Phase::AddKey => Work::AddKey,
            Phase::AddIndex => Work::AddIndex,
            Phase::AddCheck => Work::AddCheck,
            Phase::AddForeignKey => Work::AddForeignKey,
        }
    }
}

/// A SQL statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) phase: Phase,
    pub(crate) work: Work,
    /// The tables that it is about, by their names after the renames. The first is the one that it creates or alters.
    pub(crate) tables: Vec<String>,
    pub(crate) sql: String,
    pub(crate) made: Vec<Object>,
    pub(crate) gone: Vec<Object>,
}

impl Statement {
    pub(crate) fn new(phase: Phase, sql: impl Into<String>) -> Self {
        Statement {
            phase,
            work: phase.work(),
            tables: Vec::new(),
            sql: sql.into(),
            made: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Sets what it does, if that does not follow from its phase.
    #[must_use]
    pub(crate) fn doing(mut self, work: Work) -> Self {
        self.work = work;
        self
    }

    /// Records a table that it is about. Without one it is about the table of its finding.
    #[must_use]
    pub(crate) fn on(mut self, table: &str) -> Self {
        self.tables.push(table.to_owned());
        self
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
