//! A table of JSON documents.

use std::collections::BTreeMap;

use catamaran::domain::Table;
use catamaran::record::Json;
use catamaran::table;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The table.
pub const PAPERS: Table = table!(
    Paper,
    Table {
        name: "papers",
        ..Table::BLANK
    }
);

/// A row with a column of each type, required and nullable.
#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::PAPERS, sqlite = self::sqlite, postgres = self::postgres)]
pub struct Paper {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// Any document.
    pub data: serde_json::Value,
    /// The same, or none.
    pub extra: Option<serde_json::Value>,
    /// A type of serde's.
    pub settings: Json<Settings>,
    /// A list of these, or none.
    pub earlier: Option<Json<Vec<Settings>>>,
}

/// Settings of a user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// A float, of which some have no fraction.
    pub zoom: f64,
    /// A text.
    pub language: String,
    /// Numbers by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, u64>,
    /// A text that is not stored.
    #[serde(skip)]
    pub session: String,
}

/// Settings for random rows.
pub fn examples() -> [Json<Settings>; 3] {
    [1.0, 0.1 + 0.2, 1e300].map(|zoom| {
        let limits = [("\u{10ffff}'".to_owned(), u64::MAX)];
        Json(Settings {
            zoom,
            language: "\\ \"é".to_owned(),
            limits: limits.into_iter().filter(|_| zoom < 1.0).collect(),
            session: String::new(),
        })
    })
}

mod sqlite {
    use catamaran::sqlite::TextId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "papers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextId,
        pub data: Json,
        pub extra: Option<Json>,
        pub settings: Json,
        pub earlier: Option<Json>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod postgres {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "papers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(column_type = "JsonBinary")]
        pub data: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub extra: Option<Json>,
        #[sea_orm(column_type = "JsonBinary")]
        pub settings: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub earlier: Option<Json>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
