//! A store opens only if the schema has the fingerprint of the domain.

use std::time::{Duration, Instant};

use catamaran::domain::{
    Check, Domain, Place, PrimaryKey, Suppression, Table, TableSource, TableTypes, TypedColumn,
};
use catamaran::migrate::{History, Script, TwinMigration};
use catamaran::testing::{DatabaseOptions, PostgresServer, Target, TwinDatabase, twin_test};
use catamaran::{Engine, Error, ErrorKind, Fingerprint, Result, Store, StoreOptions};
use entity::DOMAIN;
use migration::Migrator;
use sea_orm::ConnectionTrait;
use suite::login::Role;
use suite::observer::connect;
use suite::pace::scaled;
use suite::raw;

fn fingerprint() -> Fingerprint {
    Fingerprint::of(&DOMAIN).migrations::<migration::History>()
}

async fn open(db: &TwinDatabase, fingerprint: Fingerprint) -> Result<Store> {
    StoreOptions::new(db.url())
        .fingerprint(fingerprint)
        .open()
        .await
}

/// The reason of a refusal.
async fn refused(db: &TwinDatabase) -> String {
    drift(open(db, fingerprint()).await)
}

fn drift(opened: Result<Store>) -> String {
    let error = opened.expect_err("another schema");
    match error.kind() {
        ErrorKind::SchemaDiffers { reason } => reason.clone(),
        other => panic!("{other:?}"),
    }
}

/// Whether the refusal names it.
fn names(reason: &str, what: &str) {
    assert!(reason.contains(what), "{reason:?} does not name {what:?}");
}

/// Bypasses the store, which does not run DDL.
async fn ddl(db: &TwinDatabase, sqlite: &[&str], postgres: &[&str]) {
    let connection = connect(db.url()).await.expect("a connection");
    let statements = match db.engine() {
        Engine::Sqlite => sqlite,
        Engine::Postgres => postgres,
    };
    for sql in statements {
        let done = connection.execute_unprepared(sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    connection.close().await.expect("closed");
}

#[twin_test(Migrator)]
async fn a_fingerprint_accepts_the_schema_that_the_migrations_build(
    db: &TwinDatabase,
) -> Result<()> {
    let store = open(db, fingerprint()).await?;
    assert_eq!(store.engine(), db.engine());
    open(db, Fingerprint::of(&DOMAIN)).await?;
    Ok(())
}

#[tokio::test]
async fn a_fingerprint_checks_a_database_in_memory_after_its_migration() -> Result<()> {
    let options = StoreOptions::new("sqlite::memory:").migrate::<migration::History>();
    options.fingerprint(fingerprint()).open().await?;
    Ok(())
}

#[twin_test(Migrator)]
async fn a_fingerprint_refuses_a_dropped_index_by_name(db: &TwinDatabase) -> Result<()> {
    raw::execute(
        db.store(),
        "DROP INDEX uq_habit_entries__user_id_habit_id_date",
    )
    .await?;
    names(
        &refused(db).await,
        "habit_entries: uq_habit_entries__user_id_habit_id_date index missing",
    );
    let create = "CREATE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date)";
    raw::execute(db.store(), create).await?;
    names(
        &refused(db).await,
        "uq_habit_entries__user_id_habit_id_date index",
    );
    raw::execute(
        db.store(),
        "DROP INDEX uq_habit_entries__user_id_habit_id_date",
    )
    .await?;
    let create = format!(
        "{} WHERE deleted_at IS NULL",
        create.replace("INDEX", "UNIQUE INDEX")
    );
    raw::execute(db.store(), &create).await?;
    open(db, fingerprint()).await?;
    Ok(())
}

#[twin_test(Migrator)]
async fn a_fingerprint_refuses_a_weakened_check_by_name(db: &TwinDatabase) -> Result<()> {
    ddl(
        db,
        &[
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_schema SET sql = replace(sql, 'BETWEEN 1 AND 64', 'BETWEEN 1 AND 640') WHERE name = 'devices'",
        ],
        &[
            "ALTER TABLE devices DROP CONSTRAINT ck_devices__platform",
            "ALTER TABLE devices ADD CONSTRAINT ck_devices__platform CHECK (length(platform) BETWEEN 1 AND 640)",
        ],
    )
    .await;
    names(
        &refused(db).await,
        "devices: ck_devices__platform check that accepts more",
    );
    Ok(())
}

#[tokio::test]
async fn postgres_a_fingerprint_refuses_disabled_or_widened_row_level_security() -> Result<()> {
    let db = TwinDatabase::create::<Migrator>(Target::Postgres).await;
    let db = db.expect("a database on Postgres");
    for (harm, words, fix) in [
        (
            "ALTER TABLE habits DISABLE ROW LEVEL SECURITY",
            "habits row level security is off",
            "ALTER TABLE habits ENABLE ROW LEVEL SECURITY",
        ),
        (
            "ALTER TABLE habits NO FORCE ROW LEVEL SECURITY",
            "habits row level security is not forced",
            "ALTER TABLE habits FORCE ROW LEVEL SECURITY",
        ),
        (
            "CREATE POLICY everyone ON habits USING (true)",
            "habits: everyone policy that DOMAIN does not have",
            "DROP POLICY everyone ON habits",
        ),
        (
            "REVOKE UPDATE ON habits FROM catamaran_app",
            "privilege missing",
            "GRANT UPDATE ON habits TO catamaran_app",
        ),
    ] {
        raw::execute(db.store(), harm).await?;
        names(&refused(&db).await, words);
        raw::execute(db.store(), fix).await?;
        open(&db, fingerprint()).await?;
    }
    Ok(())
}

#[twin_test(Migrator)]
async fn a_fingerprint_names_a_missing_migration(db: &TwinDatabase) -> Result<()> {
    let gone = "DELETE FROM seaql_migrations WHERE version = 'm20261122_000005_devices'";
    raw::execute(db.store(), gone).await?;
    let error = open(db, fingerprint()).await.expect_err("it is behind");
    let ErrorKind::NotMigrated { reason } = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(
        reason,
        "seaql_migrations: m20261122_000005_devices migration not applied"
    );
    // Without the migrations only the schema counts.
    open(db, Fingerprint::of(&DOMAIN)).await?;
    Ok(())
}

#[twin_test(Migrator)]
async fn a_fingerprint_names_a_migration_that_the_application_lacks(
    db: &TwinDatabase,
) -> Result<()> {
    let newer =
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_newer', 0)";
    raw::execute(db.store(), newer).await?;
    assert_eq!(
        refused(db).await,
        "seaql_migrations: m20990101_000001_newer migration that the application does not have"
    );
    Ok(())
}

#[tokio::test]
async fn a_fingerprint_names_every_migration_of_an_empty_database() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("empty.db").display()
    );
    let server = PostgresServer::shared().await.expect("a server");
    let empty = DatabaseOptions::new().empty_postgres_on(server).await;
    let empty = empty.expect("a database");
    for url in [file.as_str(), empty.url()] {
        let opened = StoreOptions::new(url)
            .fingerprint(fingerprint())
            .open()
            .await;
        let error = opened.expect_err("it is empty");
        assert!(
            matches!(error.kind(), ErrorKind::NotMigrated { .. }),
            "{error:?}"
        );
        names(
            &error.to_string(),
            "m20261122_000001_application_role migration not applied",
        );
        let opened = StoreOptions::new(url)
            .fingerprint(Fingerprint::of(&DOMAIN))
            .open()
            .await;
        names(&drift(opened), "habits table missing");
    }
    Ok(())
}

/// A table with a check that domain and migration spell differently.
struct Spelled;

impl TwinMigration for Spelled {
    fn name(&self) -> &'static str {
        "m20261122_000009_moods"
    }

    fn sqlite_up(&self) -> Script {
        Script::new().sql(
            "CREATE TABLE moods (value INTEGER NOT NULL, note TEXT, CONSTRAINT pk_moods PRIMARY KEY (value), \
             CONSTRAINT ck_moods__value CHECK (10 >= value AND value >= 1 AND value BETWEEN -2147483648 AND 2147483647)) STRICT",
        )
    }

    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE moods")
    }

    fn postgres_up(&self) -> Script {
        Script::new()
            .sql(
                "CREATE TABLE moods (note text COLLATE \"C\", value integer, CONSTRAINT pk_moods PRIMARY KEY (value), \
                 CONSTRAINT ck_moods__value CHECK (NOT (value < 1 OR value > 10)))",
            )
            .sql("GRANT SELECT, INSERT, UPDATE, DELETE ON moods TO catamaran_app")
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("DROP TABLE moods")
    }
}

impl History for Spelled {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut migrations = migration::History::migrations();
        migrations.push(Box::new(Spelled));
        migrations
    }
}

const MOODS: Table = Table {
    name: "moods",
    columns: &["value", "note"],
    primary_key: PrimaryKey {
        name: "pk_moods",
        columns: &["value"],
    },
    checks: &[Check::on_both("ck_moods__value").holds("value >= 1 AND value <= 10")],
    ..Table::BLANK
};

static WITH_MOODS: Domain = Domain {
    tables: &[
        entity::domain::HABITS,
        entity::domain::HABIT_ENTRIES,
        entity::domain::REMINDERS,
        entity::domain::DEVICES,
        entity::domain::OUTBOX,
        catamaran::OPERATION_KEYS,
        MOODS,
    ],
    sources: &[
        DOMAIN.sources[0],
        DOMAIN.sources[1],
        DOMAIN.sources[2],
        DOMAIN.sources[3],
        DOMAIN.sources[4],
        DOMAIN.sources[5],
        DOMAIN.sources[6],
        TableSource::types(&TableTypes {
            table: "moods",
            columns: &[
                TypedColumn::new("value", "int4"),
                TypedColumn::nullable("note", "text"),
            ],
        }),
    ],
    ..Domain::BLANK
};

#[twin_test(catamaran::migrate::Migrator<Spelled>)]
async fn a_fingerprint_accepts_equivalent_sql_and_another_order_of_columns(
    db: &TwinDatabase,
) -> Result<()> {
    open(db, Fingerprint::of(&WITH_MOODS).migrations::<Spelled>()).await?;
    Ok(())
}

/// The reference domain with a suppression for a missing index.
static SUPPRESSED: Domain = Domain {
    suppressions: &[
        Suppression {
            code: "CAT030",
            place: Place::Migrations(Engine::Sqlite),
            subject: "habits: ix_habits__user_id_updated_at",
            reason: "the test drops it",
        },
        Suppression {
            code: "CAT030",
            place: Place::Migrations(Engine::Postgres),
            subject: "habits: ix_habits__user_id_updated_at",
            reason: "the test drops it",
        },
    ],
    ..DOMAIN
};

#[twin_test(Migrator)]
async fn a_fingerprint_accepts_suppressed_and_harmless_differences(
    db: &TwinDatabase,
) -> Result<()> {
    raw::execute(db.store(), "DROP INDEX ix_habits__user_id_updated_at").await?;
    names(&refused(db).await, "ix_habits__user_id_updated_at");
    open(db, Fingerprint::of(&SUPPRESSED)).await?;
    // A surplus table is a warning of the doctor, and is accepted.
    raw::execute(db.store(), "CREATE TABLE somebody_elses (a TEXT)").await?;
    open(db, Fingerprint::of(&SUPPRESSED)).await?;
    Ok(())
}

#[twin_test(Migrator)]
async fn a_fingerprint_refuses_an_extra_unique_index(db: &TwinDatabase) -> Result<()> {
    let create = "CREATE UNIQUE INDEX ux_habits__name ON habits (name)";
    raw::execute(db.store(), create).await?;
    names(&refused(db).await, "habits: ux_habits__name unique index");
    raw::execute(db.store(), "DROP INDEX ux_habits__name").await?;
    // A surplus index that is not unique is accepted.
    raw::execute(db.store(), "CREATE INDEX ix_habits__name ON habits (name)").await?;
    open(db, fingerprint()).await?;
    Ok(())
}

#[tokio::test]
async fn postgres_a_fingerprint_works_for_a_role_that_can_only_read_the_history() -> Result<()> {
    let db = TwinDatabase::create::<Migrator>(Target::Postgres).await;
    let db = db.expect("a database on Postgres");
    let role = Role::member(&db).await;
    let options = || role.options().fingerprint(fingerprint());
    let error: Error = options().open().await.expect_err("it may not look");
    assert!(
        matches!(error.kind(), ErrorKind::Permission { .. }),
        "{error:?}"
    );
    names(&error.to_string(), "grant it SELECT on seaql_migrations");

    let grant = format!(
        "GRANT SELECT (version) ON seaql_migrations TO {}",
        role.name()
    );
    raw::execute(db.store(), &grant).await?;
    options().open().await?;
    raw::execute(db.store(), "DROP INDEX ix_devices__user_id_platform").await?;
    names(
        &drift(options().open().await),
        "ix_devices__user_id_platform index missing",
    );
    Ok(())
}

#[tokio::test]
async fn postgres_a_fingerprint_ignores_how_a_role_prints_literals() -> Result<()> {
    let db = TwinDatabase::create::<Migrator>(Target::Postgres).await;
    let db = db.expect("a database on Postgres");
    let role = Role::granted(&db).await;
    for setting in [
        "TimeZone = 'Asia/Kathmandu'",
        "DateStyle = 'German, DMY'",
        "quote_all_identifiers = on",
        "extra_float_digits = -5",
    ] {
        raw::execute(
            db.store(),
            &format!("ALTER ROLE {} SET {setting}", role.name()),
        )
        .await?;
    }
    let grant = format!("GRANT SELECT ON seaql_migrations TO {}", role.name());
    raw::execute(db.store(), &grant).await?;
    role.options().fingerprint(fingerprint()).open().await?;
    Ok(())
}

#[test]
fn digests_differ_only_by_engine_and_schema() {
    let [sqlite, postgres] = Engine::ALL.map(|engine| fingerprint().digest(engine));
    assert_ne!(sqlite, postgres);
    assert_eq!(sqlite, Fingerprint::of(&DOMAIN).digest(Engine::Sqlite));
    let with_moods = Fingerprint::of(&WITH_MOODS);
    assert_ne!(sqlite, with_moods.digest(Engine::Sqlite));
    assert_ne!(postgres, with_moods.digest(Engine::Postgres));
    assert_eq!(sqlite.to_string().len(), 64);
}

/// Not a benchmark: a bound that one query for each catalog would exceed.
#[twin_test(Migrator)]
async fn a_fingerprint_adds_little_time_to_opening(db: &TwinDatabase) -> Result<()> {
    let mut taken = [Vec::new(), Vec::new()];
    for _ in 0..15 {
        for (index, with) in [false, true].into_iter().enumerate() {
            let options = StoreOptions::new(db.url());
            let options = match with {
                true => options.fingerprint(fingerprint()),
                false => options.domain(&DOMAIN),
            };
            let begun = Instant::now();
            options.open().await?.close();
            taken[index].push(begun.elapsed());
        }
    }
    let [without, with] = taken.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    println!(
        "{}: {without:?} without, {with:?} with a fingerprint",
        db.engine()
    );
    let more = with.saturating_sub(without);
    assert!(
        more < scaled(Duration::from_millis(250)),
        "{more:?} more than {without:?}"
    );
    Ok(())
}
