//! What is wrong, where, and how to mend it.

use std::fmt;

use catamaran::Engine;

/// Where a schema is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// DOMAIN, with the records.
    Domain,
    /// The entities of SQLite.
    SqliteEntities,
    /// The entities of Postgres.
    PostgresEntities,
    /// What the migrations build on SQLite.
    SqliteDatabase,
    /// What the migrations build on Postgres.
    PostgresDatabase,
}

impl Place {
    /// The engine of the place; DOMAIN has none.
    pub fn engine(self) -> Option<Engine> {
        match self {
            Place::Domain => None,
            Place::SqliteEntities | Place::SqliteDatabase => Some(Engine::Sqlite),
            Place::PostgresEntities | Place::PostgresDatabase => Some(Engine::Postgres),
        }
    }

    /// Whether it is a real database.
    pub fn is_database(self) -> bool {
        matches!(self, Place::SqliteDatabase | Place::PostgresDatabase)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Domain => "DOMAIN and the records",
            Place::SqliteEntities => "the SQLite entities",
            Place::PostgresEntities => "the Postgres entities",
            Place::SqliteDatabase => "the migrated SQLite database",
            Place::PostgresDatabase => "the migrated Postgres database",
        })
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The table itself.
    Table,
    /// A column.
    Column,
    /// The primary key.
    PrimaryKey,
    /// A unique key over all rows.
    UniqueKey,
    /// An index.
    Index,
    /// A foreign key.
    ForeignKey,
    /// A check.
    Check,
    /// Row level security.
    RowSecurity,
    /// A policy.
    Policy,
    /// Privileges.
    Grant,
    /// Something DOMAIN has no word for.
    Other,
}

/// What about it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// It is not there.
    Missing,
    /// It is there, and nobody asked for it.
    Extra,
    /// It is called something else.
    Name,
    /// It stands elsewhere.
    Order,
    /// Another type, or a table that is not held to its types.
    Type,
    /// Another collation.
    Collation,
    /// NULL is taken by one side only.
    Nullability,
    /// Another default.
    Default,
    /// Computed, or otherwise not as usual.
    Unusual,
    /// Other columns.
    Columns,
    /// Unique on one side only.
    Unique,
    /// Another predicate.
    Predicate,
    /// Another table or other columns are referred to.
    References,
    /// Another action when the parent is deleted.
    OnDelete,
    /// Another action when the parent's key changes.
    OnUpdate,
    /// Deferrable on one side only.
    Deferrable,
    /// Rows that were there before it were never looked at.
    NotValid,
    /// Lets more pass than it must.
    Weaker,
    /// Off.
    Off,
}

/// One difference.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which place differs from DOMAIN and the records.
    pub place: Place,
    /// The table.
    pub table: String,
    /// What it is about.
    pub part: Part,
    /// The column or constraint; empty for the table itself.
    pub name: String,
    /// What about it.
    pub aspect: Aspect,
    /// What DOMAIN and the records say.
    pub wanted: String,
    /// What the place says.
    pub found: String,
    /// How to mend it.
    pub mend: Mend,
}

/// How to mend a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    /// Statements for a new migration, in order.
    Sql(Vec<String>),
    /// What somebody has to write.
    Words(String),
}

impl fmt::Display for Mend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mend::Sql(statements) => write!(f, "in a new migration: {};", statements.join("; ")),
            Mend::Words(words) => f.write_str(words),
        }
    }
}

impl Finding {
    /// `habits.color`, or `habits: ix_habits__user_id_updated_at`.
    pub fn subject(&self) -> String {
        match (self.part, self.name.as_str()) {
            (_, "") => self.table.clone(),
            (Part::Column, name) => format!("{}.{name}", self.table),
            (_, name) => format!("{}: {name}", self.table),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            place,
            part,
            aspect,
            wanted,
            found,
            mend,
            ..
        } = self;
        let subject = self.subject();
        let other = match place {
            Place::Domain => "they say",
            _ => "it says",
        };
        writeln!(f, "{place}: {subject} ({part:?}, {aspect:?})")?;
        writeln!(f, "    wanted:  {wanted}")?;
        writeln!(f, "    {other}: {found}")?;
        write!(f, "    to mend: {mend}")
    }
}

/// The findings for a person.
pub fn report(findings: &[Finding]) -> String {
    let mut text = format!("the schema is out of sync, {} finding(s):", findings.len());
    for finding in findings {
        text.push_str("\n\n");
        text.push_str(&finding.to_string());
    }
    text
}
