//! A suggested migration runs up, down and up again: beside objects that the domain does not have, on a server that has
//! the application's role already, and for a role that is no superuser.

use std::process::Command;

use catamaran::Engine;
use catamaran::doctor::{Doctor, Report, Suggestion};
use catamaran::migrate::{History, TwinMigration};
use catamaran::testing::{DatabaseOptions, PostgresServer};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use suite::observer;

use crate::databases::Migrated;
use crate::edited_history::{Edited, Edits, edit};

const NAME: &str = "m20300101_000001_fix";

/// Drifts, and objects of the database that block their fixes.
const SQLITE: &[&str] = &[
    "CREATE VIEW colors AS SELECT name, color FROM habits",
    "CREATE VIEW all_colors AS SELECT * FROM colors",
    "CREATE TRIGGER touch AFTER UPDATE ON habits BEGIN UPDATE devices SET version = version + 1; END",
    "DROP INDEX ix_habits__user_id_updated_at",
    "ALTER TABLE habits ADD COLUMN icon TEXT CHECK (icon <> '')",
];

const POSTGRES: &[&str] = &[
    "ALTER TABLE habits ALTER COLUMN name TYPE varchar(50) COLLATE \"C\"",
    "CREATE VIEW z_colors WITH (security_invoker = true) AS SELECT name, color FROM habits",
    "CREATE MATERIALIZED VIEW a_colors AS SELECT * FROM z_colors",
    "CREATE VIEW more AS SELECT 1 AS one; CREATE VIEW less AS SELECT 1 AS one; CREATE OR REPLACE VIEW more AS SELECT one FROM less",
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER touch AFTER UPDATE OF name ON habits FOR EACH ROW WHEN (NEW.version > 1) EXECUTE FUNCTION touch()",
    "CREATE RULE nothing AS ON DELETE TO devices DO INSTEAD NOTHING",
    "DROP INDEX ix_habits__user_id_updated_at",
];

/// The schema as the engine prints it.
async fn words(engine: Engine, db: &DatabaseConnection) -> Vec<String> {
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT type || ' ' || name || ' ' || tbl_name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'
             UNION ALL SELECT m.name || '.' || c.name || ' ' || c.type || c.\"notnull\" FROM sqlite_schema m, pragma_table_xinfo(m.name) c
             ORDER BY 1"
        }
        Engine::Postgres => {
            "SELECT c.relname || ' ' || c.relkind::text || coalesce(pg_get_viewdef(c.oid), '') || coalesce(c.reloptions::text, '')
                FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
             UNION ALL SELECT attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod)
                FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                WHERE c.relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
             UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE rulename <> '_RETURN' AND ev_class >= 16384
             ORDER BY 1"
        }
    };
    observer::texts(db, sql).await.expect("the catalog")
}

async fn run(db: &DatabaseConnection, statements: &[String]) {
    let sql = format!("BEGIN;\n{};\nCOMMIT", statements.join(";\n"));
    if let Err(error) = db.execute_unprepared(&sql).await {
        panic!("{error}: {sql}");
    }
}

#[tokio::test]
async fn a_suggested_down_recreates_views_and_triggers() {
    for (engine, added) in [(Engine::Sqlite, SQLITE), (Engine::Postgres, POSTGRES)] {
        edit(Edits {
            engine: Some(engine),
            added: added.iter().map(|sql| (*sql).to_owned()).collect(),
            ..Edits::default()
        });
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<Edited>()
            .only(engine);
        let report = doctor.check().await;
        let suggestion = doctor.suggest(&report, NAME).await;
        assert!(suggestion.by_hand.is_empty(), "{suggestion}");

        let database = Migrated::new(engine).await;
        for sql in added {
            database.run(sql).await.expect("what the history has");
        }
        let db = &database.connection;
        let before = words(engine, db).await;
        for _ in 0..2 {
            run(db, suggestion.up(engine)).await;
            let report = Doctor::new(&entity::DOMAIN)
                .database(database.database.url())
                .check()
                .await;
            assert!(report.is_clean(), "{report}");
            run(db, suggestion.down(engine)).await;
            assert_eq!(words(engine, db).await, before, "{suggestion}");
        }
    }
}

/// Postgres would look for rows of the parents to check a key that is added later, and the migrator refuses what a policy
/// would filter.
#[tokio::test]
async fn postgres_a_new_table_refers_to_one_with_forced_policies_without_a_superuser() {
    let engine = Engine::Postgres;
    edit(Edits {
        engine: Some(engine),
        added: vec!["DROP TABLE habit_entries".to_owned()],
        ..Edits::default()
    });
    let doctor = Doctor::new(&entity::DOMAIN)
        .migrations::<Edited>()
        .only(engine);
    let report = doctor.check().await;
    let suggestion = doctor.suggest(&report, NAME).await;

    let database = Migrated::new(engine).await;
    let owner = format!("owner_{}", std::process::id());
    for sql in [
        "DROP TABLE habit_entries".to_owned(),
        format!("CREATE ROLE {owner}"),
        format!("GRANT CREATE ON SCHEMA public TO {owner}"),
        format!("ALTER TABLE habits OWNER TO {owner}"),
    ] {
        database.run(&sql).await.expect("a plain owner");
    }
    let mut statements = vec![
        format!("SET LOCAL ROLE {owner}"),
        "SET LOCAL row_security = off".to_owned(),
    ];
    statements.extend_from_slice(suggestion.up(engine));
    run(&database.connection, &statements).await;

    let report = Doctor::new(&entity::DOMAIN)
        .database(database.database.url())
        .check()
        .await;
    assert!(report.is_clean(), "{report}");
    database
        .run(&format!("DROP OWNED BY {owner} CASCADE"))
        .await
        .expect("nothing of the role is left");
    database
        .run(&format!("DROP ROLE {owner}"))
        .await
        .expect("the role is gone");
}

struct Nothing;

impl History for Nothing {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        Vec::new()
    }
}

async fn of_nothing(server: &str) -> (Report, Suggestion) {
    let doctor = Doctor::new(&entity::DOMAIN)
        .migrations::<Nothing>()
        .server(server);
    let report = doctor.check().await;
    let suggestion = doctor.suggest(&report, NAME).await;
    (report, suggestion)
}

/// The suggestion creates the role only if it is missing, so that it runs for each database of a server.
#[tokio::test(flavor = "multi_thread")]
async fn a_suggested_first_migration_runs_twice_on_one_server_without_a_superuser() {
    let server = PostgresServer::shared().await.expect("a server");
    let admin = observer::connect(server.admin_url())
        .await
        .expect("a connection");
    let login = format!("maker_{}", std::process::id());
    for sql in [
        format!("CREATE ROLE {login} LOGIN PASSWORD 'secret' CREATEDB"),
        format!("GRANT catamaran_app TO {login}"),
    ] {
        // The first migrated database creates the application's role.
        let _ = Migrated::new(Engine::Postgres).await;
        admin.execute_unprepared(&sql).await.expect("a role");
    }
    let url = server.url("postgres");
    let (_, rest) = url.split_once('@').expect("a login");
    let url = format!("postgres://{login}:secret@{rest}");
    let (report, suggestion) = of_nothing(&url).await;
    assert!(report.skipped.is_empty(), "{report}");
    let left: Vec<_> = suggestion
        .by_hand
        .iter()
        .filter(|left| !left.starts_with("step "))
        .collect();
    assert!(left.is_empty(), "{suggestion}");
    for _ in 0..2 {
        let database = DatabaseOptions::new()
            .empty_postgres_on(server)
            .await
            .expect("a database");
        let db = observer::connect(database.url())
            .await
            .expect("a connection");
        run(&db, suggestion.up(Engine::Postgres)).await;
        let report = Doctor::new(&entity::DOMAIN)
            .database(database.url())
            .check()
            .await;
        assert!(report.is_clean(), "{report}");
        db.close().await.expect("closed");
    }
    assert_formatted(&suggestion);
}

/// Formatted as rustfmt does, ready to paste.
fn assert_formatted(suggestion: &Suggestion) {
    let folder = tempfile::tempdir().expect("a folder");
    let files = suggestion.files();
    assert_eq!(files.len(), 3);
    for (path, text) in files {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(&file, text).expect("a file");
        let output = Command::new("rustfmt")
            .args([
                "--check",
                "--edition",
                "2024",
                "--config",
                "skip_children=true",
            ])
            .arg(&file)
            .output()
            .expect("rustfmt comes with Rust");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() || told.contains("unknown config"),
            "{told}{output:?}"
        );
    }
}
