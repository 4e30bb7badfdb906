use catamaran::sqlite::{TextId, TextTime};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "steps")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub user_id: TextId,
    pub badge: i32,
    pub title: String,
    pub before_id: Option<TextId>,
    pub after_id: Option<TextId>,
    pub updated_at: TextTime,
    pub version: i64,
    pub deleted_at: Option<TextTime>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
