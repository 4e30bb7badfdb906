use catamaran::sqlite::{TextId, TextTime};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "members")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub email: String,
    pub given_name: String,
    pub family_name: String,
    pub nickname: Option<String>,
    pub biography: Option<String>,
    pub token: Option<Vec<u8>>,
    pub version: i64,
    pub deleted_at: Option<TextTime>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
