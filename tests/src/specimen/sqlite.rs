use catamaran::sqlite::{TextDate, TextId, TextTime};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "specimens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub label: String,
    pub note: Option<String>,
    pub small: i32,
    pub whole: Option<i64>,
    pub ratio: f64,
    pub reading: Option<f64>,
    pub flag: Option<bool>,
    pub day: Option<TextDate>,
    pub at: Option<TextTime>,
    pub link: Option<TextId>,
    pub blob: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
