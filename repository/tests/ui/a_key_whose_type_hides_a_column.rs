#[macro_use]
mod notes;

use catamaran::Record;
use uuid::Uuid;

/// An entity by hand, which says that its key is one value and gives it two columns.
mod sqlite {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            "notes"
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveModel, DeriveActiveModel)]
    pub struct Model {
        pub id: TextId,
        pub title: String,
        pub done: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        Id,
        Title,
        Done,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        Id,
        Title,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = TextId;

        fn auto_increment() -> bool {
            false
        }
    }

    impl ColumnTrait for Column {
        type EntityName = Entity;

        fn def(&self) -> ColumnDef {
            ColumnType::Text.def()
        }
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = sqlite, postgres = notes::postgres)]
struct Note {
    #[record(id)]
    id: Uuid,
    title: String,
    done: bool,
}

fn main() {}
