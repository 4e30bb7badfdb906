use catamaran::Numeric;
use sea_orm::entity::prelude::*;

use super::{Floor, Loan};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "exhibits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub price: Numeric<12, 2>,
    pub balance: Option<Numeric<18, 0>>,
    pub share: Option<Numeric<18, 18>>,
    #[sea_orm(column_type = "Text")]
    pub title: String,
    #[sea_orm(column_type = "Text")]
    pub subtitle: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub email: String,
    #[sea_orm(column_type = "Text")]
    pub reply_to: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub address: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub access: String,
    #[sea_orm(column_type = "Text")]
    pub shown_to: Option<String>,
    pub grade: i32,
    pub goal: Option<i32>,
    pub loan: Loan,
    pub last_loan: Option<Loan>,
    pub floor: Option<Floor>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
