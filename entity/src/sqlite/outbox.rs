//! The entity of the `outbox` table, which exists on SQLite only.

use catamaran::sqlite::{TextId, TextTime};
use sea_orm::entity::prelude::*;

use crate::domain;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    #[sea_orm(column_type = "Text")]
    pub table_name: String,
    pub row_id: TextId,
    #[sea_orm(column_type = "Text")]
    pub operation: String,
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    pub attempts: i32,
    pub created_at: TextTime,
    pub updated_at: TextTime,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, Default, DeriveEntity)]
pub struct Entity;

impl EntityName for Entity {
    fn table_name(&self) -> &'static str {
        domain::OUTBOX.name
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
