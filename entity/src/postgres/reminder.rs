//! The entity of the `reminders` table on Postgres.

use sea_orm::entity::prelude::*;

use crate::domain;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub habit_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub time_local: String,
    pub days_of_week: i32,
    #[sea_orm(column_type = "Text")]
    pub timezone: String,
    pub is_enabled: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
    pub deleted_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, Default, DeriveEntity)]
pub struct Entity;

impl EntityName for Entity {
    fn table_name(&self) -> &'static str {
        domain::REMINDERS.name
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::habit::Entity",
        from = "(Column::UserId, Column::HabitId)",
        to = "(super::habit::Column::UserId, super::habit::Column::Id)",
        on_update = "NoAction",
        on_delete = "Cascade"
    )]
    Habit,
}

impl Related<super::habit::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Habit.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
