//! Reads a SeaORM entity: columns, types, nullability, primary key and `belongs_to` relations.

use sea_orm::sea_query::{
    ForeignKeyAction, PostgresQueryBuilder, SqliteQueryBuilder, TableBuilder, TableRef,
};
use sea_orm::{ColumnType, Identity, RelationDef};

use super::schema::{Column, ForeignKey, PrimaryKey, Schema, Table};
use crate::model::domain::description::EntityDescription;
use crate::model::engine::Engine;

/// Adds an entity to the schema of its engine.
pub(crate) fn add(schema: &mut Schema, entity: EntityDescription) {
    let engine = schema.engine;
    let columns = entity.columns.into_iter().map(|column| Column {
        name: column.name,
        ty: rendered(engine, &column.ty),
        collation: None,
        nullable: column.nullable,
        default: None,
        generated: None,
        field: String::new(),
        value_type: Some(column.holds),
        copied: None,
    });
    let table = Table {
        columns: columns.collect(),
        primary_key: PrimaryKey {
            name: None,
            columns: entity.primary_key,
            unusual: Vec::new(),
        },
        foreign_keys: entity
            .relations
            .into_iter()
            // `belongs_to` holds the columns; `has_many` is the same relation from the other table.
            .filter(|relation| !relation.is_owner)
            .map(foreign_key)
            .collect(),
        autoincrement: entity.auto_increment,
        source: Some(entity.module.to_owned()),
        ..Table::default()
    };
    schema.tables.insert(entity.table, table);
}

/// A column type as SeaORM writes it for the engine.
pub(crate) fn rendered(engine: Engine, ty: &ColumnType) -> String {
    let mut text = String::new();
    match engine {
        Engine::Postgres => {
            TableBuilder::prepare_column_type(&PostgresQueryBuilder, ty, &mut text);
        }
        Engine::Sqlite => TableBuilder::prepare_column_type(&SqliteQueryBuilder, ty, &mut text),
    }
    text
}

fn foreign_key(relation: RelationDef) -> ForeignKey {
    ForeignKey {
        name: None,
        columns: names(relation.from_col),
        references: table(&relation.to_tbl),
        referenced_columns: names(relation.to_col),
        on_delete: action(relation.on_delete),
        on_update: action(relation.on_update),
        deferrable: false,
        full: false,
        deferred: false,
        valid: true,
        enforced: true,
    }
}

fn names(identity: Identity) -> Vec<String> {
    identity.into_iter().map(|name| name.to_string()).collect()
}

fn table(reference: &TableRef) -> String {
    reference.sea_orm_table().to_string()
}

/// The referential action; SQL's default if the entity sets none.
fn action(action: Option<ForeignKeyAction>) -> String {
    match action {
        None | Some(ForeignKeyAction::NoAction) => "NO ACTION",
        Some(ForeignKeyAction::Restrict) => "RESTRICT",
        Some(ForeignKeyAction::Cascade) => "CASCADE",
        Some(ForeignKeyAction::SetNull) => "SET NULL",
        Some(ForeignKeyAction::SetDefault) => "SET DEFAULT",
        // The enum is non-exhaustive; SQL has no further action today.
        Some(_) => "an unknown action",
    }
    .to_owned()
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
    use sea_orm::sea_query::ValueType;
    use uuid::Uuid;

    use super::*;
    use crate::driver::sqlite::{TextDate, TextId, TextTime, TextTimeOfDay};
    use crate::model::domain::MATRIX;

    /// The column types that SeaORM derives for the fields of the matrix.
    fn derived(name: &str) -> (ColumnType, ColumnType) {
        fn of<S: ValueType, P: ValueType>() -> (ColumnType, ColumnType) {
            (S::column_type(), P::column_type())
        }
        match name {
            "uuid" => of::<TextId, Uuid>(),
            // Set by the attribute of the field, not by its type.
            "text" => (ColumnType::Text, ColumnType::Text),
            "boolean" => of::<bool, bool>(),
            "int2" => of::<i16, i16>(),
            "int4" => of::<i32, i32>(),
            "bigint" => of::<i64, i64>(),
            "real" => of::<f32, f32>(),
            "double" => of::<f64, f64>(),
            "timestamptz" => of::<TextTime, DateTime<Utc>>(),
            "time" => of::<TextTimeOfDay, NaiveTime>(),
            "date" => of::<TextDate, NaiveDate>(),
            "bytes" => of::<Vec<u8>, Vec<u8>>(),
            "json" => (ColumnType::Json, ColumnType::JsonBinary),
            other => panic!("the matrix has a new row: {other}"),
        }
    }

    #[test]
    fn every_field_of_the_matrix_has_the_entity_type_of_the_matrix() {
        for row in MATRIX {
            let (sqlite, postgres) = derived(row.name);
            assert_eq!(
                (
                    rendered(Engine::Sqlite, &sqlite).as_str(),
                    rendered(Engine::Postgres, &postgres).as_str()
                ),
                (row.sqlite.entity, row.postgres.entity),
                "{}",
                row.name
            );
        }
    }
}
