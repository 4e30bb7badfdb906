//! Descriptions of tables that are read from the application's code: records, entities, and lists of types.

use sea_orm::{
    ColumnTrait, ColumnType, EntityTrait, IdenStatic, Iterable, ModelTrait, PrimaryKeyToColumn,
    PrimaryKeyTrait, RelationDef, RelationTrait,
};

use super::TableTypes;
use crate::model::engine::Engine;
use crate::model::value::{Value, Variants};

/// The description from one source.
#[derive(Debug)]
pub(crate) enum Description {
    /// A record, or a list of types.
    Table(TableDescription),
    /// An entity of an engine.
    Entity(Engine, EntityDescription),
}

/// A SeaORM entity, without its type.
#[derive(Debug)]
pub(crate) struct EntityDescription {
    pub(crate) table: String,
    /// The Rust module that it is written in.
    pub(crate) module: &'static str,
    pub(crate) columns: Vec<EntityColumn>,
    pub(crate) primary_key: Vec<String>,
    /// Whether SeaORM leaves the key to the database.
    pub(crate) auto_increment: bool,
    pub(crate) relations: Vec<RelationDef>,
}

/// A column of an entity.
#[derive(Debug)]
pub(crate) struct EntityColumn {
    pub(crate) name: String,
    pub(crate) ty: ColumnType,
    pub(crate) nullable: bool,
    /// The Rust type of the values, as SeaORM reports it.
    pub(crate) holds: String,
}

impl EntityDescription {
    pub(crate) fn of<E: EntityTrait>() -> Self {
        let columns = E::Column::iter().map(|column| {
            let definition = column.def();
            EntityColumn {
                name: column.as_str().to_owned(),
                ty: definition.get_column_type().clone(),
                nullable: definition.is_null(),
                holds: format!("{:?}", E::Model::get_value_type(column)),
            }
        });
        let key = E::PrimaryKey::iter().map(|key| key.into_column().as_str().to_owned());
        EntityDescription {
            table: E::default().table_name().to_owned(),
            module: std::any::type_name::<E>().trim_end_matches("::Entity"),
            columns: columns.collect(),
            primary_key: key.collect(),
            auto_increment: E::PrimaryKey::auto_increment(),
            relations: E::Relation::iter().map(|relation| relation.def()).collect(),
        }
    }
}

/// The types of a table's columns.
#[derive(Clone, Debug)]
pub(crate) struct TableDescription {
    pub(crate) table: String,
    /// In the order of the fields.
    pub(crate) columns: Vec<ColumnDescription>,
    /// The part that only a record has.
    pub(crate) record: Option<RecordDescription>,
}

/// A column's type.
#[derive(Clone, Debug)]
pub(crate) struct ColumnDescription {
    pub(crate) name: String,
    /// The name of the logical type in the matrix.
    pub(crate) ty: &'static str,
    pub(crate) nullable: bool,
    /// The default of the draft, if there is a record with one.
    pub(crate) default: Option<Value>,
    /// The stored values of an enum.
    pub(crate) variants: Option<Variants>,
}

/// The name and the managed columns of a record.
#[derive(Clone, Debug)]
pub(crate) struct RecordDescription {
    /// The name of the Rust type.
    pub(crate) name: String,
    /// The columns of the primary key.
    pub(crate) key: Vec<String>,
    pub(crate) owner: Option<String>,
    pub(crate) created: Option<String>,
    pub(crate) updated: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) deleted: Option<String>,
}

impl TableDescription {
    pub(crate) fn by_hand(types: &TableTypes) -> Self {
        let columns = types.columns.iter().map(|column| ColumnDescription {
            name: column.name.to_owned(),
            ty: column.ty,
            nullable: column.nullable,
            default: None,
            variants: None,
        });
        TableDescription {
            table: types.table.to_owned(),
            columns: columns.collect(),
            record: None,
        }
    }

    pub(crate) fn column(&self, name: &str) -> Option<&ColumnDescription> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The name for messages.
    pub(crate) fn name(&self) -> String {
        match &self.record {
            Some(record) => record.name.clone(),
            None => format!("the types of {}", self.table),
        }
    }
}
