//! Domains as values: a small one, and changes of it.

use catamaran::Engine;
use catamaran::domain::{
    Action, Check, ColumnDefault, DefaultValue, Domain, ForeignKey, Index, ManagedColumns, Place,
    PrimaryKey, Suppression, Table, TableSource, TableTypes, TypedColumn, UniqueKey,
};

/// A domain, before it is leaked as a constant.
#[derive(Clone, Default)]
pub struct Sketch {
    pub tables: Vec<TableSketch>,
    pub suppressions: Vec<Suppression>,
}

#[derive(Clone)]
pub struct TableSketch {
    pub name: &'static str,
    pub columns: Vec<TypedColumn>,
    pub key: Vec<&'static str>,
    pub owner: Option<&'static str>,
    pub managed: ManagedColumns,
    pub defaults: Vec<ColumnDefault>,
    pub unique_keys: Vec<UniqueKey>,
    pub indexes: Vec<Index>,
    pub foreign_keys: Vec<ForeignKey>,
    pub checks: Vec<Check>,
}

/// Two tables, users and notes.
pub fn base() -> Sketch {
    let users = TableSketch {
        columns: vec![
            TypedColumn::new("id", "uuid"),
            TypedColumn::new("name", "text"),
        ],
        ..table("users")
    };
    let notes = TableSketch {
        columns: vec![
            TypedColumn::new("id", "uuid"),
            TypedColumn::new("author", "uuid"),
            TypedColumn::new("title", "text"),
            TypedColumn::nullable("body", "text"),
            TypedColumn::new("kind", "text"),
            TypedColumn::new("size", "int4"),
            TypedColumn::nullable("due", "timestamptz"),
        ],
        checks: vec![
            Check::on_both("ck_notes__title").holds("length(title) BETWEEN 1 AND 64"),
            Check::on_both("ck_notes__kind").holds("kind IN ('list', 'text')"),
        ],
        ..table("notes")
    };
    Sketch {
        tables: vec![users, notes],
        suppressions: Vec::new(),
    }
}

/// A table with the key `id` and no columns yet.
pub fn table(name: &'static str) -> TableSketch {
    TableSketch {
        name,
        columns: Vec::new(),
        key: vec!["id"],
        owner: None,
        managed: ManagedColumns::NONE,
        defaults: Vec::new(),
        unique_keys: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
    }
}

pub const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index {
        name,
        columns,
        unique: false,
        predicate: None,
    }
}

pub const fn unique(name: &'static str, columns: &'static [&'static str]) -> UniqueKey {
    UniqueKey { name, columns }
}

pub const fn default(column: &'static str, value: DefaultValue) -> ColumnDefault {
    ColumnDefault { column, value }
}

/// The key of the author of a note.
pub const fn author(on_delete: Action) -> ForeignKey {
    ForeignKey {
        name: "fk_notes__author",
        columns: &["author"],
        references: "users",
        referenced_columns: &["id"],
        on_delete,
        on_update: Action::NoAction,
    }
}

impl Sketch {
    pub fn table(&mut self, name: &str) -> &mut TableSketch {
        let mut tables = self.tables.iter_mut();
        tables
            .find(|table| table.name == name)
            .expect("a table of the sketch")
    }

    pub fn notes(&mut self) -> &mut TableSketch {
        self.table("notes")
    }

    /// Keeps an object of the database that DOMAIN cannot describe.
    pub fn keep(&mut self, code: &'static str, subject: &'static str) {
        let keep = Engine::ALL.map(|engine| Suppression {
            code,
            place: Place::Migrations(engine),
            subject,
            reason: "an object of the application's own",
        });
        self.suppressions.extend(keep);
    }

    /// The domain as a constant.
    pub fn domain(self) -> &'static Domain {
        let sources = self.tables.iter().map(|table| {
            TableSource::types(Box::leak(Box::new(TableTypes {
                table: table.name,
                columns: table.columns.clone().leak(),
            })))
        });
        let sources: Vec<TableSource> = sources.collect();
        let tables: Vec<Table> = self.tables.into_iter().map(TableSketch::leaked).collect();
        Box::leak(Box::new(Domain {
            tables: tables.leak(),
            sources: sources.leak(),
            suppressions: self.suppressions.leak(),
            ..Domain::BLANK
        }))
    }
}

impl TableSketch {
    pub fn add(&mut self, column: TypedColumn) {
        self.columns.push(column);
    }

    pub fn remove(&mut self, column: &str) {
        self.columns.retain(|other| other.name != column);
    }

    pub fn replace(&mut self, column: &str, by: TypedColumn) {
        let mut columns = self.columns.iter_mut();
        let found = columns.find(|other| other.name == column);
        *found.expect("a column of the sketch") = by;
    }

    /// Replaces the condition of a check, which may be new.
    pub fn check(&mut self, name: &'static str, condition: &'static str) {
        self.checks.retain(|check| check.name != name);
        self.checks.push(Check::on_both(name).holds(condition));
    }

    fn leaked(self) -> Table {
        let columns: Vec<&'static str> = self.columns.iter().map(|column| column.name).collect();
        Table {
            name: self.name,
            columns: columns.leak(),
            primary_key: PrimaryKey {
                name: format!("pk_{}", self.name).leak(),
                columns: self.key.leak(),
            },
            owner: self.owner,
            managed: self.managed,
            defaults: self.defaults.leak(),
            unique_keys: self.unique_keys.leak(),
            indexes: self.indexes.leak(),
            foreign_keys: self.foreign_keys.leak(),
            checks: self.checks.leak(),
            ..Table::BLANK
        }
    }
}
