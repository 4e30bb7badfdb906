//! An object that shadows a builtin of Postgres is an error, whatever its name, schema and signature. The fingerprint
//! refuses it too.

use catamaran::doctor::{Code, Doctor, Severity};
use catamaran::{Engine, ErrorKind, Fingerprint, StoreOptions};

use crate::databases::Migrated;

const POLICY: &str = "habits: owner_habits";

/// Statements, and the finding that they cause.
struct Shadow {
    sql: &'static [&'static str],
    code: Code,
    subject: &'static str,
}

const SHADOWS: &[Shadow] = &[
    Shadow {
        sql: &[
            "CREATE FUNCTION public.current_setting(varchar, boolean) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'",
            "ALTER POLICY owner_habits ON habits USING (user_id = (SELECT nullif(nullif(\
             current_setting('request.jwt.claims'::varchar, true), '')::jsonb ->> 'sub', '')::uuid))",
        ],
        code: Code::PolicyCondition,
        subject: POLICY,
    },
    // By its default.
    Shadow {
        sql: &[
            "CREATE FUNCTION public.current_setting(text, int DEFAULT 1, VARIADIC text[] DEFAULT '{}') RETURNS text \
             LANGUAGE sql AS 'SELECT NULL::text'",
            "ALTER POLICY owner_habits ON habits USING (user_id = (SELECT nullif(nullif(\
             current_setting('request.jwt.claims', 1, 'a'), '')::jsonb ->> 'sub', '')::uuid))",
        ],
        code: Code::PolicyCondition,
        subject: POLICY,
    },
    // Postgres does not print the function of a cast,
    Shadow {
        sql: &[
            "CREATE FUNCTION public.evil(text) RETURNS uuid LANGUAGE sql AS $$ SELECT NULL::uuid $$",
            "CREATE CAST (text AS uuid) WITH FUNCTION public.evil(text)",
            "ALTER POLICY owner_habits ON habits USING (user_id = (SELECT nullif(nullif(\
             current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))",
        ],
        code: Code::PolicyCondition,
        subject: POLICY,
    },
    // nor the operator of NULLIF.
    Shadow {
        sql: &[
            "CREATE FUNCTION public.never(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false'",
            "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.never)",
            "BEGIN; SET LOCAL search_path = public, pg_catalog; \
             ALTER POLICY owner_habits ON habits USING (user_id OPERATOR(pg_catalog.=) (SELECT nullif(nullif(\
             current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid)); COMMIT",
        ],
        code: Code::PolicyCondition,
        subject: POLICY,
    },
    // Objects in pg_catalog are printed without a schema.
    Shadow {
        sql: &[
            "CREATE FUNCTION pg_catalog.current_setting(text, int) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'",
            "ALTER POLICY owner_habits ON habits USING (user_id = (SELECT nullif(nullif(\
             current_setting('request.jwt.claims', 1), '')::jsonb ->> 'sub', '')::uuid))",
        ],
        code: Code::PolicyCondition,
        subject: POLICY,
    },
    Shadow {
        sql: &[
            "CREATE FUNCTION public.always(timestamptz, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
            "CREATE OPERATOR pg_catalog.>= (LEFTARG = timestamptz, RIGHTARG = text, FUNCTION = public.always)",
            "ALTER TABLE habits DROP CONSTRAINT ck_habits__created_at",
            "ALTER TABLE habits ADD CONSTRAINT ck_habits__created_at CHECK \
             (created_at >= '0001-01-01 00:00:00+00'::text AND created_at < '10000-01-01 00:00:00+00')",
        ],
        code: Code::CheckWeaker,
        subject: "habits: ck_habits__created_at",
    },
    // It is first in the search path of the database, and its signature matches.
    Shadow {
        sql: &[
            "CREATE FUNCTION public.char_length(text) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$",
            "BEGIN; SET LOCAL search_path = public, pg_catalog; ALTER TABLE devices DROP CONSTRAINT ck_devices__platform, \
             ADD CONSTRAINT ck_devices__platform CHECK (char_length(platform) BETWEEN 1 AND 64); COMMIT",
        ],
        code: Code::CheckWeaker,
        subject: "devices: ck_devices__platform",
    },
    Shadow {
        sql: &[
            "CREATE DOMAIN public.int8 AS pg_catalog.int8",
            "ALTER TABLE habits ALTER version TYPE public.int8",
        ],
        code: Code::ColumnType,
        subject: "habits.version",
    },
    Shadow {
        sql: &[
            "CREATE COLLATION public.\"C\" FROM \"POSIX\"",
            "ALTER TABLE habits ALTER name TYPE text COLLATE public.\"C\"",
        ],
        code: Code::ColumnCollation,
        subject: "habits.name",
    },
    Shadow {
        sql: &[
            "CREATE FUNCTION public.lives(timestamptz) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false'",
            "DROP INDEX uq_habit_entries__user_id_habit_id_date",
            "CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) \
             WHERE public.lives(deleted_at)",
        ],
        code: Code::IndexPredicate,
        subject: "habit_entries: uq_habit_entries__user_id_habit_id_date",
    },
    // The fingerprint refuses the same schema.
    Shadow {
        sql: &[
            "CREATE SCHEMA catamaran_app",
            "CREATE VIEW catamaran_app.habits AS SELECT * FROM public.habits",
        ],
        code: Code::Shadowed,
        subject: "habits: catamaran_app.habits",
    },
    Shadow {
        sql: &["UPDATE pg_index SET indisready = false WHERE indexrelid = 'pk_devices'::regclass"],
        code: Code::UniqueKeyOptions,
        subject: "devices: pk_devices",
    },
    Shadow {
        sql: &["GRANT ALL ON seaql_migrations TO catamaran_app"],
        code: Code::HistoryWritable,
        subject: "seaql_migrations: TRUNCATE TO catamaran_app",
    },
];

#[tokio::test]
async fn objects_that_shadow_builtins_of_postgres_are_errors() {
    for Shadow { sql, code, subject } in SHADOWS {
        let database = Migrated::new(Engine::Postgres).await;
        for sql in *sql {
            database.run(sql).await.expect("a statement");
        }
        let url = database.database.url();
        let report = Doctor::new(&entity::DOMAIN).database(url).check().await;
        let is_it = report.findings.iter().any(|finding| {
            (finding.code, finding.subject().as_str()) == (*code, *subject)
                && finding.severity() == Severity::Error
        });
        assert!(is_it, "{sql:?}: {code} {subject}: {report}");
        let fingerprint = Fingerprint::of(&entity::DOMAIN);
        let opened = StoreOptions::new(url).fingerprint(fingerprint).open().await;
        let error = opened.expect_err("another schema");
        let is_refused = matches!(error.kind(), ErrorKind::SchemaDiffers { .. });
        assert!(is_refused, "{sql:?}: {error}");
    }
}

/// The doctor calls functions of pg_catalog, whatever the search path is.
#[tokio::test]
async fn the_doctor_calls_no_function_of_the_database() {
    let database = Migrated::new(Engine::Postgres).await;
    for sql in [
        "CREATE TABLE public.called (by text)",
        "CREATE FUNCTION public.array_remove(text[], text) RETURNS text[] LANGUAGE sql AS 'SELECT NULL::text[]'",
        "CREATE FUNCTION public.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'",
        "CREATE VIEW public.pg_policy AS SELECT * FROM pg_catalog.pg_policy WHERE false",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$",
    ] {
        database.run(sql).await.expect("a statement");
    }
    let url = database.database.url();
    let report = Doctor::new(&entity::DOMAIN).database(url).check().await;
    let mut told: Vec<String> = report.findings.iter().map(|one| one.subject()).collect();
    told.sort();
    assert_eq!(told, ["called", "pg_policy: pg_policy"], "{report}");
}

#[tokio::test]
async fn a_schema_other_than_public_is_clean() {
    let database = Migrated::new(Engine::Postgres).await;
    database
        .run("ALTER SCHEMA public RENAME TO habits_of_ours; CREATE SCHEMA public; GRANT USAGE ON SCHEMA habits_of_ours TO catamaran_app")
        .await
        .expect("a schema of its own");
    let doctor = Doctor::new(&entity::DOMAIN);
    let doctor = doctor.database_schema(database.database.url(), "habits_of_ours");
    let report = doctor.check().await;
    assert!(report.is_clean(), "{report}");
}
