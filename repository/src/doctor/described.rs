//! What the application's code says: records, entities, and shapes by hand.

use sea_orm::EntityTrait;

use super::entity;
use super::schema::Schema;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::backend::Stored;
use crate::domain::model::Describe;
use crate::domain::{Domain, Model, Shape};
use crate::engine::Engine;
use crate::record::Record;
use crate::value::Value;

/// What was read of an application's code.
#[derive(Clone, Debug)]
pub struct Described {
    pub(super) tables: Vec<TableShape>,
    pub(super) sqlite: Schema,
    pub(super) postgres: Schema,
}

impl Described {
    pub(super) fn by(domain: &Domain) -> Self {
        let mut described = Described {
            tables: Vec::new(),
            sqlite: Schema::new(Engine::Sqlite),
            postgres: Schema::new(Engine::Postgres),
        };
        for model in domain.models {
            described.add(*model);
        }
        described
    }

    /// A later one of the same table takes the place of an earlier one.
    pub(super) fn add(&mut self, model: Model) {
        match model.describe {
            Describe::Code(describe) => describe(self),
            Describe::Shape(shape) => self.put(TableShape::by_hand(shape)),
        }
    }

    pub(super) fn entities(&self, engine: Engine) -> &Schema {
        match engine {
            Engine::Sqlite => &self.sqlite,
            Engine::Postgres => &self.postgres,
        }
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn record<R: Stored>(&mut self) {
        self.put(TableShape::of::<R>());
        #[cfg(feature = "sqlite")]
        self.sqlite_entity::<<R as crate::record::Twin<crate::sqlite::Sqlite>>::Entity>();
        #[cfg(feature = "postgres")]
        self.postgres_entity::<<R as crate::record::Twin<crate::postgres::Postgres>>::Entity>();
    }

    pub(crate) fn sqlite_entity<E: EntityTrait>(&mut self) {
        entity::add::<E>(&mut self.sqlite);
    }

    pub(crate) fn postgres_entity<E: EntityTrait>(&mut self) {
        entity::add::<E>(&mut self.postgres);
    }

    fn put(&mut self, shape: TableShape) {
        self.tables.retain(|other| other.table != shape.table);
        self.tables.push(shape);
    }

    pub(super) fn table(&self, name: &str) -> Option<&TableShape> {
        self.tables.iter().find(|shape| shape.table == name)
    }
}

/// The types of a table's columns.
#[derive(Clone, Debug)]
pub(super) struct TableShape {
    pub(super) table: String,
    /// In the order of the fields.
    pub(super) columns: Vec<ColumnShape>,
    /// What only a record says.
    pub(super) record: Option<RecordShape>,
}

/// A column's type.
#[derive(Clone, Debug)]
pub(super) struct ColumnShape {
    pub(super) name: String,
    /// The name of the logical type in the matrix.
    pub(super) ty: &'static str,
    pub(super) nullable: bool,
    /// The draft's default, where there is a record that has one.
    pub(super) default: Option<Value>,
}

/// What a record says beside its columns.
#[derive(Clone, Debug)]
pub(super) struct RecordShape {
    /// What it is called.
    pub(super) name: String,
    pub(super) id: String,
    pub(super) owner: Option<String>,
    pub(super) created: Option<String>,
    pub(super) updated: Option<String>,
    pub(super) version: Option<String>,
    pub(super) deleted: Option<String>,
}

impl TableShape {
    fn of<R: Record>() -> Self {
        let columns = R::COLUMNS.iter().map(|spec| ColumnShape {
            name: spec.field.to_owned(),
            ty: spec.ty.name(),
            nullable: spec.nullable,
            default: spec.default.map(|default| default()),
        });
        let field = |index: usize| R::COLUMNS[index].field.to_owned();
        TableShape {
            table: R::TABLE.name.to_owned(),
            columns: columns.collect(),
            record: Some(RecordShape {
                name: std::any::type_name::<R>().to_owned(),
                id: field(R::MANAGED.id),
                owner: R::MANAGED.owner.map(field),
                created: R::MANAGED.created.map(field),
                updated: R::MANAGED.updated.map(field),
                version: R::MANAGED.version.map(field),
                deleted: R::MANAGED.deleted.map(field),
            }),
        }
    }

    fn by_hand(shape: &Shape) -> Self {
        let columns = shape.columns.iter().map(|column| ColumnShape {
            name: column.name.to_owned(),
            ty: column.ty,
            nullable: column.nullable,
            default: None,
        });
        TableShape {
            table: shape.table.to_owned(),
            columns: columns.collect(),
            record: None,
        }
    }

    pub(super) fn column(&self, name: &str) -> Option<&ColumnShape> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// What the shape is called.
    pub(super) fn name(&self) -> String {
        match &self.record {
            Some(record) => record.name.clone(),
            None => format!("the shape of {}", self.table),
        }
    }
}
