//! DOMAIN changed, and nothing else: it disagrees with itself or with the records where it can know, and
//! every place that still says the old is told to follow.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Finding, Mend, Place, Report};
use catamaran::domain::{
    Action, Check, ColumnDefault, DefaultValue, Domain, Exception, ForeignKey, Index,
    ManagedColumns, Model, Presence, PrimaryKey as Key, Privilege, Shape, ShapeColumn, Table,
    UniqueKey,
};
use entity::domain::{DEVICES, HABIT_ENTRIES, HABITS, OUTBOX, REMINDERS};

use Code::*;

use crate::cure::mended;
use crate::databases::Migrated;

/// A change of a table in DOMAIN, and what DOMAIN's own place and the databases have to say to it.
struct Drift {
    class: &'static str,
    table: Table,
    /// In DOMAIN itself, where it can be known there; with a part of the mend.
    own: Option<(Code, &'static str, &'static str)>,
    /// In both databases, or on the engine that it is about.
    databases: Option<(&'static [Engine], Code, &'static str)>,
}

const BOTH: &[Engine] = &Engine::ALL;
const SQLITE: &[Engine] = &[Engine::Sqlite];
const POSTGRES: &[Engine] = &[Engine::Postgres];

const INDEX: Index = DEVICES.indexes[0];
const FOREIGN_KEY: ForeignKey = REMINDERS.foreign_keys[0];
const PLATFORM: &str = "devices: ix_devices__user_id_platform";
const HABIT: &str = "reminders: fk_reminders__user_id_habit_id";

const DRIFTS: &[Drift] = &[
    Drift {
        class: "table renamed",
        table: Table {
            name: "gadgets",
            ..DEVICES
        },
        own: Some((DomainTable, "devices", "devices to DOMAIN")),
        databases: Some((BOTH, TableRenamed, "gadgets")),
    },
    Drift {
        class: "column renamed",
        table: Table {
            columns: &[
                "id",
                "user_id",
                "system",
                "last_sync_at",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
            ],
            ..DEVICES
        },
        own: Some((ColumnRenamed, "devices.system", "platform")),
        databases: None,
    },
    Drift {
        class: "column missing",
        table: Table {
            columns: &[
                "id",
                "user_id",
                "platform",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
            ],
            ..DEVICES
        },
        own: Some((ColumnExtra, "devices.last_sync_at", "\"last_sync_at\",")),
        databases: None,
    },
    Drift {
        class: "column extra",
        table: Table {
            columns: &[
                "id",
                "user_id",
                "platform",
                "last_sync_at",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
                "model",
            ],
            ..DEVICES
        },
        own: Some((ColumnMissing, "devices.model", "model")),
        databases: None,
    },
    Drift {
        class: "order of fields",
        table: Table {
            columns: &[
                "id",
                "user_id",
                "last_sync_at",
                "platform",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
            ],
            ..DEVICES
        },
        own: Some((ColumnOrder, "devices", "\"platform\", \"last_sync_at\"")),
        databases: None,
    },
    Drift {
        class: "default",
        table: Table {
            defaults: &[
                HABIT_ENTRIES.defaults[0],
                ColumnDefault {
                    column: "source",
                    value: DefaultValue::Text("remote"),
                },
            ],
            ..HABIT_ENTRIES
        },
        own: Some((
            Code::ColumnDefault,
            "habit_entries.source",
            "#[record(default = \"remote\")]",
        )),
        databases: Some((BOTH, Code::ColumnDefault, "habit_entries.source")),
    },
    Drift {
        class: "default missing",
        table: Table {
            defaults: &[HABIT_ENTRIES.defaults[0]],
            ..HABIT_ENTRIES
        },
        own: Some((
            Code::ColumnDefault,
            "habit_entries.source",
            "record(default",
        )),
        databases: Some((BOTH, Code::ColumnDefault, "habit_entries.source")),
    },
    Drift {
        class: "primary key",
        table: Table {
            primary_key: Key {
                name: "pk_devices",
                columns: &["user_id", "id"],
            },
            ..DEVICES
        },
        own: Some((PrimaryKey, "devices: pk_devices", "&[\"id\"]")),
        databases: Some((BOTH, PrimaryKey, "devices: pk_devices")),
    },
    Drift {
        class: "unique key missing",
        table: Table {
            unique_keys: &[UniqueKey {
                name: "uq_devices__platform",
                columns: &["platform"],
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, UniqueKeyMissing, "devices: uq_devices__platform")),
    },
    Drift {
        class: "unique key extra",
        table: Table {
            unique_keys: &[],
            ..HABITS
        },
        own: Some((DomainReference, HABIT, "unique key over (user_id, id)")),
        databases: None,
    },
    Drift {
        class: "constraint renamed",
        table: Table {
            primary_key: Key {
                name: "devices_pkey",
                ..DEVICES.primary_key
            },
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, ConstraintName, "devices: devices_pkey")),
    },
    Drift {
        class: "index missing",
        table: Table {
            indexes: &[
                INDEX,
                Index {
                    name: "ix_more",
                    columns: &["created_at DESC"],
                    ..INDEX
                },
            ],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexMissing, "devices: ix_more")),
    },
    Drift {
        class: "index extra",
        table: Table {
            indexes: &[],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexExtra, PLATFORM)),
    },
    Drift {
        class: "index: other columns",
        table: Table {
            indexes: &[Index {
                columns: &["user_id", "created_at"],
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexColumns, PLATFORM)),
    },
    Drift {
        class: "index: a column that is none",
        table: Table {
            indexes: &[Index {
                columns: &["user_id", "system"],
                ..INDEX
            }],
            ..DEVICES
        },
        own: Some((DomainColumn, PLATFORM, "instead of system")),
        databases: None,
    },
    Drift {
        class: "index: an expression",
        table: Table {
            indexes: &[Index {
                columns: &["user_id", "lower(platform)"],
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexColumns, PLATFORM)),
    },
    Drift {
        class: "index: order",
        table: Table {
            indexes: &[Index {
                columns: &["user_id", "platform DESC"],
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexOrder, PLATFORM)),
    },
    Drift {
        class: "index: uniqueness",
        table: Table {
            indexes: &[Index {
                unique: true,
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexUnique, PLATFORM)),
    },
    Drift {
        class: "index: predicate",
        table: Table {
            indexes: &[Index {
                predicate: Some("deleted_at IS NULL"),
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexPredicate, PLATFORM)),
    },
    Drift {
        class: "index renamed",
        table: Table {
            indexes: &[Index {
                name: "ix_devices",
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexRenamed, "devices: ix_devices")),
    },
    Drift {
        class: "foreign key extra",
        table: Table {
            foreign_keys: &[],
            ..REMINDERS
        },
        own: None,
        databases: Some((BOTH, ForeignKeyExtra, HABIT)),
    },
    Drift {
        class: "foreign key: other target",
        table: Table {
            foreign_keys: &[ForeignKey {
                references: "habit_entries",
                referenced_columns: &["user_id", "id"],
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: Some((DomainReference, HABIT, "unique key")),
        databases: None,
    },
    Drift {
        class: "foreign key: on delete",
        table: Table {
            foreign_keys: &[ForeignKey {
                on_delete: Action::Restrict,
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: None,
        databases: Some((BOTH, ForeignKeyDelete, HABIT)),
    },
    Drift {
        class: "foreign key: on update",
        table: Table {
            foreign_keys: &[ForeignKey {
                on_update: Action::Cascade,
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: None,
        databases: Some((BOTH, ForeignKeyUpdate, HABIT)),
    },
    Drift {
        class: "check missing",
        table: Table {
            checks: DEVICES_AND_MORE,
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, CheckMissing, "devices: ck_devices__more")),
    },
    Drift {
        class: "check of a type not named",
        table: Table {
            checks: &[],
            ..OUTBOX
        },
        own: Some((
            DomainCheck,
            "outbox: ck_outbox__id",
            "Check::on_sqlite(\"ck_outbox__id\"),",
        )),
        databases: Some((SQLITE, CheckExtra, "outbox: ck_outbox__operation")),
    },
    Drift {
        class: "check without its words",
        table: Table {
            checks: UNSAID,
            ..OUTBOX
        },
        own: Some((DomainCheck, "outbox: ck_outbox__operation", "holds")),
        databases: None,
    },
    Drift {
        class: "check weaker",
        table: Table {
            checks: STRICTER,
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, CheckWeaker, "devices: ck_devices__platform")),
    },
    Drift {
        class: "check stronger",
        table: Table {
            checks: LAXER,
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, CheckStronger, "devices: ck_devices__platform")),
    },
    Drift {
        class: "owner not known",
        table: Table {
            owner: None,
            ..DEVICES
        },
        own: Some((
            DomainManaged,
            "devices.user_id",
            "owner: Some(\"user_id\"),",
        )),
        databases: Some((POSTGRES, RowSecurityOn, "devices")),
    },
    Drift {
        class: "soft delete not known",
        table: Table {
            managed: ManagedColumns {
                deleted: None,
                ..ManagedColumns::ALL
            },
            ..DEVICES
        },
        own: Some((
            DomainManaged,
            "devices.deleted_at",
            "deleted: Some(\"deleted_at\"),",
        )),
        databases: None,
    },
    Drift {
        class: "version not known",
        table: Table {
            managed: ManagedColumns {
                version: None,
                ..ManagedColumns::ALL
            },
            ..DEVICES
        },
        own: Some((
            DomainManaged,
            "devices.version",
            "version: Some(\"version\"),",
        )),
        databases: None,
    },
    Drift {
        class: "grant too much",
        table: Table {
            privileges: &[Privilege::Select],
            ..DEVICES
        },
        own: None,
        databases: Some((POSTGRES, GrantExtra, "devices: DELETE TO catamaran_app")),
    },
    Drift {
        class: "table of the other engine alone",
        table: Table {
            presence: Presence::Only {
                engine: Engine::Sqlite,
                reason: "the test says so",
            },
            ..DEVICES
        },
        own: None,
        databases: Some((POSTGRES, TableExtra, "devices")),
    },
];

const DEVICES_AND_MORE: &[Check] = &[
    DEVICES.checks[0],
    DEVICES.checks[1],
    DEVICES.checks[2],
    DEVICES.checks[3],
    DEVICES.checks[4],
    DEVICES.checks[5],
    DEVICES.checks[6],
    DEVICES.checks[7],
    Check::on_both("ck_devices__more").holds("length(platform) <> 13"),
];

const fn platform(condition: &'static str) -> [Check; 8] {
    let mut checks = [DEVICES.checks[0]; 8];
    let mut place = 0;
    while place < checks.len() {
        checks[place] = DEVICES.checks[place];
        place += 1;
    }
    checks[2] = checks[2].holds(condition);
    checks
}

const STRICTER: &[Check] = &platform("length(platform) BETWEEN 2 AND 64");
const LAXER: &[Check] = &platform("length(platform) BETWEEN 0 AND 64");
const UNSAID: &[Check] = &[
    OUTBOX.checks[0],
    OUTBOX.checks[1],
    Check::on_sqlite("ck_outbox__operation"),
    OUTBOX.checks[3],
    OUTBOX.checks[4],
    OUTBOX.checks[5],
    OUTBOX.checks[6],
];

/// DOMAIN and what describes it say another name; nobody wrote a migration.
async fn renamed() -> Result<(), String> {
    let columns: Vec<ShapeColumn> = RENAMED
        .columns
        .iter()
        .map(|name| match *name {
            "system" => ShapeColumn::new("system", "text"),
            "id" | "user_id" => ShapeColumn::new(name, "uuid"),
            "version" => ShapeColumn::new(name, "bigint"),
            "last_sync_at" | "deleted_at" => ShapeColumn::nullable(name, "timestamptz"),
            _ => ShapeColumn::new(name, "timestamptz"),
        })
        .collect();
    let shape: &'static Shape = Box::leak(Box::new(Shape {
        table: "devices",
        columns: columns.leak(),
    }));
    let domain = with(RENAMED);
    let doctor = Doctor::new(domain).model(Model::shape(shape));
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let look = async || {
            of_database(
                doctor
                    .clone()
                    .database(database.database.url())
                    .check()
                    .await,
            )
        };
        let report = look().await;
        let [finding] = report.findings.as_slice() else {
            return Err(format!("one thing was renamed: {report}"));
        };
        if (finding.code, finding.subject().as_str()) != (Code::ColumnRenamed, "devices.system") {
            return Err(finding.to_string());
        }
        let apply = async |statements: &[String]| {
            for statement in statements {
                database.run(statement).await?;
            }
            Ok(())
        };
        mended(report, apply, look).await?;
    }
    Ok(())
}

const RENAMED: Table = Table {
    columns: &[
        "id",
        "user_id",
        "system",
        "last_sync_at",
        "created_at",
        "updated_at",
        "version",
        "deleted_at",
    ],
    indexes: &[Index {
        columns: &["user_id", "system"],
        ..INDEX
    }],
    checks: &platform_of("length(system) BETWEEN 1 AND 64"),
    ..DEVICES
};

const fn platform_of(condition: &'static str) -> [Check; 8] {
    let mut checks = platform(condition);
    checks[2] = checks[2].of(&["system"]);
    checks
}

/// Each drift: the class, the code in DOMAIN's own place if it can be known there, and whether all is as it
/// has to be: found in DOMAIN, found in both databases, and the databases mended into the new DOMAIN.
pub async fn all() -> Vec<(&'static str, String, Result<(), String>)> {
    let mut outcomes = Vec::new();
    for drift in DRIFTS {
        let code = match (drift.own, drift.databases) {
            (Some((code, ..)), _) => code.to_string(),
            (None, Some((_, code, _))) => format!("{code} elsewhere"),
            (None, None) => String::new(),
        };
        outcomes.push((drift.class, code, one(drift).await));
    }
    outcomes.push((
        "column renamed without a migration",
        "CAT012 elsewhere".to_owned(),
        renamed().await,
    ));
    outcomes.extend(exceptions().await);
    outcomes
}

async fn one(drift: &Drift) -> Result<(), String> {
    let domain = with(drift.table);
    let own = Doctor::new(domain).check().await;
    if let Some((code, subject, mend)) = drift.own {
        let is_it = |finding: &&Finding| {
            finding.place == Place::Domain && finding.code == code && finding.subject() == subject
        };
        let finding = own.findings.iter().find(is_it);
        let finding = finding.ok_or_else(|| format!("{code} {subject} is not there: {own}"))?;
        if !finding.mend.to_string().contains(mend) {
            return Err(format!("no {mend:?} in {finding}"));
        }
    }
    let Some((engines, code, subject)) = drift.databases else {
        return Ok(());
    };
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let look = async || {
            of_database(
                Doctor::new(domain)
                    .database(database.database.url())
                    .check()
                    .await,
            )
        };
        let report = look().await;
        let is_there = report
            .findings
            .iter()
            .any(|f| f.code == code && f.subject() == subject);
        if is_there != engines.contains(&engine) {
            return Err(format!(
                "{code} {subject} on {engine}: {is_there}; {report}"
            ));
        }
        let apply = async |statements: &[String]| {
            for statement in statements {
                database.run(statement).await?;
            }
            Ok(())
        };
        mended(report, apply, look).await?;
    }
    Ok(())
}

/// The findings of the database alone: what DOMAIN and the code disagree on is another matter.
fn of_database(mut report: Report) -> Report {
    report
        .findings
        .retain(|finding| finding.place.is_database());
    report
}

/// DOMAIN with one table changed. A renamed one is known by its primary key.
fn with(changed: Table) -> &'static Domain {
    let same = |table: &Table| {
        table.name == changed.name || table.primary_key.name == changed.primary_key.name
    };
    let tables = entity::DOMAIN.tables.iter();
    let tables: Vec<Table> = tables
        .map(|table| if same(table) { changed } else { *table })
        .collect();
    Box::leak(Box::new(Domain {
        tables: tables.leak(),
        ..entity::DOMAIN
    }))
}

async fn exceptions() -> Vec<(&'static str, String, Result<(), String>)> {
    let exception = |code, subject, reason| Exception {
        code,
        place: Place::Database(Engine::Sqlite),
        subject,
        reason,
    };
    let stale = exception("CAT031", "habits: ix_gone", "once it was there");
    let silent = exception("CAT031", "habits: ix_more", " ");
    let good = exception("CAT031", "habits: ix_more", "someone searches by name");
    let mut outcomes = Vec::new();
    for (class, exception, code) in [
        ("exception, stale", stale, Some(ExceptionStale)),
        ("exception without a reason", silent, Some(ExceptionReason)),
        ("exception that holds", good, None),
    ] {
        let outcome = excepted(exception, code).await;
        outcomes.push((
            class,
            code.map_or("none".to_owned(), |code| code.to_string()),
            outcome,
        ));
    }
    outcomes
}

async fn excepted(exception: Exception, code: Option<Code>) -> Result<(), String> {
    let domain: &'static Domain = Box::leak(Box::new(Domain {
        exceptions: vec![exception].leak(),
        ..entity::DOMAIN
    }));
    let database = Migrated::new(Engine::Sqlite).await;
    if exception.subject == "habits: ix_more" {
        database
            .run("CREATE INDEX ix_more ON habits (name)")
            .await?;
    }
    // Where its place is not looked at, nobody can say that it is stale.
    let elsewhere = Doctor::new(domain).check().await;
    if code == Some(ExceptionStale) && !elsewhere.is_clean() {
        return Err(format!("judged unseen: {elsewhere}"));
    }
    let report = Doctor::new(domain)
        .database(database.database.url())
        .check()
        .await;
    let codes: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
    match codes == Vec::from_iter(code) {
        true => {}
        false => return Err(format!("{codes:?}: {report}")),
    }
    let mend = report.findings.first().map(|finding| &finding.mend);
    match (code, mend) {
        // Without the exception all is clean.
        (Some(ExceptionStale), Some(Mend::Rust { line, .. })) if line.contains("ix_gone") => Ok(()),
        (Some(ExceptionReason), Some(Mend::Rust { line, .. })) if line.contains("reason") => Ok(()),
        (None, None) if report.excepted.len() == 1 && report.is_clean() => Ok(()),
        (_, mend) => Err(format!("{mend:?}: {report}")),
    }
}
