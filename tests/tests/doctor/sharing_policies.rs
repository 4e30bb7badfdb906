//! A second policy of the domain that shares rows. The doctor creates it and accepts the one that it created.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor};
use catamaran::domain::{Command, Domain, Policy, Table};
use entity::DOMAIN;
use entity::domain::HABITS;

use crate::databases::Migrated;

/// DOMAIN with a policy that shows more rows of habits.
fn sharing(using: &'static str) -> &'static Domain {
    let policy = Policy {
        name: "shared_habits",
        permissive: true,
        command: Command::Select,
        roles: &[],
        using: Some(using),
        with_check: None,
    };
    let habits = Table {
        policies: vec![policy].leak(),
        ..HABITS
    };
    let tables = DOMAIN.tables.iter();
    let tables = tables.map(|table| {
        if table.name == HABITS.name {
            habits
        } else {
            *table
        }
    });
    Box::leak(Box::new(Domain {
        tables: tables.collect::<Vec<_>>().leak(),
        ..DOMAIN
    }))
}

const FUNCTION: &str =
    "CREATE FUNCTION public.is_shared(uuid) RETURNS boolean LANGUAGE sql AS 'SELECT false'";
const TYPE: &str = "CREATE TYPE public.kind AS ENUM ('shared')";

#[tokio::test]
async fn a_sharing_policy_as_the_domain_has_it_is_clean() {
    for using in [
        "EXISTS (SELECT 1 FROM devices d WHERE d.user_id = habits.user_id AND d.platform = 'shared')",
        "EXISTS (SELECT FROM devices WHERE devices.user_id = habits.user_id AND platform = 'shared')",
        "exists (select 1 from public.devices as d where d.platform = 'shared' and d.user_id = habits.user_id)",
        "NOT EXISTS (SELECT 1 FROM devices d JOIN reminders r ON r.user_id = d.user_id WHERE d.user_id = habits.user_id)",
        "user_id IN (SELECT d.user_id FROM devices d WHERE d.platform = 'shared')",
        "user_id NOT IN (SELECT user_id FROM devices WHERE devices.platform = 'shared')",
        "is_shared(id)",
        "public.is_shared(habits.id) AND name <> ''",
        "'shared'::kind = 'shared'::public.kind AND habits.is_archived",
    ] {
        let database = Migrated::new(Engine::Postgres).await;
        for sql in [FUNCTION, TYPE] {
            database.run(sql).await.expect("a statement");
        }
        let doctor = Doctor::new(sharing(using)).database(database.database.url());
        let report = doctor.check().await;
        let told: Vec<Code> = report.findings.iter().map(|one| one.code).collect();
        assert_eq!(told, [Code::PolicyMissing], "{using}: {report}");
        for sql in report.statements(Engine::Postgres) {
            database.run(&sql).await.expect("a fix");
        }
        let report = doctor.check().await;
        assert!(report.is_clean(), "{using}: {report}");
    }
}

/// Other rows, other tables, and tables of the same name elsewhere.
#[tokio::test]
async fn a_sharing_policy_that_shows_other_rows_is_reported() {
    let using = "EXISTS (SELECT 1 FROM devices d WHERE d.user_id = habits.user_id AND d.platform = 'shared')";
    for other in [
        "EXISTS (SELECT 1 FROM devices d WHERE d.user_id = habits.user_id AND d.platform <> 'shared')",
        "EXISTS (SELECT 1 FROM devices d WHERE d.user_id = d.user_id AND d.platform = 'shared')",
        "EXISTS (SELECT 1 FROM devices d WHERE d.id = habits.user_id AND d.platform = 'shared')",
        "EXISTS (SELECT 1 FROM elsewhere.devices d WHERE d.user_id = habits.user_id AND d.platform = 'shared')",
        "EXISTS (SELECT 1 FROM elsewhere.devices WHERE devices.user_id = habits.user_id AND devices.platform = 'shared')",
        "EXISTS (SELECT 1 FROM devices d LEFT JOIN devices e ON true WHERE d.user_id = habits.user_id AND d.platform = 'shared' OR e.id IS NULL)",
        "NOT EXISTS (SELECT 1 FROM devices d WHERE d.user_id = habits.user_id AND d.platform = 'shared')",
    ] {
        let database = Migrated::new(Engine::Postgres).await;
        for sql in [
            "CREATE SCHEMA elsewhere",
            "CREATE VIEW elsewhere.devices AS SELECT id, user_id, platform FROM public.devices",
            &format!("CREATE POLICY shared_habits ON habits FOR SELECT USING ({other})"),
        ] {
            database.run(sql).await.expect("a statement");
        }
        let doctor = Doctor::new(sharing(using)).database(database.database.url());
        let report = doctor.check().await;
        let told: Vec<Code> = report.findings.iter().map(|one| one.code).collect();
        assert_eq!(told, [Code::PolicyCondition], "{other}: {report}");
    }
}
