//! What a SeaORM entity says: columns, types, nullability, the primary key, and what it belongs to.

use sea_orm::sea_query::{
    ForeignKeyAction, PostgresQueryBuilder, SqliteQueryBuilder, TableBuilder, TableRef,
};
use sea_orm::{
    ColumnTrait, ColumnType, EntityTrait, IdenStatic, Identity, Iterable, ModelTrait,
    PrimaryKeyToColumn, RelationDef, RelationTrait,
};

use super::schema::{Column, ForeignKey, PrimaryKey, Schema, Table};
use crate::engine::Engine;

/// Reads the entity into the schema of its engine.
pub(super) fn add<E: EntityTrait>(schema: &mut Schema) {
    let name = E::default().table_name().to_owned();
    let table = read::<E>(schema.engine);
    schema.tables.insert(name, table);
}

fn read<E: EntityTrait>(engine: Engine) -> Table {
    let columns = E::Column::iter().map(|column| {
        let definition = column.def();
        Column {
            name: column.as_str().to_owned(),
            ty: rendered(engine, definition.get_column_type()),
            collation: None,
            nullable: definition.is_null(),
            default: None,
            generated: None,
            field: String::new(),
            holds: Some(format!("{:?}", E::Model::get_value_type(column))),
        }
    });
    let keys = E::PrimaryKey::iter().map(|key| key.into_column().as_str().to_owned());
    let relations = E::Relation::iter().map(|relation| relation.def());
    let module = std::any::type_name::<E>().trim_end_matches("::Entity");
    Table {
        columns: columns.collect(),
        primary_key: PrimaryKey {
            name: None,
            columns: keys.collect(),
            unusual: Vec::new(),
        },
        foreign_keys: relations
            // `belongs_to` holds the columns; `has_many` is the same seen from the other end.
            .filter(|relation| !relation.is_owner)
            .map(foreign_key)
            .collect(),
        source: Some(module.to_owned()),
        ..Table::default()
    }
}

/// A column type as SeaORM writes it for the engine.
pub(super) fn rendered(engine: Engine, ty: &ColumnType) -> String {
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

/// What is left out is SQL's own default.
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
    use chrono::{DateTime, NaiveDate, Utc};
    use sea_orm::sea_query::ValueType;
    use uuid::Uuid;

    use super::*;
    use crate::domain::MATRIX;
    use crate::sqlite::{TextDate, TextId, TextTime};

    /// The column types of the fields that the matrix names, as SeaORM derives them.
    fn derived(name: &str) -> (ColumnType, ColumnType) {
        fn of<S: ValueType, P: ValueType>() -> (ColumnType, ColumnType) {
            (S::column_type(), P::column_type())
        }
        match name {
            "uuid" => of::<TextId, Uuid>(),
            // By the attribute.
            "text" => (ColumnType::Text, ColumnType::Text),
            "boolean" => of::<bool, bool>(),
            "int2" => of::<i16, i16>(),
            "int4" => of::<i32, i32>(),
            "bigint" => of::<i64, i64>(),
            "double" => of::<f64, f64>(),
            "timestamptz" => of::<TextTime, DateTime<Utc>>(),
            "date" => of::<TextDate, NaiveDate>(),
            "bytes" => of::<Vec<u8>, Vec<u8>>(),
            "json" => (ColumnType::Json, ColumnType::JsonBinary),
            other => panic!("the matrix has a new row: {other}"),
        }
    }

    #[test]
    fn a_field_of_another_native_type_is_told_of_a_table_without_a_record() {
        use super::super::{Code, Doctor};
        use crate::domain::{Domain, Model, PrimaryKey as Key, Shape, ShapeColumn, Table};

        mod counter {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = "counters")]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false, column_type = "BigInteger")]
                pub id: i32,
                pub count: i64,
            }

            #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }

        static DOMAIN: Domain = Domain {
            tables: &[Table {
                name: "counters",
                columns: &["id", "count"],
                primary_key: Key {
                    name: "pk_counters",
                    columns: &["id"],
                },
                ..Table::BLANK
            }],
            models: &[
                Model::shape(&Shape {
                    table: "counters",
                    columns: &[
                        ShapeColumn::new("id", "bigint"),
                        ShapeColumn::new("count", "bigint"),
                    ],
                }),
                Model::sqlite::<counter::Entity>(),
                Model::postgres::<counter::Entity>(),
            ],
            ..Domain::BLANK
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let report = runtime
            .expect("a runtime")
            .block_on(Doctor::new(&DOMAIN).check());
        let told: Vec<_> = report
            .findings
            .iter()
            .map(|finding| (finding.code, finding.subject()))
            .collect();
        let id = (Code::ColumnType, "counters.id".to_owned());
        assert_eq!(told, [id.clone(), id], "{report}");
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
