//! The entities of the tables on SQLite.

/// Users.
pub mod user {
    use catamaran::sqlite::{TextId, TextTime};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        #[sea_orm(column_type = "Text")]
        pub email: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        pub settings: Json,
        pub created_at: TextTime,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Organizations.
pub mod organization {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "organizations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        #[sea_orm(column_type = "Text")]
        pub name: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Memberships.
pub mod membership {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "memberships")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: TextId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub organization_id: TextId,
        #[sea_orm(column_type = "Text")]
        pub role: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        User,
        #[sea_orm(
            belongs_to = "super::organization::Entity",
            from = "Column::OrganizationId",
            to = "super::organization::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        Organization,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Folders.
pub mod folder {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "folders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        pub owner_id: TextId,
        #[sea_orm(column_type = "Text")]
        pub name: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::OwnerId",
            to = "super::user::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        Owner,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Items.
pub mod item {
    use catamaran::sqlite::{IntegerNumeric, TextId, TextTimeOfDay};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "items")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        pub owner_id: TextId,
        pub folder_id: Option<TextId>,
        pub kind: i32,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        pub data: Json,
        pub favourite: bool,
        pub size: i64,
        pub price: IntegerNumeric<12, 2>,
        #[sea_orm(column_type = "Text")]
        pub reprompt: Option<String>,
        pub opens_at: Option<TextTimeOfDay>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::OwnerId",
            to = "super::user::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        Owner,
        #[sea_orm(
            belongs_to = "super::folder::Entity",
            from = "(Column::OwnerId, Column::FolderId)",
            to = "(super::folder::Column::OwnerId, super::folder::Column::Id)",
            on_update = "NoAction",
            on_delete = "SetNull"
        )]
        Folder,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Collections.
pub mod collection {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "collections")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        pub organization_id: TextId,
        #[sea_orm(column_type = "Text")]
        pub name: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::organization::Entity",
            from = "Column::OrganizationId",
            to = "super::organization::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        Organization,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Items in collections.
pub mod collection_item {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "collection_items")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub collection_id: TextId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub item_id: TextId,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::collection::Entity",
            from = "Column::CollectionId",
            to = "super::collection::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        Collection,
        #[sea_orm(
            belongs_to = "super::item::Entity",
            from = "Column::ItemId",
            to = "super::item::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        Item,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Users of collections.
pub mod collection_user {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "collection_users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub collection_id: TextId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: TextId,
        pub read_only: bool,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::collection::Entity",
            from = "Column::CollectionId",
            to = "super::collection::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        Collection,
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        User,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Attachments.
pub mod attachment {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "attachments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[sea_orm(column_type = "Text")]
        pub id: String,
        pub item_id: TextId,
        #[sea_orm(column_type = "Text")]
        pub file_name: String,
        pub content: Vec<u8>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::item::Entity",
            from = "Column::ItemId",
            to = "super::item::Column::Id",
            on_update = "NoAction",
            on_delete = "Cascade"
        )]
        Item,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Events.
pub mod event {
    use catamaran::sqlite::{TextId, TextTime};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "events")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub kind: i32,
        pub user_id: Option<TextId>,
        pub happened_at: TextTime,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id",
            on_update = "NoAction",
            on_delete = "SetNull"
        )]
        User,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
