// A table and its two entities, for records that are wrong about them.
#![allow(dead_code, unused_imports, unused_macros)]

use catamaran::domain::{Presence, PrimaryKey, Table};

pub const NOTES: Table = Table {
    name: "notes",
    columns: &["id", "title", "done"],
    primary_key: PrimaryKey {
        name: "pk_notes",
        columns: &["id"],
    },
    owner: None,
    defaults: &[],
    unique_keys: &[],
    indexes: &[],
    foreign_keys: &[],
    checks: &[],
    presence: Presence::Both,
    ..Table::BLANK
};

macro_rules! entity {
    ($name:ident { $($fields:tt)* }) => {
        pub mod $name {
            #[allow(unused_imports)]
            use catamaran::sqlite::TextId;
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = "notes")]
            pub struct Model {
                $($fields)*
            }

            #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(sqlite {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub title: String,
    pub done: bool,
});

entity!(postgres {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub title: String,
    pub done: bool,
});
