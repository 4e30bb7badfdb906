pub mod order {

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "order")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub group: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub select: Uuid,
        pub parent_group: Option<i32>,
        #[sea_orm(column_name = "Parent Select")]
        pub parent_select: Option<Uuid>,
        #[sea_orm(column_type = "Text")]
        pub status: String,
        #[sea_orm(column_type = "Text")]
        pub email: Option<String>,
        #[sea_orm(column_type = "JsonBinary")]
        pub payload: String,
        pub raw: Vec<u8>,
        pub due: Option<Date>,
        pub is_open: bool,
        pub created: DateTimeUtc,
        pub rank: i16,
        pub share: f64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "Entity",
            from = "(Column::ParentGroup, Column::ParentSelect)",
            to = "(Column::Group, Column::Select)",
            on_update = "Cascade",
            on_delete = "SetNull"
        )]
        Parent,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod long {

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "the_longest_name_that_postgres_lets_a_table_have_is_this_one_ok")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub a_column_whose_name_is_of_sixty_three_bytes_and_of_not_one_more: i64,
        pub group: i32,
        pub select: Uuid,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::order::Entity",
            from = "(Column::Group, Column::Select)",
            to = "(super::order::Column::Group, super::order::Column::Select)",
            on_delete = "Restrict"
        )]
        Order,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
