//! Drifts of entities, on either side: found, and fixed into the right entity.

mod applied;
mod wrong;

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Finding, Fix, Place};
use catamaran::domain::{Domain, TableSource, TableTypes, TypedColumn};

use Code::*;

use crate::apply_fixes::found;
use wrong::{OTHERWISE, RENAMED, SYSTEM, UNRELATED, WITHOUT, WRONG, Wrong};

/// How the fix is checked.
#[derive(Clone, Copy, Debug)]
enum Repair {
    /// Applying all fixes to the fields gives the fields of the correct entity.
    Fields,
    /// The correct entity has the relation.
    Relation,
    /// The user has to remove or change something, which the text names.
    Named(&'static str),
}

use Repair::{Fields, Named, Relation};

struct Drift {
    class: &'static str,
    wrong: Wrong,
    /// Replaces the record's own entities.
    alone: bool,
    code: Code,
    subject: &'static str,
    repair: Repair,
}

const fn drift(
    class: &'static str,
    wrong: Wrong,
    code: Code,
    subject: &'static str,
    repair: Repair,
) -> Drift {
    Drift {
        class,
        wrong,
        alone: false,
        code,
        subject,
        repair,
    }
}

const HABIT: &str = "reminders: fk_reminders__user_id_habit_id";

const DRIFTS: &[Drift] = &[
    Drift {
        alone: true,
        ..drift("table missing", NOTHING, TableMissing, "devices", Fields)
    },
    drift(
        "table extra",
        RENAMED,
        TableExtra,
        "gadgets",
        Named("renamed_"),
    ),
    Drift {
        alone: true,
        ..drift(
            "table renamed",
            RENAMED,
            TableRenamed,
            "devices",
            Named("\"devices\""),
        )
    },
    drift(
        "column missing",
        WITHOUT,
        ColumnMissing,
        "devices.platform",
        Fields,
    ),
    drift("column extra", WRONG, ColumnExtra, "devices.model", Fields),
    drift(
        "column renamed",
        SYSTEM,
        ColumnRenamed,
        "devices.platform",
        Fields,
    ),
    drift("type", WRONG, ColumnType, "devices.version", Fields),
    drift(
        "type: time without a zone",
        WRONG,
        ColumnType,
        "devices.created_at",
        Fields,
    ),
    drift(
        "type: text with a length",
        WRONG,
        ColumnType,
        "devices.platform",
        Fields,
    ),
    drift(
        "nullability",
        WRONG,
        ColumnNullability,
        "devices.updated_at",
        Fields,
    ),
    drift(
        "nullability, the other way",
        WRONG,
        ColumnNullability,
        "devices.last_sync_at",
        Fields,
    ),
    drift("order of fields", WRONG, ColumnOrder, "devices", Fields),
    drift(
        "primary key",
        WRONG,
        PrimaryKey,
        "devices: pk_devices",
        Fields,
    ),
    drift(
        "foreign key missing",
        UNRELATED,
        ForeignKeyMissing,
        HABIT,
        Relation,
    ),
    drift(
        "foreign key extra",
        OTHERWISE,
        ForeignKeyExtra,
        "reminders: habit_id",
        Named("habit_id"),
    ),
    drift(
        "foreign key: other target",
        OTHERWISE,
        ForeignKeyTarget,
        HABIT,
        Relation,
    ),
    drift(
        "foreign key: on delete",
        OTHERWISE,
        ForeignKeyDelete,
        HABIT,
        Relation,
    ),
    drift(
        "foreign key: on update",
        OTHERWISE,
        ForeignKeyUpdate,
        HABIT,
        Relation,
    ),
];

/// The index of the record among the sources of DOMAIN.
const DEVICE: usize = 3;

/// The correct columns without source, for a drift that no field causes.
const NOTHING: Wrong = Wrong {
    sqlite: TableSource::types(&DEVICES),
    postgres: TableSource::types(&DEVICES),
    sqlite_fields: "{}",
    postgres_fields: "{}",
};

const DEVICES: TableTypes = TableTypes {
    table: "devices",
    columns: &[
        TypedColumn::new("id", "uuid"),
        TypedColumn::new("user_id", "uuid"),
        TypedColumn::new("platform", "text"),
        TypedColumn::nullable("last_sync_at", "timestamptz"),
        TypedColumn::new("created_at", "timestamptz"),
        TypedColumn::new("updated_at", "timestamptz"),
        TypedColumn::new("version", "bigint"),
        TypedColumn::nullable("deleted_at", "timestamptz"),
    ],
};

/// Each drift on each engine: the class, the engine, the code, and whether it is found and its fix is correct.
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
    let mut sources = entity::DOMAIN.sources.to_vec();
    if drift.alone {
        // Devices without their record, because the record has the correct entities.
        sources.remove(DEVICE);
        sources.push(TableSource::types(&DEVICES));
        sources.push(match engine {
            Engine::Sqlite => TableSource::postgres::<entity::postgres::device::Entity>(),
            Engine::Postgres => TableSource::sqlite::<entity::sqlite::device::Entity>(),
        });
    }
    sources.push(match engine {
        Engine::Sqlite => drift.wrong.sqlite,
        Engine::Postgres => drift.wrong.postgres,
    });
    let domain = Box::leak(Box::new(Domain {
        sources: sources.leak(),
        ..entity::DOMAIN
    }));
    let report = Doctor::new(domain).check().await;
    found(&report, Place::Entities(engine), drift.code, drift.subject)?;
    let is_it =
        |finding: &&Finding| finding.code == drift.code && finding.subject() == drift.subject;
    let finding = report
        .findings
        .iter()
        .find(is_it)
        .ok_or("found, and gone")?;
    let (device, reminder) = described(engine);
    match (drift.repair, &finding.fix) {
        (Fields, _) => {
            let written = match engine {
                Engine::Sqlite => drift.wrong.sqlite_fields,
                Engine::Postgres => drift.wrong.postgres_fields,
            };
            let findings: Vec<&Finding> = report.findings.iter().collect();
            applied::lead_to(device, written, &findings)
        }
        (Relation, Fix::Rust { line, .. }) if squeezed(reminder).contains(&squeezed(line)) => {
            Ok(())
        }
        (Named(word), fix) if fix.to_string().contains(word) => Ok(()),
        (repair, fix) => Err(format!("{repair:?} is not what it says: {fix:?}")),
    }
}

/// The correct entities of the devices and of the reminders.
fn described(engine: Engine) -> (&'static str, &'static str) {
    match engine {
        Engine::Sqlite => (
            include_str!("../../../../entity/src/sqlite/device.rs"),
            include_str!("../../../../entity/src/sqlite/reminder.rs"),
        ),
        Engine::Postgres => (
            include_str!("../../../../entity/src/postgres/device.rs"),
            include_str!("../../../../entity/src/postgres/reminder.rs"),
        ),
    }
}

/// Normalizes white space to one space.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
