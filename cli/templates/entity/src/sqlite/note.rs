//! The entity of the `notes` table on SQLite.

use catamaran::sqlite::{TextId, TextTime};
use sea_orm::entity::prelude::*;

use crate::domain;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub user_id: TextId,
    #[sea_orm(column_type = "Text")]
    pub title: String,
    pub stars: i32,
    pub created_at: TextTime,
    pub updated_at: TextTime,
    pub version: i64,
    pub deleted_at: Option<TextTime>,
}

#[derive(Clone, Copy, Debug, Default, DeriveEntity)]
pub struct Entity;

impl EntityName for Entity {
    fn table_name(&self) -> &'static str {
        domain::NOTES.name
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
