//! What a SeaORM entity says: columns, types, nullability, the primary key, and what it belongs to.

use sea_orm::sea_query::{
    ForeignKeyAction, PostgresQueryBuilder, SqliteQueryBuilder, TableBuilder, TableRef,
};
use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, Identity, Iterable, PrimaryKeyToColumn, RelationDef,
    RelationTrait,
};

use super::finding::Place;
use super::schema::{Column, ForeignKey, Schema, Table};

/// Reads the entity into the schema of its place.
pub fn add<E: EntityTrait>(schema: &mut Schema, place: Place) {
    let name = E::default().table_name().to_owned();
    schema.tables.insert(name, read::<E>(place));
}

fn read<E: EntityTrait>(place: Place) -> Table {
    let columns = E::Column::iter().map(|column| {
        let definition = column.def();
        Column {
            name: column.as_str().to_owned(),
            ty: rendered(place, definition.get_column_type()),
            nullable: definition.is_null(),
            ..Column::default()
        }
    });
    let keys = E::PrimaryKey::iter().map(|key| key.into_column().as_str().to_owned());
    let relations = E::Relation::iter().map(|relation| relation.def());
    let module = std::any::type_name::<E>().trim_end_matches("::Entity");
    Table {
        columns: columns.collect(),
        primary_key: keys.collect(),
        foreign_keys: relations
            // `belongs_to` holds the columns; `has_many` is the same seen from the other end.
            .filter(|relation| !relation.is_owner)
            .map(foreign_key)
            .collect(),
        database: None,
        source: Some(module.to_owned()),
    }
}

/// A column type as SeaORM writes it for the engine of the place.
pub(super) fn rendered(place: Place, ty: &sea_orm::ColumnType) -> String {
    let mut text = String::new();
    match place {
        Place::PostgresEntities | Place::PostgresDatabase => {
            TableBuilder::prepare_column_type(&PostgresQueryBuilder, ty, &mut text);
        }
        Place::SqliteEntities | Place::SqliteDatabase | Place::Domain => {
            TableBuilder::prepare_column_type(&SqliteQueryBuilder, ty, &mut text);
        }
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
        valid: true,
    }
}

fn names(identity: Identity) -> Vec<String> {
    identity.into_iter().map(|name| name.to_string()).collect()
}

fn table(reference: &TableRef) -> String {
    let name = reference.sea_orm_table();
    name.to_string()
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
