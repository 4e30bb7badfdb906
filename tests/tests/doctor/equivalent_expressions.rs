//! Postgres rewrites expressions. The doctor asks it whether two expressions are equivalent.

use catamaran::doctor::{Code, Doctor, Report};
use catamaran::domain::{
    Check, Command, Domain, Equivalence, Index, NativeType, Policy, PrimaryKey, Table, TableSource,
    TableTypes, TypedColumn,
};
use catamaran::migrate::{self, ConnectOptions, History};
use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};
use catamaran::{Engine, ErrorKind, Fingerprint, StoreOptions};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use suite::adversarial;
use suite::pace::PLENTY;

const fn native(column: &'static str) -> NativeType {
    NativeType {
        column,
        collation: None,
        form: None,
        field: "String",
        attribute: None,
        entity: column,
    }
}

const fn ty(name: &'static str, postgres: &'static str) -> Equivalence {
    Equivalence {
        name,
        sqlite: native("TEXT"),
        postgres: native(postgres),
    }
}

const fn check(name: &'static str, condition: &'static str) -> Check {
    Check {
        postgres: Some(condition),
        ..Check::on_postgres(name)
    }
}

const CHECKS: &[Check] = &[
    check("ck_trim", "trim(name) <> ''"),
    check("ck_at_literal", "at > '2024-01-01'"),
    check("ck_time", "t > '10:00'"),
    check("ck_zone", "at AT TIME ZONE 'UTC' > '2000-01-01'"),
    check("ck_fraction", "n >= 1.5"),
    check("ck_exponent", "n > 1e3"),
    check("ck_power", "n ^ 2 > 4"),
    check("ck_interval", "at - at < interval '1 day'"),
    check("ck_any", "n = ANY ('{1,2}'::int[])"),
    check("ck_similar", "name SIMILAR TO 'a%'"),
    check("ck_row", "(n, name) <> (1, 'a')"),
    check("ck_isnull", "n ISNULL"),
    check("ck_symmetric", "n BETWEEN SYMMETRIC 9 AND 3"),
    check("ck_cut", "name = 'a'::varchar(3)"),
    check("ck_varchar", "code IN ('ab', 'cd')"),
    check("ck_cast", "day::text >= '0001'"),
];

const THINGS: Table = Table {
    name: "things",
    columns: &["id", "name", "code", "n", "at", "t", "day", "user_id"],
    primary_key: PrimaryKey {
        name: "pk_things",
        columns: &["id"],
    },
    checks: CHECKS,
    indexes: &[
        Index {
            name: "ix_things__name",
            columns: &["trim(name)", "n"],
            unique: false,
            predicate: Some("n > 1.5"),
        },
        Index {
            name: "ix_things__user_id",
            columns: &["user_id"],
            unique: false,
            predicate: None,
        },
    ],
    policies: &[Policy {
        name: "named",
        permissive: true,
        command: Command::All,
        roles: &[],
        using: Some("n ^ 2 > 4 AND name = (SELECT current_setting('app.name', true))"),
        with_check: Some("n >= 0.5"),
    }],
    ..Table::BLANK
};

static DOMAIN: Domain = Domain {
    tables: &[THINGS],
    types: &[
        ty("time", "time without time zone"),
        ty("code", "character varying(8)"),
        ty("moment", "timestamp with time zone"),
        ty("day", "date"),
    ],
    sources: &[TableSource::types(&TableTypes {
        table: "things",
        columns: &[
            TypedColumn::new("id", "bigint"),
            TypedColumn::nullable("name", "text"),
            TypedColumn::nullable("code", "code"),
            TypedColumn::nullable("n", "bigint"),
            TypedColumn::nullable("at", "moment"),
            TypedColumn::nullable("t", "time"),
            TypedColumn::nullable("day", "day"),
            TypedColumn::nullable("user_id", "uuid"),
        ],
    })],
    ..Domain::BLANK
};

struct Things {
    database: EphemeralDatabase,
    db: DatabaseConnection,
}

impl Things {
    /// As the doctor's fixes create them.
    async fn new() -> Self {
        let server = PostgresServer::shared().await.expect("a server");
        let database = DatabaseOptions::new().empty_postgres_on(server).await;
        let database = database.expect("a database");
        let db = connect(database.url()).await;
        let things = Things { database, db };
        let role = <adversarial::History as History>::migrations().remove(0);
        for sql in role.postgres_up().statements(Engine::Postgres) {
            things.run(&sql).await;
        }
        let steps = look(&things.db).await.statements(Engine::Postgres);
        things.run(&steps.join(";\n")).await;
        things
    }

    async fn run(&self, sql: &str) {
        if let Err(error) = self.db.execute_unprepared(sql).await {
            panic!("{error}: {sql}");
        }
    }

    async fn instead(&self, check: &str, condition: &str) {
        self.run(&format!("ALTER TABLE things DROP CONSTRAINT {check}"))
            .await;
        self.run(&format!(
            "ALTER TABLE things ADD CONSTRAINT {check} CHECK ({condition})"
        ))
        .await;
    }
}

async fn connect(url: &str) -> DatabaseConnection {
    let db = migrate::connect(url, ConnectOptions::default()).await;
    db.expect("a connection")
}

async fn look(db: &DatabaseConnection) -> Report {
    Doctor::new(&DOMAIN).check_connection(db).await
}

fn told(report: &Report) -> Vec<(Code, String)> {
    let findings = report.findings.iter();
    findings
        .map(|finding| (finding.code, finding.subject()))
        .collect()
}

#[tokio::test]
async fn expressions_that_postgres_rewrites_are_no_drift() {
    let things = Things::new().await;
    let report = look(&things.db).await;
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn expressions_that_postgres_rewrites_are_no_drift_for_a_role_without_rights() {
    let things = Things::new().await;
    let name = format!("asker_{}", std::process::id());
    things
        .run(&format!("CREATE ROLE {name} LOGIN PASSWORD 'reads'"))
        .await;
    let mut url: url::Url = things.database.url().parse().expect("a URL");
    url.set_username(&name).expect("a user");
    url.set_password(Some("reads")).expect("a password");
    let report = look(&connect(url.as_str()).await).await;
    things.run(&format!("DROP ROLE {name}")).await;
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn expressions_with_another_meaning_are_drift() {
    for (check, condition) in [
        ("ck_trim", "trim(name) <> ' '"),
        ("ck_at_literal", "at > '2023-01-01'"),
        ("ck_time", "t >= '10:00'"),
        ("ck_zone", "at AT TIME ZONE 'CET' > '2000-01-01'"),
        ("ck_fraction", "n >= 0.4"),
        ("ck_exponent", "n > 1e2"),
        ("ck_any", "n = ANY ('{1,2,3}'::int[])"),
        ("ck_row", "(n, name) <> (1, 'b')"),
        ("ck_symmetric", "n BETWEEN SYMMETRIC 9 AND 2"),
        ("ck_varchar", "code IN ('ab', 'cd', 'ef')"),
    ] {
        let things = Things::new().await;
        things.instead(check, condition).await;
        let report = look(&things.db).await;
        let expected = (Code::CheckWeaker, format!("things: {check}"));
        assert_eq!(told(&report), [expected], "{condition}: {report}");
        things
            .run(&report.statements(Engine::Postgres).join(";\n"))
            .await;
        let report = look(&things.db).await;
        assert!(report.is_clean(), "{condition}: {report}");
    }
}

/// Neither a row nor a plan decides whether they are equivalent: the report says so, and no more.
#[tokio::test]
async fn expressions_of_unknown_equivalence_are_not_called_weaker() {
    for (check, condition) in [
        ("ck_trim", "ltrim(name) <> ''"),
        ("ck_fraction", "n >= 1.4"),
        ("ck_trim", "trim(name COLLATE \"POSIX\") <> ''"),
        ("ck_cast", "day >= '0001-01-01'"),
    ] {
        let things = Things::new().await;
        things.instead(check, condition).await;
        let report = look(&things.db).await;
        let expected = (Code::NotShownEqual, format!("things: {check}"));
        assert_eq!(told(&report), [expected], "{condition}: {report}");
    }
}

#[tokio::test]
async fn equivalent_spellings_are_no_drift() {
    for (check, condition) in [
        ("ck_any", "n BETWEEN 1 AND 2"),
        ("ck_any", "things.n >= '1' AND n < 3"),
        ("ck_any", "NOT (n < 1 OR n > 2)"),
        ("ck_isnull", "things.n IS NULL"),
    ] {
        let things = Things::new().await;
        things.instead(check, condition).await;
        let report = look(&things.db).await;
        assert!(report.is_clean(), "{condition}: {report}");
    }
}

#[tokio::test]
async fn indexes_and_policies_over_other_expressions_are_drift() {
    let things = Things::new().await;
    for sql in [
        "DROP INDEX ix_things__user_id",
        "CREATE INDEX ix_things__user_id ON things ((user_id::text))",
        "DROP INDEX ix_things__name",
        "CREATE INDEX ix_things__name ON things (ltrim(name), n) WHERE n > 2.25",
        "ALTER POLICY named ON things USING (n ^ 2 > 4 AND name = (SELECT current_setting('app.other', true)))",
    ] {
        things.run(sql).await;
    }
    let mut found = told(&look(&things.db).await);
    found.sort_by_key(|(code, subject)| (code.to_string(), subject.clone()));
    let at = |name: &str| format!("things: {name}");
    assert_eq!(
        found,
        [
            (Code::IndexColumns, at("ix_things__name")),
            (Code::IndexColumns, at("ix_things__user_id")),
            (Code::IndexPredicate, at("ix_things__name")),
            (Code::PolicyCondition, at("named")),
        ]
    );
}

/// Planning would run an immutable function, and so would let its author run code as the user of the doctor.
#[tokio::test]
async fn comparing_expressions_runs_no_function_of_the_database() {
    let things = Things::new().await;
    let sleeper = |body: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION sleeper(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql
                AS 'BEGIN {body} RETURN 1; END'"
        )
    };
    things.run(&sleeper("")).await;
    things.instead("ck_trim", "sleeper(1) > 0").await;
    things.run(&sleeper("PERFORM pg_sleep(3600);")).await;
    let report = tokio::time::timeout(PLENTY, look(&things.db)).await;
    let report = report.expect("nothing that sleeps");
    let expected = (Code::CheckWeaker, "things: ck_trim".to_owned());
    assert_eq!(told(&report), [expected], "{report}");
}

#[tokio::test]
async fn a_fingerprint_accepts_equivalent_expressions() {
    let things = Things::new().await;
    let open = async || {
        let options = StoreOptions::new(things.database.url());
        options.fingerprint(Fingerprint::of(&DOMAIN)).open().await
    };
    open().await.expect("the schema that it was built for");
    things.instead("ck_trim", "trim(name) <> ' '").await;
    let error = open().await.expect_err("another schema");
    let ErrorKind::SchemaDiffers { reason } = error.kind() else {
        panic!("{error:?}");
    };
    assert!(reason.contains("ck_trim"), "{reason}");
}
