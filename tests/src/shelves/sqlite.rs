//! The entities of SQLite.

pub mod room {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rooms")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        pub user_id: TextId,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod shelf {
    use catamaran::sqlite::{TextId, TextTime};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "shelves")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        pub user_id: TextId,
        pub room_id: Option<TextId>,
        pub above_id: Option<TextId>,
        pub deleted_at: Option<TextTime>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::room::Entity",
            from = "(Column::UserId, Column::RoomId)",
            to = "(super::room::Column::UserId, super::room::Column::Id)",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        Room,
        #[sea_orm(
            belongs_to = "Entity",
            from = "(Column::UserId, Column::AboveId)",
            to = "(Column::UserId, Column::Id)",
            on_update = "NoAction",
            on_delete = "SetNull"
        )]
        Above,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod book {
    use catamaran::sqlite::{TextId, TextTime};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "books")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        pub user_id: TextId,
        pub shelf_id: Option<TextId>,
        pub mark: Option<String>,
        pub text: Option<String>,
        pub cover: Option<Vec<u8>>,
        pub facts: Option<Json>,
        pub updated_at: TextTime,
        pub version: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::shelf::Entity",
            from = "(Column::UserId, Column::ShelfId)",
            to = "(super::shelf::Column::UserId, super::shelf::Column::Id)",
            on_update = "NoAction",
            on_delete = "SetNull"
        )]
        Shelf,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
