//! A table of numbers and times of day.

use catamaran::domain::Table;
use catamaran::table;
use chrono::NaiveTime;
use uuid::Uuid;

/// The table.
pub const MEASURES: Table = table!(
    Measure,
    Table {
        name: "measures",
        ..Table::BLANK
    }
);

/// A row with a column of each type, required and nullable.
#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::MEASURES, sqlite = self::sqlite, postgres = self::postgres)]
pub struct Measure {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// 16 bits.
    pub shelf: i16,
    /// The same, or none.
    pub gap: Option<i16>,
    /// A float of 4 bytes.
    pub weight: f32,
    /// The same, or none.
    pub depth: Option<f32>,
    /// A time of day.
    pub opens_at: NaiveTime,
    /// The same, or none.
    pub closes_at: Option<NaiveTime>,
}

mod sqlite {
    use catamaran::sqlite::{TextId, TextTimeOfDay};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "measures")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        pub shelf: i16,
        pub gap: Option<i16>,
        pub weight: f32,
        pub depth: Option<f32>,
        pub opens_at: TextTimeOfDay,
        pub closes_at: Option<TextTimeOfDay>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod postgres {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "measures")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub shelf: i16,
        pub gap: Option<i16>,
        pub weight: f32,
        pub depth: Option<f32>,
        pub opens_at: Time,
        pub closes_at: Option<Time>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
