//! Wrong entities, on either engine.

use catamaran::domain::TableSource;

/// An entity, and its twin.
#[derive(Clone, Copy)]
pub struct Wrong {
    pub sqlite: TableSource,
    pub postgres: TableSource,
    /// The source of the fields.
    pub sqlite_fields: &'static str,
    pub postgres_fields: &'static str,
}

macro_rules! wrong {
    ($sqlite:ident, $postgres:ident) => {
        Wrong {
            sqlite: TableSource::sqlite::<$sqlite::Entity>(),
            postgres: TableSource::postgres::<$postgres::Entity>(),
            sqlite_fields: $sqlite::FIELDS,
            postgres_fields: $postgres::FIELDS,
        }
    };
}

/// The table has another name.
pub const RENAMED: Wrong = wrong!(renamed_here, renamed_there);
/// A field is missing.
pub const WITHOUT: Wrong = wrong!(without_here, without_there);
/// A field has another name.
pub const SYSTEM: Wrong = wrong!(system_here, system_there);
/// Another key, other types, NULL on the wrong side, one field more, and another order.
pub const WRONG: Wrong = wrong!(wrong_here, wrong_there);
/// A relation is missing.
pub const UNRELATED: Wrong = wrong!(unrelated_here, unrelated_there);
/// A relation to another table, and a surplus one.
pub const OTHERWISE: Wrong = wrong!(otherwise_here, otherwise_there);

/// An entity, by default of the devices.
macro_rules! entity {
    ($name:ident { $($fields:tt)* }) => {
        entity!($name, "devices", { $($fields)* }, {});
    };
    ($name:ident, $table:literal, { $($fields:tt)* }, { $($relation:tt)* }) => {
        mod $name {
            #[allow(unused_imports)]
            use catamaran::sqlite::{TextId, TextTime};
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model { $($fields)* }

            #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
            pub enum Relation { $($relation)* }

            impl ActiveModelBehavior for ActiveModel {}

            /// The source of the fields.
            pub const FIELDS: &str = stringify!({ $($fields)* });
        }
    };
}

/// The entities of the devices on both engines, with replaceable fields.
macro_rules! devices {
    ($sqlite:ident, $postgres:ident: $table:literal,
        { $($sqlite_fields:tt)* }, { $($postgres_fields:tt)* }) => {
        entity!($sqlite, $table, { $($sqlite_fields)* }, {});
        entity!($postgres, $table, { $($postgres_fields)* }, {});
    };
}

devices!(renamed_here, renamed_there: "gadgets", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub user_id: TextId,
    #[sea_orm(column_type = "Text")]
    pub platform: String,
    pub last_sync_at: Option<TextTime>,
    pub created_at: TextTime,
    pub updated_at: TextTime,
    pub version: i64,
    pub deleted_at: Option<TextTime>,
}, {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub platform: String,
    pub last_sync_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
    pub deleted_at: Option<DateTimeUtc>,
});
devices!(without_here, without_there: "devices", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub user_id: TextId,
    pub last_sync_at: Option<TextTime>,
    pub created_at: TextTime,
    pub updated_at: TextTime,
    pub version: i64,
    pub deleted_at: Option<TextTime>,
}, {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub last_sync_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
    pub deleted_at: Option<DateTimeUtc>,
});
devices!(system_here, system_there: "devices", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub user_id: TextId,
    #[sea_orm(column_type = "Text")]
    pub system: String,
    pub last_sync_at: Option<TextTime>,
    pub created_at: TextTime,
    pub updated_at: TextTime,
    pub version: i64,
    pub deleted_at: Option<TextTime>,
}, {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub system: String,
    pub last_sync_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub version: i64,
    pub deleted_at: Option<DateTimeUtc>,
});
devices!(wrong_here, wrong_there: "devices", {
    pub id: TextId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: TextId,
    pub platform: String,
    pub version: bool,
    pub last_sync_at: TextTime,
    pub created_at: DateTimeUtc,
    pub updated_at: Option<TextTime>,
    pub deleted_at: Option<TextTime>,
    pub model: i32,
}, {
    pub id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub platform: String,
    pub version: i32,
    pub last_sync_at: DateTimeUtc,
    pub created_at: DateTime,
    pub updated_at: Option<DateTimeUtc>,
    pub deleted_at: Option<DateTimeUtc>,
    pub model: i32,
});

/// The entities of the reminders on both engines, with other relations.
macro_rules! reminders {
    ($sqlite:ident, $postgres:ident, { $($here:tt)* }, { $($there:tt)* }) => {
        entity!($sqlite, "reminders", {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: TextId,
            pub user_id: TextId,
            pub habit_id: TextId,
        }, { $($here)* });
        entity!($postgres, "reminders", {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub user_id: Uuid,
            pub habit_id: Uuid,
        }, { $($there)* });
    };
}

reminders!(unrelated_here, unrelated_there, {}, {});
reminders!(otherwise_here, otherwise_there, {
    #[sea_orm(
        belongs_to = "entity::sqlite::device::Entity",
        from = "(Column::UserId, Column::HabitId)",
        to = "(entity::sqlite::device::Column::UserId, entity::sqlite::device::Column::Id)",
        on_update = "Cascade",
        on_delete = "SetNull"
    )]
    Habit,
    #[sea_orm(belongs_to = "entity::sqlite::habit::Entity", from = "Column::HabitId", to = "entity::sqlite::habit::Column::Id")]
    Second,
}, {
    #[sea_orm(
        belongs_to = "entity::postgres::device::Entity",
        from = "(Column::UserId, Column::HabitId)",
        to = "(entity::postgres::device::Column::UserId, entity::postgres::device::Column::Id)",
        on_update = "Cascade",
        on_delete = "SetNull"
    )]
    Habit,
    #[sea_orm(belongs_to = "entity::postgres::habit::Entity", from = "Column::HabitId", to = "entity::postgres::habit::Column::Id")]
    Second,
});
