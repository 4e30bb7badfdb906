//! Decimal numbers: spellings of a default, and suggested migrations.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Place};
use catamaran::domain::{ColumnDefault, DefaultValue, Domain, Table};
use catamaran::migrate::{History, Script, TwinMigration};
use suite::exhibit::{self, DOMAIN, EXHIBITS};

use crate::databases::Migrated;

#[tokio::test]
async fn default_of_an_equal_number_with_another_scale_is_no_finding() {
    let database = Migrated::by::<exhibit::Migrator>(Engine::Postgres).await;
    let doctor = Doctor::new(&DOMAIN).database(database.database.url());
    for (default, is_equal) in [
        ("1.5", true),
        ("1.5000", true),
        ("'1.5'", true),
        ("'1.50'::numeric", true),
        ("1.5::numeric(12, 2)", true),
        ("1.51", false),
        ("15", false),
        ("-1.5", false),
        ("1.5::numeric(12, 0)", false),
    ] {
        let sql = format!("ALTER TABLE exhibits ALTER price SET DEFAULT {default}");
        database.run(&sql).await.expect("a default");
        let report = doctor.check().await;
        let told: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
        let expected: &[Code] = if is_equal {
            &[]
        } else {
            &[Code::ColumnDefault]
        };
        assert_eq!(told, expected, "{default}: {report}");
    }
}

/// The reference domain of types with defaults that have other scales than their columns.
const OTHER_SCALES: Domain = Domain {
    tables: &[
        Table {
            defaults: &[
                EXHIBITS.defaults[0],
                ColumnDefault {
                    column: "price",
                    value: DefaultValue::Numeric {
                        units: 15,
                        scale: 1,
                    },
                },
                EXHIBITS.defaults[2],
                EXHIBITS.defaults[3],
                EXHIBITS.defaults[4],
            ],
            ..EXHIBITS
        },
        exhibit::MEASURES,
        exhibit::PAPERS,
    ],
    ..DOMAIN
};

#[tokio::test]
async fn default_of_the_domain_may_have_fewer_digits_than_its_column() {
    let doctor = Doctor::new(&OTHER_SCALES).migrations::<exhibit::Migrator>();
    let report = doctor.check().await;
    assert!(report.is_clean(), "{report}");
}

/// The history of a version whose numbers had other types and ranges, and which lacked one.
struct OtherNumbers;

struct Rewritten(Box<dyn TwinMigration>);

fn rewritten(engine: Engine, script: &Script, changes: &[(&str, &str)]) -> Script {
    let statements = script.statements(engine).map(|sql| {
        let sql = sql.into_owned();
        changes
            .iter()
            .fold(sql, |sql, (from, to)| sql.replace(from, to))
    });
    statements.fold(Script::new(), Script::sql)
}

impl TwinMigration for Rewritten {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn sqlite_up(&self) -> Script {
        let changes = [
            (
                "BETWEEN -999999999999 AND 999999999999)",
                "BETWEEN -999 AND 999)",
            ),
            (
                "price INTEGER NOT NULL DEFAULT 150",
                "price INTEGER NOT NULL DEFAULT 15",
            ),
            ("balance INTEGER,", "balance REAL,"),
            ("share INTEGER,", ""),
            (
                "CONSTRAINT ck_exhibits__share\n                    CHECK (share BETWEEN -999999999999999999 AND 999999999999999999),",
                "",
            ),
        ];
        rewritten(Engine::Sqlite, &self.0.sqlite_up(), &changes)
    }

    fn sqlite_down(&self) -> Script {
        self.0.sqlite_down()
    }

    fn postgres_up(&self) -> Script {
        let changes = [
            (
                "price numeric(12, 2) NOT NULL DEFAULT 1.50",
                "price numeric(12, 2) NOT NULL DEFAULT 0.15",
            ),
            ("balance numeric(18, 0)", "balance numeric(10, 0)"),
            ("share numeric(18, 18),", ""),
            ("CONSTRAINT ck_exhibits__share CHECK (share <> 'NaN'),", ""),
        ];
        rewritten(Engine::Postgres, &self.0.postgres_up(), &changes)
    }

    fn postgres_down(&self) -> Script {
        self.0.postgres_down()
    }
}

impl History for OtherNumbers {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut migrations = exhibit::History::migrations();
        let exhibits = migrations.remove(1);
        migrations.insert(1, Box::new(Rewritten(exhibits)));
        migrations
    }
}

#[tokio::test]
async fn changed_and_missing_numbers_are_found_and_migrated() {
    let doctor = Doctor::new(&DOMAIN).migrations::<OtherNumbers>();
    let report = doctor.check().await;
    for engine in Engine::ALL {
        for (code, subject) in [
            (Code::ColumnDefault, "exhibits.price"),
            (Code::ColumnType, "exhibits.balance"),
            (Code::ColumnMissing, "exhibits.share"),
        ] {
            let mut findings = report.findings.iter();
            let is_told = findings.any(|one| {
                one.place == Place::Migrations(engine)
                    && one.code == code
                    && one.subject() == subject
            });
            assert!(is_told, "{engine}: {code} {subject}: {report}");
        }
    }
    let suggestion = doctor.suggest(&report, "m20300101_000001_numbers").await;
    assert!(suggestion.by_hand.is_empty(), "{:?}", suggestion.by_hand);
    let up = suggestion.up(Engine::Postgres).join(";\n");
    for part in ["numeric(18,0)", "numeric(18,18)", "1.50"] {
        assert!(up.contains(part), "{part}: {up}");
    }
    let up = suggestion.up(Engine::Sqlite).join(";\n");
    for part in ["999999999999", "share", "DEFAULT 150"] {
        assert!(up.contains(part), "{part}: {up}");
    }
}
