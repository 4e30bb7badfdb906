//! Entities that somebody wrote wrongly, on either side.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Mend, Place};
use catamaran::domain::{Domain, Model, Shape, ShapeColumn};

use Code::*;

use crate::cure::found;

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

/// Both twins of the devices, each field of which may be written otherwise.
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
// Another key, other types, NULL on the wrong side, one field more, and another order.
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

/// Both twins of the reminders, with other relations.
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

/// What mends it.
#[derive(Clone, Copy, Debug)]
enum Cure {
    /// A line that the right entity has, in that of the devices or the reminders.
    Line(&'static str),
    /// Something that somebody has to take away; the words name it.
    Away(&'static str),
}

use Cure::{Away, Line};

struct Drift {
    class: &'static str,
    here: Model,
    there: Model,
    /// Instead of the record's own entities, and not after them.
    alone: bool,
    code: Code,
    subject: &'static str,
    cure: Cure,
}

const fn drift(
    class: &'static str,
    (here, there): (Model, Model),
    code: Code,
    subject: &'static str,
    cure: Cure,
) -> Drift {
    Drift {
        class,
        here,
        there,
        alone: false,
        code,
        subject,
        cure,
    }
}

const WRONG: (Model, Model) = (
    Model::sqlite::<wrong_here::Entity>(),
    Model::postgres::<wrong_there::Entity>(),
);
const OTHERWISE: (Model, Model) = (
    Model::sqlite::<otherwise_here::Entity>(),
    Model::postgres::<otherwise_there::Entity>(),
);
const RENAMED: (Model, Model) = (
    Model::sqlite::<renamed_here::Entity>(),
    Model::postgres::<renamed_there::Entity>(),
);
const HABIT: &str = "reminders: fk_reminders__user_id_habit_id";

const DRIFTS: &[Drift] = &[
    Drift {
        alone: true,
        ..drift(
            "table missing",
            (NOTHING, NOTHING),
            TableMissing,
            "devices",
            Line("device"),
        )
    },
    drift(
        "table extra",
        RENAMED,
        TableExtra,
        "gadgets",
        Away("renamed_"),
    ),
    Drift {
        alone: true,
        ..drift(
            "table renamed",
            RENAMED,
            TableRenamed,
            "devices",
            Away("\"devices\""),
        )
    },
    drift(
        "column missing",
        (
            Model::sqlite::<without_here::Entity>(),
            Model::postgres::<without_there::Entity>(),
        ),
        ColumnMissing,
        "devices.platform",
        Line("device"),
    ),
    drift(
        "column extra",
        WRONG,
        ColumnExtra,
        "devices.model",
        Away("model"),
    ),
    drift(
        "column renamed",
        (
            Model::sqlite::<system_here::Entity>(),
            Model::postgres::<system_there::Entity>(),
        ),
        ColumnRenamed,
        "devices.platform",
        Line("device"),
    ),
    drift("type", WRONG, ColumnType, "devices.version", Line("device")),
    drift(
        "type: time without a zone",
        WRONG,
        ColumnType,
        "devices.created_at",
        Line("device"),
    ),
    drift(
        "type: text with a length",
        WRONG,
        ColumnType,
        "devices.platform",
        Line("device"),
    ),
    drift(
        "nullability",
        WRONG,
        ColumnNullability,
        "devices.updated_at",
        Line("device"),
    ),
    drift(
        "nullability, the other way",
        WRONG,
        ColumnNullability,
        "devices.last_sync_at",
        Line("device"),
    ),
    drift(
        "order of fields",
        WRONG,
        ColumnOrder,
        "devices",
        Line("device"),
    ),
    drift(
        "primary key",
        WRONG,
        PrimaryKey,
        "devices: pk_devices",
        Line("device"),
    ),
    drift(
        "foreign key missing",
        (
            Model::sqlite::<unrelated_here::Entity>(),
            Model::postgres::<unrelated_there::Entity>(),
        ),
        ForeignKeyMissing,
        HABIT,
        Line("reminder"),
    ),
    drift(
        "foreign key extra",
        OTHERWISE,
        ForeignKeyExtra,
        "reminders: habit_id",
        Away("habit_id"),
    ),
    drift(
        "foreign key: other target",
        OTHERWISE,
        ForeignKeyTarget,
        HABIT,
        Line("reminder"),
    ),
    drift(
        "foreign key: on delete",
        OTHERWISE,
        ForeignKeyDelete,
        HABIT,
        Line("reminder"),
    ),
    drift(
        "foreign key: on update",
        OTHERWISE,
        ForeignKeyUpdate,
        HABIT,
        Line("reminder"),
    ),
];

/// Where the record stands among the models of DOMAIN.
const DEVICE: usize = 3;

/// Describes nothing that was not described before.
const NOTHING: Model = Model::shape(&DEVICES);

const DEVICES: Shape = Shape {
    table: "devices",
    columns: &[
        ShapeColumn::new("id", "uuid"),
        ShapeColumn::new("user_id", "uuid"),
        ShapeColumn::new("platform", "text"),
        ShapeColumn::nullable("last_sync_at", "timestamptz"),
        ShapeColumn::new("created_at", "timestamptz"),
        ShapeColumn::new("updated_at", "timestamptz"),
        ShapeColumn::new("version", "bigint"),
        ShapeColumn::nullable("deleted_at", "timestamptz"),
    ],
};

/// Each drift, on each side: the class, the engine, the code, and whether it is found and the mend right.
pub async fn all() -> Vec<(&'static str, Engine, Code, Result<(), String>)> {
    let mut outcomes = Vec::new();
    for drift in DRIFTS {
        for engine in Engine::ALL {
            let outcome = one(drift, engine).await;
            outcomes.push((drift.class, engine, drift.code, outcome));
        }
    }
    outcomes
}

async fn one(drift: &Drift, engine: Engine) -> Result<(), String> {
    let mut models = entity::DOMAIN.models.to_vec();
    if drift.alone {
        // The devices without their record, whose entities would be read with it.
        models.remove(DEVICE);
        models.push(Model::shape(&DEVICES));
        models.push(match engine {
            Engine::Sqlite => Model::postgres::<entity::postgres::device::Entity>(),
            Engine::Postgres => Model::sqlite::<entity::sqlite::device::Entity>(),
        });
    }
    models.push(match engine {
        Engine::Sqlite => drift.here,
        Engine::Postgres => drift.there,
    });
    let domain = Box::leak(Box::new(Domain {
        models: models.leak(),
        ..entity::DOMAIN
    }));
    let report = Doctor::new(domain).check().await;
    found(&report, Place::Entities(engine), drift.code, drift.subject)?;
    let is_it = |finding: &&catamaran::doctor::Finding| {
        finding.code == drift.code && finding.subject() == drift.subject
    };
    let finding = report
        .findings
        .iter()
        .find(is_it)
        .ok_or("found, and gone")?;
    let said = finding.mend.to_string();
    match (drift.cure, &finding.mend) {
        (Line(entity), Mend::Rust { line, .. }) => {
            let right = squeezed(source(engine, entity));
            // The attribute of the primary key is a mend of its own.
            let bare = right.replace("#[sea_orm(primary_key, auto_increment = false)] ", "");
            let line = squeezed(line);
            match right.contains(&line) || bare.contains(&line) {
                true => Ok(()),
                false => Err(format!("the right entity does not have the line {line:?}")),
            }
        }
        (Away(word), _) if said.contains(word) => Ok(()),
        (cure, mend) => Err(format!("{cure:?} is not what it says: {mend:?}")),
    }
}

fn source(engine: Engine, entity: &str) -> &'static str {
    match (engine, entity) {
        (Engine::Sqlite, "device") => include_str!("../../../entity/src/sqlite/device.rs"),
        (Engine::Postgres, "device") => include_str!("../../../entity/src/postgres/device.rs"),
        (Engine::Sqlite, _) => include_str!("../../../entity/src/sqlite/reminder.rs"),
        (Engine::Postgres, _) => include_str!("../../../entity/src/postgres/reminder.rs"),
    }
}

/// One space between words, whatever stood there.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
