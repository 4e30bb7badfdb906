//! The new table with all of its names, made of what the arguments ask for and of the tables that exist.

use heck::{ToShoutySnakeCase, ToUpperCamelCase};

use super::names;
use super::request::{BelongsTo, Field, Owner, Request, singular};
use super::types::{ColumnType, Preset};
use crate::fingerprint::described::Described;
use crate::fingerprint::requirements::check_name;
use crate::model::domain::description::{Description, RecordDescription, TableDescription};
use crate::model::domain::{Domain, Presence, Table};
use crate::model::engine::Engine;

/// The variant of `Action` of a foreign key that has no other one.
pub(super) const NO_ACTION: &str = "NoAction";

/// The owner's column, if no other table has one.
const OWNER: &str = "user_id";

/// The new table.
#[derive(Debug)]
pub(super) struct NewTable {
    pub(super) record: String,
    pub(super) module: String,
    pub(super) name: String,
    /// The name of its constant: `HABIT_ENTRIES`.
    pub(super) constant: String,
    /// All columns, in order.
    pub(super) columns: Vec<NewColumn>,
    pub(super) owner: Option<String>,
    pub(super) soft_delete: bool,
    pub(super) unique_keys: Vec<Key>,
    pub(super) unique_indexes: Vec<Key>,
    pub(super) indexes: Vec<Key>,
    pub(super) foreign_keys: Vec<Reference>,
}

#[derive(Debug)]
pub(super) struct NewColumn {
    pub(super) name: String,
    pub(super) ty: ColumnType,
    pub(super) nullable: bool,
    pub(super) default: Option<Preset>,
    /// The mark in the record of a column that the library writes.
    pub(super) mark: Option<&'static str>,
    /// The comment in the record. Those of the caller's columns are left to the caller.
    pub(super) doc: Option<String>,
}

/// A key or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

impl Key {
    fn new(prefix: &str, table: &str, columns: Vec<String>) -> Self {
        let name = format!("{prefix}_{table}__{}", columns.join("_"));
        Key { name, columns }
    }
}

/// A foreign key.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) key: Key,
    /// The column that names the parent.
    pub(super) column: String,
    pub(super) nullable: bool,
    pub(super) parent: &'static Table,
    pub(super) parent_columns: Vec<String>,
    /// The parent's module of entities.
    pub(super) parent_module: String,
    /// The variant of SeaORM's relation.
    pub(super) variant: String,
    /// The variant of `Action`.
    pub(super) on_delete: &'static str,
    /// A unique key that the parent lacks, for the foreign key to reference.
    pub(super) missing: Option<Key>,
}

impl NewTable {
    /// Names everything. The error says what cannot be.
    pub(super) fn of(request: Request, domain: &Domain) -> Result<Self, String> {
        if domain.table(&request.table).is_some() {
            return Err(format!("DOMAIN has a table {} already", request.table));
        }
        let described = Described::by(domain);
        let taken = |table: &&TableDescription| {
            table
                .record
                .as_ref()
                .is_some_and(|record| record_name(record) == request.record)
        };
        if let Some(table) = described.tables.iter().find(taken) {
            return Err(format!(
                "there is a record {} already, of {}",
                request.record, table.table
            ));
        }
        let owner = match request.owner {
            None => None,
            Some(Owner::Named(column)) => Some(column),
            Some(Owner::AsElsewhere) => {
                let elsewhere = domain.tables.iter().rev().find_map(|table| table.owner);
                Some(elsewhere.unwrap_or(OWNER).to_owned())
            }
        };
        let mut table = NewTable {
            constant: request.table.to_shouty_snake_case(),
            record: request.record,
            module: request.module,
            name: request.table,
            columns: Vec::new(),
            owner,
            soft_delete: request.soft_delete,
            unique_keys: Vec::new(),
            unique_indexes: Vec::new(),
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
        };
        table.add_columns(request.fields, domain, &described)?;
        table.add_keys(request.unique, request.indexes)?;
        table.check_names(domain)?;
        Ok(table)
    }

    fn add_columns(
        &mut self,
        fields: Vec<Field>,
        domain: &Domain,
        described: &Described,
    ) -> Result<(), String> {
        let uuid = || ColumnType::of_row("uuid");
        let managed = [
            (
                "created_at",
                "timestamptz",
                false,
                "created",
                "When the row was inserted.",
            ),
            (
                "updated_at",
                "timestamptz",
                false,
                "updated",
                "When the row was last written.",
            ),
            (
                "version",
                "bigint",
                false,
                "version",
                "How often the row was written, counted from 1.",
            ),
            (
                "deleted_at",
                "timestamptz",
                true,
                "deleted",
                "When the row was soft-deleted; `None` while it is live.",
            ),
        ];
        self.mark("id", uuid(), false, "id", "The id.");
        if let Some(owner) = self.owner.clone() {
            self.mark(&owner, uuid(), false, "owner", "The owner of the row.");
        }
        for field in fields {
            match field {
                Field::BelongsTo(parent) => self.add_parent(parent, domain, described)?,
                Field::Column(column) => {
                    self.add(NewColumn {
                        name: column.name,
                        ty: column.ty,
                        nullable: column.nullable,
                        default: column.default,
                        mark: None,
                        doc: None,
                    })?;
                }
            }
        }
        for (name, row, nullable, mark, doc) in managed {
            if mark != "deleted" || self.soft_delete {
                self.mark(name, ColumnType::of_row(row), nullable, mark, doc);
            }
        }
        Ok(())
    }

    /// Adds a column that the library writes.
    fn mark(
        &mut self,
        name: &str,
        ty: Option<ColumnType>,
        nullable: bool,
        mark: &'static str,
        doc: &str,
    ) {
        self.columns.extend(ty.map(|ty| NewColumn {
            name: name.to_owned(),
            ty,
            nullable,
            default: None,
            mark: Some(mark),
            doc: Some(doc.to_owned()),
        }));
    }

    fn add(&mut self, column: NewColumn) -> Result<(), String> {
        match self.columns.iter().any(|other| other.name == column.name) {
            true => Err(format!("the column {} is there twice", column.name)),
            false => {
                self.columns.push(column);
                Ok(())
            }
        }
    }

    fn add_parent(
        &mut self,
        request: BelongsTo,
        domain: &Domain,
        described: &Described,
    ) -> Result<(), String> {
        let Some(parent) = domain.table(&request.table) else {
            return Err(format!(
                "belongs_to:{}: DOMAIN has no such table",
                request.table
            ));
        };
        if parent.presence != Presence::Both {
            return Err(format!(
                "belongs_to:{}: only one engine has the table",
                parent.name
            ));
        }
        let with_owner = self.owner.is_some() && parent.owner.is_some();
        let own_key: Vec<&str> = parent
            .primary_key
            .columns
            .iter()
            .copied()
            .filter(|column| !(with_owner && Some(*column) == parent.owner))
            .collect();
        let [parent_id] = own_key[..] else {
            return Err(format!(
                "belongs_to:{}: its key has several columns; write that foreign key by hand",
                parent.name
            ));
        };
        let row = described
            .table(parent.name)
            .and_then(|table| table.column(parent_id));
        let Some(ty) = row.and_then(|column| ColumnType::of_row(column.ty)) else {
            return Err(format!(
                "belongs_to:{}: the type of {parent_id} is not one of those that this command writes",
                parent.name
            ));
        };
        let column = request
            .column
            .unwrap_or_else(|| format!("{}_{parent_id}", singular(parent.name)));
        names::sql("column", &column)?;
        let is_owner = self.owner.as_ref() == Some(&column);
        if !is_owner {
            let whose = match request.nullable {
                true => "if it has one",
                false if with_owner => "which has the same owner",
                false => "to which it belongs",
            };
            self.add(NewColumn {
                doc: Some(format!("The {}, {whose}.", words(&singular(parent.name)))),
                name: column.clone(),
                ty,
                nullable: request.nullable,
                default: None,
                mark: None,
            })?;
        }
        // The owner in the key keeps a row and its parent with the same owner.
        let owners = match (&self.owner, parent.owner) {
            (Some(own), Some(parents)) if !is_owner => Some((own.clone(), parents)),
            _ => None,
        };
        let (mut columns, mut parent_columns) = (Vec::new(), Vec::new());
        if let Some((own, parents)) = &owners {
            columns.push(own.clone());
            parent_columns.push((*parents).to_owned());
        }
        columns.push(column.clone());
        parent_columns.push(parent_id.to_owned());
        let referenced: Vec<&str> = parent_columns.iter().map(String::as_str).collect();
        let missing = match parent.unique_name(&referenced) {
            Some(_) => None,
            None => Some(Key::new("uq", parent.name, parent_columns.clone())),
        };
        let on_delete = match (request.nullable, &owners) {
            (false, _) => "Cascade",
            // It would set the owner to NULL as well, which both engines refuse.
            (true, Some(_)) => NO_ACTION,
            (true, None) => "SetNull",
        };
        let parent_module = entity_module(domain, parent.name)?;
        let variant = column
            .strip_suffix("_id")
            .unwrap_or(&column)
            .to_upper_camel_case();
        self.foreign_keys.push(Reference {
            key: Key::new("fk", &self.name, columns),
            column,
            nullable: request.nullable,
            parent,
            parent_columns,
            parent_module,
            variant,
            on_delete,
            missing,
        });
        Ok(())
    }

    fn add_keys(
        &mut self,
        unique: Vec<Vec<String>>,
        indexes: Vec<Vec<String>>,
    ) -> Result<(), String> {
        // Children reference a row together with its owner, and the rows of an owner are found by it.
        if let Some(owner) = &self.owner {
            let columns = vec![owner.clone(), "id".to_owned()];
            self.unique_keys.push(Key::new("uq", &self.name, columns));
        }
        for columns in unique {
            let key = Key::new("uq", &self.name, self.with_owner("unique", columns)?);
            match self.soft_delete {
                // A deleted row does not keep its values from others.
                true => self.unique_indexes.push(key),
                false => self.unique_keys.push(key),
            }
        }
        for columns in indexes {
            let columns = self.with_owner("index", columns)?;
            self.indexes.push(Key::new("ix", &self.name, columns));
        }
        // Without an index, the engine reads the whole table when a parent is deleted.
        for reference in &self.foreign_keys {
            let columns = &reference.key.columns;
            let covering = self.unique_keys.iter().chain(&self.indexes);
            if !covering
                .into_iter()
                .any(|key| key.columns.starts_with(columns))
            {
                self.indexes
                    .push(Key::new("ix", &self.name, columns.clone()));
            }
        }
        Ok(())
    }

    /// The columns of a key. The owner comes first, so that an owner's rows clash only with their own.
    fn with_owner(&self, kind: &str, columns: Vec<String>) -> Result<Vec<String>, String> {
        let argument = format!("{kind}:{}", columns.join(","));
        for (at, column) in columns.iter().enumerate() {
            let Some(known) = self.columns.iter().find(|known| known.name == *column) else {
                return Err(format!("{argument}: the table has no column {column}"));
            };
            if !known.ty.has_order() {
                return Err(format!(
                    "{argument}: JSON has no order, so {column} cannot be in a key"
                ));
            }
            if columns[..at].contains(column) {
                return Err(format!("{argument}: {column} is there twice"));
            }
        }
        let owner = self
            .owner
            .iter()
            .filter(|owner| !columns.contains(owner))
            .cloned();
        Ok(owner.chain(columns.iter().cloned()).collect())
    }

    fn check_names(&self, domain: &Domain) -> Result<(), String> {
        let keys = self
            .unique_keys
            .iter()
            .chain(&self.unique_indexes)
            .chain(&self.indexes);
        let keys = keys.chain(self.foreign_keys.iter().map(|reference| &reference.key));
        let mut all: Vec<String> = keys.map(|key| key.name.clone()).collect();
        all.extend([format!("pk_{}", self.name), format!("owner_{}", self.name)]);
        all.extend(self.checks());
        if let Some(twice) = (1..all.len()).find(|at| all[..*at].contains(&all[*at])) {
            return Err(format!(
                "two constraints would have the name {}",
                all[twice]
            ));
        }
        let of_parents = self
            .foreign_keys
            .iter()
            .filter_map(|reference| reference.missing.as_ref());
        all.extend(of_parents.map(|key| key.name.clone()));
        all.iter()
            .try_for_each(|name| names::short("constraint", name))?;
        let taken = |name: &str| {
            domain.tables.iter().any(|table| {
                table.unique_columns(name).is_some() || table.indexes.iter().any(|i| i.name == name)
            })
        };
        match all.iter().find(|name| taken(name)) {
            Some(name) => Err(format!("DOMAIN has a key or an index {name} already")),
            None => Ok(()),
        }
    }

    /// The names of the checks that the columns need.
    fn checks(&self) -> impl Iterator<Item = String> {
        let needs_one = |column: &&NewColumn| {
            // `version` counts from 1, which its type does not say.
            column.mark == Some("version")
                || Engine::ALL
                    .iter()
                    .any(|engine| column.ty.has_check(*engine))
        };
        let columns = self.columns.iter().filter(needs_one);
        columns.map(|column| check_name(&self.name, &column.name))
    }

    /// The name of the type of a column, if it is an enum.
    pub(super) fn enum_name(&self, column: &NewColumn) -> String {
        format!("{}{}", self.record, column.name.to_upper_camel_case())
    }

    /// The columns that a draft needs.
    pub(super) fn required(&self) -> impl Iterator<Item = &NewColumn> {
        self.columns
            .iter()
            .filter(|column| column.mark.is_none() && !column.nullable && column.default.is_none())
    }
}

/// The module of a table's entities, below those of the engines.
fn entity_module(domain: &Domain, table: &str) -> Result<String, String> {
    let described = domain.sources.iter().flat_map(|source| source.describe());
    let module = described
        .into_iter()
        .find_map(|description| match description {
            Description::Entity(Engine::Sqlite, entity) if entity.table == table => {
                let (_, module) = entity.module.split_once("::sqlite::")?;
                Some(module.to_owned())
            }
            _ => None,
        });
    module.ok_or_else(|| {
        format!("belongs_to:{table}: its entities are not in modules of their own below sqlite and postgres")
    })
}

/// The name of a record without its path.
pub(super) fn record_name(record: &RecordDescription) -> &str {
    record.name.rsplit("::").next().unwrap_or(&record.name)
}

/// A name in the words of a comment: `due_on` is `due on`.
pub(super) fn words(name: &str) -> String {
    name.replace('_', " ")
}
