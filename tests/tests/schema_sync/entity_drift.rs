//! Entities that somebody wrote wrongly, on either side.

use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;
use suite::schema_sync::{Place, SchemaSync};

use crate::case::{Expected, assert_all, expect};
use crate::reference;

use Place::{PostgresEntities, SqliteEntities};

/// An entity, of the devices unless it says otherwise.
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
        }
    };
}

entity!(without_platform {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub user_id: TextId,
    pub last_sync_at: Option<TextTime>,
    pub created_at: TextTime,
    pub updated_at: TextTime,
    pub version: i64,
    pub deleted_at: Option<TextTime>,
});
entity!(much_is_wrong_on_sqlite {
    pub id: TextId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: TextId,
    #[sea_orm(column_type = "Text")]
    pub platform: String,
    pub version: bool,
    pub last_sync_at: TextTime,
    pub created_at: DateTimeUtc,
    pub updated_at: Option<TextTime>,
    pub deleted_at: Option<TextTime>,
    pub model: i32,
});
entity!(much_is_wrong_on_postgres {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub platform: String,
    pub version: i32,
    pub last_sync_at: DateTimeUtc,
    pub created_at: DateTime,
    pub updated_at: Option<DateTimeUtc>,
    pub deleted_at: Option<DateTimeUtc>,
    pub model: i32,
});
entity!(of_another_table, "gadgets", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
}, {});
entity!(without_a_relation, "reminders", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
}, {});
entity!(with_another_action, "reminders", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub habit_id: Uuid,
}, {
    #[sea_orm(
        belongs_to = "entity::postgres::habit::Entity",
        from = "(Column::UserId, Column::HabitId)",
        to = "(entity::postgres::habit::Column::UserId, entity::postgres::habit::Column::Id)",
        on_update = "Cascade",
        on_delete = "SetNull"
    )]
    Habit,
});
entity!(with_another_parent, "reminders", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TextId,
    pub user_id: TextId,
    pub habit_id: TextId,
}, {
    #[sea_orm(
        belongs_to = "entity::sqlite::device::Entity",
        from = "(Column::UserId, Column::HabitId)",
        to = "(entity::sqlite::device::Column::UserId, entity::sqlite::device::Column::Id)",
        on_delete = "Cascade"
    )]
    Habit,
    #[sea_orm(belongs_to = "entity::sqlite::habit::Entity", from = "Column::HabitId", to = "entity::sqlite::habit::Column::Id")]
    Second,
});

type Wrong = fn(SchemaSync) -> SchemaSync;

const ON_SQLITE: Wrong = SchemaSync::sqlite_entity::<much_is_wrong_on_sqlite::Entity>;
const ON_POSTGRES: Wrong = SchemaSync::postgres_entity::<much_is_wrong_on_postgres::Entity>;
const ACTION: Wrong = SchemaSync::postgres_entity::<with_another_action::Entity>;
const PARENT: Wrong = SchemaSync::sqlite_entity::<with_another_parent::Entity>;

const CASES: &[(Wrong, Place, Expected)] = &[
    (
        SchemaSync::sqlite_entity::<without_platform::Entity>,
        SqliteEntities,
        expect(
            "devices.platform",
            Column,
            Missing,
            "add `#[sea_orm(column_type = \"Text\")] pub platform: String` to the Model in schema_sync::entity_drift::without_platform",
        ),
    ),
    (
        ON_SQLITE,
        SqliteEntities,
        expect(
            "devices.model",
            Column,
            Extra,
            "take the field model out of the Model",
        ),
    ),
    (
        ON_SQLITE,
        SqliteEntities,
        expect("devices.version", Column, Type, "write `pub version: i64`"),
    ),
    (
        ON_SQLITE,
        SqliteEntities,
        expect(
            "devices.created_at",
            Column,
            Type,
            "write `pub created_at: TextTime`",
        ),
    ),
    (
        ON_SQLITE,
        SqliteEntities,
        expect(
            "devices.last_sync_at",
            Column,
            Nullability,
            "write `pub last_sync_at: Option<TextTime>`",
        ),
    ),
    (
        ON_SQLITE,
        SqliteEntities,
        expect(
            "devices.updated_at",
            Column,
            Nullability,
            "write `pub updated_at: TextTime`",
        ),
    ),
    (
        ON_SQLITE,
        SqliteEntities,
        expect("devices", Table, Order, "into the order of DOMAIN"),
    ),
    (
        ON_SQLITE,
        SqliteEntities,
        expect(
            "devices",
            PrimaryKey,
            Columns,
            "mark `id` alone with #[sea_orm(primary_key",
        ),
    ),
    (
        ON_POSTGRES,
        PostgresEntities,
        expect(
            "devices.model",
            Column,
            Extra,
            "take the field model out of the Model",
        ),
    ),
    (
        ON_POSTGRES,
        PostgresEntities,
        expect("devices.user_id", Column, Type, "write `pub user_id: Uuid`"),
    ),
    (
        ON_POSTGRES,
        PostgresEntities,
        expect(
            "devices.platform",
            Column,
            Type,
            "write `#[sea_orm(column_type = \"Text\")] pub platform: String`",
        ),
    ),
    (
        ON_POSTGRES,
        PostgresEntities,
        expect("devices.version", Column, Type, "write `pub version: i64`"),
    ),
    (
        ON_POSTGRES,
        PostgresEntities,
        expect(
            "devices.created_at",
            Column,
            Type,
            "write `pub created_at: DateTimeUtc`",
        ),
    ),
    (
        ON_POSTGRES,
        PostgresEntities,
        expect(
            "devices.last_sync_at",
            Column,
            Nullability,
            "Option<DateTimeUtc>",
        ),
    ),
    (
        ON_POSTGRES,
        PostgresEntities,
        expect(
            "devices.updated_at",
            Column,
            Nullability,
            "write `pub updated_at: DateTimeUtc`",
        ),
    ),
    (
        ON_POSTGRES,
        PostgresEntities,
        expect("devices", Table, Order, "into the order of DOMAIN"),
    ),
    (
        ON_POSTGRES,
        PostgresEntities,
        expect("devices", PrimaryKey, Columns, "mark `id` alone"),
    ),
    (
        SchemaSync::sqlite_entity::<of_another_table::Entity>,
        SqliteEntities,
        expect(
            "gadgets",
            Table,
            Extra,
            "take the entity away, or add gadgets to DOMAIN",
        ),
    ),
    // The outbox has a reason to be on SQLite alone.
    (
        SchemaSync::postgres_entity::<entity::sqlite::outbox::Entity>,
        PostgresEntities,
        expect("outbox", Table, Extra, "take the entity away"),
    ),
    (
        |mut sync| {
            sync.sqlite.tables.remove("outbox");
            sync
        },
        SqliteEntities,
        expect(
            "outbox",
            Table,
            Missing,
            "write the entity of outbox in entity/src/sqlite/",
        ),
    ),
    (
        SchemaSync::sqlite_entity::<without_a_relation::Entity>,
        SqliteEntities,
        expect(
            "reminders: user_id, habit_id",
            ForeignKey,
            Missing,
            "without_a_relation belong to habits from (user_id, habit_id) to (user_id, id), with `on_delete = \"Cascade\"",
        ),
    ),
    (
        ACTION,
        PostgresEntities,
        expect(
            "reminders: user_id, habit_id",
            ForeignKey,
            OnDelete,
            "on_delete = \"Cascade\"",
        ),
    ),
    (
        ACTION,
        PostgresEntities,
        expect(
            "reminders: user_id, habit_id",
            ForeignKey,
            OnUpdate,
            "on_update = \"NoAction\"",
        ),
    ),
    (
        PARENT,
        SqliteEntities,
        expect(
            "reminders: user_id, habit_id",
            ForeignKey,
            References,
            "belong to habits",
        ),
    ),
    (
        PARENT,
        SqliteEntities,
        expect(
            "reminders: habit_id",
            ForeignKey,
            Extra,
            "take the relation over (habit_id) out of",
        ),
    ),
];

#[test]
fn a_drift_of_an_entity_is_found() {
    assert!(reference::sync().check_code().is_empty());
    assert_all(CASES.iter().map(|(wrong, place, expected)| {
        let findings = wrong(reference::sync()).check_code();
        (format!("{expected:?}"), expected.among(*place, &findings))
    }));
}
