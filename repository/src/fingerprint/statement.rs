//! One statement of a fix, and when its turn is among those of a whole database.

/// When a statement has its turn. What reads a thing goes before the thing changes, names come before whatever uses
/// them, what is too much goes before what is missing takes its name, and each thing is made after what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The application's role, and what it is a member of.
    Role,
    /// Views, rules and triggers go.
    DropReader,
    /// Tables and columns get their names.
    Rename,
    /// Tables get another owner, which needs their right names.
    Owner,
    /// Triggers and views of SQLite go, to be made again at the end.
    DropDependent,
    DropPolicy,
    DropForeignKey,
    DropCheck,
    /// Indexes, unique and primary keys go.
    DropKey,
    DropTable,
    /// Indexes and constraints get their names.
    RenameConstraint,
    /// A table of SQLite is made anew beside the old one, and its rows are copied.
    Copy,
    /// The copy takes the place of the old table.
    Swap,
    DropColumn,
    AlterColumn,
    CreateTable,
    AddColumn,
    AddKey,
    AddIndex,
    AddCheck,
    AddForeignKey,
    /// Policies, row level security, privileges.
    AccessControl,
    /// Views and triggers are made again.
    CreateReader,
}

/// A thing that a statement makes or takes away: what a script looks for at its end.
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

/// A statement.
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

    /// The same, after which a table, an index, a view or a trigger of that name is there.
    #[must_use]
    pub(crate) fn making(mut self, name: &str) -> Self {
        self.made.push(Object::Named(name.to_owned()));
        self
    }

    /// The same, after which nothing has that name.
    #[must_use]
    pub(crate) fn dropping(mut self, name: &str) -> Self {
        self.gone.push(Object::Named(name.to_owned()));
        self
    }

    /// The same, after which the table has no constraint of that name.
    #[must_use]
    pub(crate) fn dropping_constraint(mut self, table: &str, name: &str) -> Self {
        self.gone.push(Object::Constraint {
            table: table.to_owned(),
            name: name.to_owned(),
        });
        self
    }

    /// The same, after which the table has the column.
    #[must_use]
    pub(crate) fn making_column(mut self, table: &str, column: &str) -> Self {
        self.made.push(Object::column(table, column));
        self
    }

    /// The same, after which the table has no such column.
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
