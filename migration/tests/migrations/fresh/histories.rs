//! The histories of other programs.

use catamaran::migrate::{History, Migrator, TwinMigration};
use sea_orm::DatabaseConnection;
use sea_orm_migration::MigratorTrait;

use super::{fresh, notes};
use crate::support::history::{Given, step};
use crate::support::{PostgresDatabase, SqliteFile, connect, run, texts};

/// The tables that programs record their migrations in, with how an error names the program.
const HISTORIES: &[(&str, &str)] = &[
    ("_sqlx_migrations (version BIGINT PRIMARY KEY)", "sqlx"),
    (
        "__diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY)",
        "Diesel",
    ),
    ("flyway_schema_history (installed_rank INT)", "Flyway"),
    ("schema_version (installed_rank INT)", "Flyway"),
    ("schema_migrations (version TEXT)", "Rails"),
    ("\"DATABASECHANGELOG\" (id TEXT)", "Liquibase"),
    ("alembic_version (version_num TEXT)", "Alembic"),
    ("django_migrations (id INT)", "Django"),
    ("_prisma_migrations (id INT)", "Prisma"),
    ("knex_migrations (id INT)", "Knex"),
    ("\"SequelizeMeta\" (name TEXT)", "Sequelize"),
    ("migrations (id INT, migration TEXT, batch INT)", "Laravel"),
    (
        "migrations (id INT, \"timestamp\" BIGINT, name TEXT)",
        "TypeORM",
    ),
    ("\"__EFMigrationsHistory\" (id TEXT)", "Entity Framework"),
    (
        "of_another (version TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)",
        "SeaORM",
    ),
];

async fn refuses_the_histories_of_other_programs(db: &DatabaseConnection) {
    notes();
    Migrator::<Given>::up(db, None).await.expect("up");
    run(db, "CREATE TABLE migrations (bird TEXT, season TEXT)").await;
    fresh(db).await.expect("a table of birds is no history");
    run(db, "INSERT INTO note VALUES (1, 'kept')").await;
    for (table, program) in HISTORIES {
        run(db, &format!("CREATE TABLE {table}")).await;
        let error = fresh(db).await.expect_err(program);
        assert!(
            error.contains(program) && error.contains("nothing was changed"),
            "{table}: {error}"
        );
        assert_eq!(texts(db, "SELECT body FROM note").await, ["kept"]);
        // The statement of the error runs as it stands.
        let (_, statement) = error.split_once(" (DROP TABLE ").expect("a statement");
        let (name, _) = statement.split_once(')').expect("its end");
        run(db, &format!("DROP TABLE {name}")).await;
    }

    let history = "seaql_migrations RENAME COLUMN";
    run(db, &format!("ALTER TABLE {history} version TO v")).await;
    let error = fresh(db).await.expect_err("another table of that name");
    assert!(
        error.contains("seaql_migrations has no column version"),
        "{error}"
    );
    run(db, &format!("ALTER TABLE {history} v TO version")).await;

    run(
        db,
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9_it''s_new', 1)",
    )
    .await;
    let error = fresh(db).await.expect_err("a newer program");
    assert!(
        error.contains("has migrations that this history lacks, 'm9_it''s_new'"),
        "{error}"
    );
    assert_eq!(texts(db, "SELECT body FROM note").await, ["kept"]);
    let (_, statement) = error.split_once("(DELETE").expect("a statement");
    let (statement, _) = statement.split_once("))").expect("its end");
    run(db, &format!("DELETE{statement})")).await;
    fresh(db).await.expect("fresh");
    assert_eq!(texts(db, "SELECT body FROM note").await, [""; 0]);
}

#[tokio::test]
async fn sqlite_the_history_of_another_program_is_refused() {
    let file = SqliteFile::new();
    let db = connect(&format!("{}?mode=rwc", file.url())).await;
    refuses_the_histories_of_other_programs(&db).await;
}

#[tokio::test]
async fn postgres_the_history_of_another_program_is_refused() {
    let database = PostgresDatabase::new().await;
    let db = connect(&database.url()).await;
    refuses_the_histories_of_other_programs(&db).await;

    run(
        &db,
        "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial)",
    )
    .await;
    let error = fresh(&db).await.expect_err("Drizzle");
    assert!(
        error.contains(
            "drizzle.__drizzle_migrations of Drizzle (DROP TABLE drizzle.__drizzle_migrations)"
        ),
        "{error}"
    );
}

/// The second program of a database, with a history of its own.
struct Billing;

impl History for Billing {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(
            step("m1_bill", &["CREATE TABLE bill (id INTEGER PRIMARY KEY)"])
                .down(&["DROP TABLE bill"]),
        )]
    }

    fn table() -> &'static str {
        "billing_migrations"
    }
}

async fn two_programs_do_not_drop_what_the_other_made(db: &DatabaseConnection) {
    notes();
    Migrator::<Given>::up(db, None).await.expect("up");
    Migrator::<Billing>::up(db, None).await.expect("up");
    let error = fresh(db).await.expect_err("the bills");
    assert!(
        error.contains("billing_migrations of another history of SeaORM"),
        "{error}"
    );
    let error = Migrator::<Billing>::fresh(db).await.expect_err("the notes");
    assert!(
        error
            .to_string()
            .contains("seaql_migrations of another history of SeaORM"),
        "{error}"
    );
    Migrator::<Billing>::refresh(db).await.expect("refresh");
    Migrator::<Billing>::reset(db).await.expect("reset");
    assert_eq!(
        texts(db, "SELECT version FROM seaql_migrations").await,
        ["m1_note"]
    );
    assert_eq!(
        texts(db, "SELECT version FROM seaql_migrations_checksums").await,
        ["m1_note"]
    );
    fresh(db).await.expect("fresh");
}

#[tokio::test]
async fn sqlite_two_programs_of_a_database_do_not_drop_what_the_other_made() {
    let file = SqliteFile::new();
    let db = connect(&format!("{}?mode=rwc", file.url())).await;
    two_programs_do_not_drop_what_the_other_made(&db).await;
}

#[tokio::test]
async fn postgres_two_programs_of_a_database_do_not_drop_what_the_other_made() {
    let database = PostgresDatabase::new().await;
    let db = connect(&database.url()).await;
    two_programs_do_not_drop_what_the_other_made(&db).await;
}
