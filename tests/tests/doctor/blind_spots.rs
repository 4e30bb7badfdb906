//! What the doctor says nothing of: each entry of the page's list, planted.

use std::path::Path;

use catamaran::Engine;
use catamaran::doctor::Doctor;
use entity::DOMAIN;

use crate::databases::Migrated;
use crate::drift::Change::{self, Sql, Written};

/// The entry of the page, and SQL that causes it.
const PLANTED: &[(&str, Engine, &[Change])] = &[
    (
        "What a function does.",
        Engine::Postgres,
        &[
            Sql(
                "CREATE FUNCTION all_habits() RETURNS SETOF habits LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM habits'",
            ),
            Sql(
                "CREATE OR REPLACE FUNCTION all_habits() RETURNS SETOF habits LANGUAGE sql AS 'SELECT * FROM habits LIMIT 1'",
            ),
        ],
    ),
    (
        "What is in other schemas.",
        Engine::Postgres,
        &[
            Sql("CREATE SCHEMA reports"),
            Sql("CREATE VIEW reports.habits AS SELECT * FROM public.habits"),
            Sql("GRANT SELECT ON reports.habits TO PUBLIC"),
        ],
    ),
    (
        "Privileges of other roles",
        Engine::Postgres,
        &[Sql("GRANT ALL ON habits TO pg_monitor")],
    ),
    (
        "What a type is within",
        Engine::Postgres,
        &[
            Sql("CREATE TYPE kind AS ENUM ('a')"),
            Sql("ALTER TYPE kind ADD VALUE 'b'"),
            Sql("CREATE DOMAIN short AS text CHECK (length(value) < 9)"),
            Sql("ALTER DOMAIN short ADD CHECK (length(value) < 5)"),
        ],
    ),
    (
        "Sequences, comments and statistics",
        Engine::Postgres,
        &[
            Sql("CREATE SEQUENCE counter"),
            Sql("COMMENT ON TABLE habits IS 'of ours'"),
            Sql("CREATE STATISTICS habits_by_user ON user_id, name FROM habits"),
        ],
    ),
    (
        "Event triggers.",
        Engine::Postgres,
        &[
            Sql("CREATE FUNCTION quiet() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"),
            Sql("CREATE EVENT TRIGGER quiet ON ddl_command_end EXECUTE FUNCTION quiet()"),
        ],
    ),
    (
        "Publications and subscriptions.",
        Engine::Postgres,
        &[
            Sql("CREATE PUBLICATION everything FOR TABLE habits"),
            Sql(
                "CREATE SUBSCRIPTION nowhere CONNECTION 'host=127.0.0.1' PUBLICATION everything \
                 WITH (connect = false, slot_name = NONE)",
            ),
        ],
    ),
    (
        "Casts, operators and languages",
        Engine::Postgres,
        &[
            Sql(
                "CREATE FUNCTION as_uuid(text) RETURNS uuid LANGUAGE sql IMMUTABLE AS 'SELECT uuid_in($1::cstring)'",
            ),
            Sql("CREATE CAST (text AS uuid) WITH FUNCTION as_uuid(text) AS IMPLICIT"),
            Sql("CREATE FUNCTION same(uuid, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'"),
            Sql("CREATE OPERATOR = (LEFTARG = uuid, RIGHTARG = text, FUNCTION = same)"),
        ],
    ),
    (
        "Settings",
        Engine::Postgres,
        &[Sql(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 90000', current_database()); END $$",
        )],
    ),
    (
        "Storage",
        Engine::Postgres,
        &[
            Sql("ALTER TABLE habits SET (fillfactor = 50)"),
            Sql("ALTER TABLE habits ALTER name SET STORAGE EXTERNAL"),
        ],
    ),
    (
        "`MATCH` in SQLite",
        Engine::Sqlite,
        &[Written(
            "reminders",
            "REFERENCES habits (user_id, id)",
            "REFERENCES habits (user_id, id) MATCH FULL",
        )],
    ),
    (
        "`ON CONFLICT` of a check in SQLite",
        Engine::Sqlite,
        &[Written(
            "devices",
            "CHECK (length(platform) BETWEEN 1 AND 64)",
            "CHECK (length(platform) BETWEEN 1 AND 64) ON CONFLICT REPLACE",
        )],
    ),
    (
        "What only another connection has",
        Engine::Sqlite,
        &[
            Sql("CREATE TEMP TABLE habits (id)"),
            Sql(
                "CREATE TEMP TRIGGER quiet BEFORE DELETE ON main.devices BEGIN SELECT raise(IGNORE); END",
            ),
        ],
    ),
    (
        "What only another connection has",
        Engine::Postgres,
        &[Sql("CREATE TEMP TABLE habits (id integer)")],
    ),
    (
        "Settings in a file of SQLite",
        Engine::Sqlite,
        &[
            Sql("PRAGMA user_version = 7"),
            Sql("PRAGMA journal_mode = WAL"),
        ],
    ),
    (
        "The order of columns",
        Engine::Postgres,
        &[
            Sql("ALTER TABLE devices DROP COLUMN last_sync_at"),
            Sql("ALTER TABLE devices ADD COLUMN last_sync_at timestamptz"),
            Sql(
                "ALTER TABLE devices ADD CONSTRAINT ck_devices__last_sync_at \
                 CHECK (last_sync_at >= '0001-01-01 00:00:00+00' AND last_sync_at < '10000-01-01 00:00:00+00')",
            ),
        ],
    ),
    (
        "Two columns of one type that have each other's names",
        Engine::Sqlite,
        &[
            Sql("ALTER TABLE habits RENAME COLUMN name TO in_between"),
            Sql("ALTER TABLE habits RENAME COLUMN cadence TO name"),
            Sql("ALTER TABLE habits RENAME COLUMN in_between TO cadence"),
        ],
    ),
    (
        "Data",
        Engine::Postgres,
        &[Sql(
            "INSERT INTO devices (id, user_id, platform, created_at, updated_at, version) \
             VALUES (gen_random_uuid(), gen_random_uuid(), 'x', '1999-01-01', now(), 9)",
        )],
    ),
];

/// The entries of the page, each by its bold words.
fn entries() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/doctor.md");
    let page = std::fs::read_to_string(path).expect("docs/src/doctor.md");
    let (_, list) = page.split_once("<!-- blind spots -->\n").expect("the list");
    let (list, _) = list.split_once("<!-- end -->").expect("its end");
    let items = list.lines().filter_map(|line| line.strip_prefix("- "));
    let bold = items.map(|item| item.split("**").nth(1).unwrap_or(item).to_owned());
    bold.collect()
}

#[test]
fn every_documented_blind_spot_is_tested() {
    let mut planted: Vec<&str> = PLANTED.iter().map(|(entry, ..)| *entry).collect();
    planted.dedup();
    assert_eq!(entries(), planted);
}

#[tokio::test]
async fn documented_blind_spots_are_not_reported() {
    for (entry, engine, changes) in PLANTED {
        let database = Migrated::new(*engine).await;
        for change in *changes {
            database.change(*change).await.expect("what is planted");
        }
        let doctor = Doctor::new(&DOMAIN).database(database.database.url());
        let report = doctor.check().await;
        assert!(report.is_clean(), "{entry}: it is told after all: {report}");
        if entry.contains("subscriptions") {
            // A database with one cannot be dropped.
            let done = database.run("DROP SUBSCRIPTION nowhere").await;
            done.expect("a subscription");
        }
    }
}
