//! An unfinished migration that something else than the migrator records, and programs that may not know of it.

use catamaran::migrate::{MigrateError, Migrator, Script, pending, up};
use catamaran::{Error, ErrorKind, StoreOptions};
use sea_orm_migration::MigratorTrait;

use super::{recorded, table, tables};
use crate::support::given::{Given, Step, given, step, twins};
use crate::support::{PostgresDatabase, connect, run, unique};

twins!(
    what_was_recorded_by_hand_is_no_longer_unfinished,
    an_older_program_is_told_which_unfinished_migration_it_lacks,
    line_ends_and_a_byte_order_mark_do_not_change_finished_statements,
);

fn fails_after(first: &'static str) -> Script {
    let script = Script::new()
        .sql(first)
        .sql("INSERT INTO nowhere VALUES (2)");
    script.outside_transaction()
}

const INSERT: &str = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2', 0)";
const DELETE: &str = "DELETE FROM seaql_migrations WHERE version = 'm2'";

async fn what_was_recorded_by_hand_is_no_longer_unfinished(url: &str) {
    let steps = |up, down| {
        let m2 = Step {
            down,
            ..step("m2", up)
        };
        [step("m1", table("a")), m2]
    };
    let half_up = || fails_after("INSERT INTO a VALUES (1)");
    let whole = || {
        let script = Script::new().sql("DELETE FROM a");
        script.outside_transaction()
    };
    given(steps(half_up(), whole()));
    up::<Given>(url).await.expect_err("nowhere");
    let db = connect(url).await;
    run(&db, INSERT).await;
    assert!(up::<Given>(url).await.expect("nothing to do").is_empty());
    Migrator::<Given>::status(&db).await.expect("status");
    Migrator::<Given>::down(&db, Some(1)).await.expect("down");
    assert_eq!(recorded(url).await, ["m1"]);
    assert_eq!(tables(url).await, ["a", "seaql_migrations"]);

    given(steps(whole(), fails_after("DELETE FROM a")));
    up::<Given>(url).await.expect("up");
    Migrator::<Given>::down(&db, Some(1))
        .await
        .expect_err("nowhere");
    run(&db, DELETE).await;
    assert_eq!(up::<Given>(url).await.expect("up").applied, ["m2"]);
    assert_eq!(tables(url).await, ["a", "seaql_migrations"]);
}

async fn an_older_program_is_told_which_unfinished_migration_it_lacks(url: &str) {
    given([
        step("m1", table("a")),
        step("m2", fails_after("INSERT INTO a VALUES (1)")),
    ]);
    up::<Given>(url).await.expect_err("nowhere");
    given([step("m1", table("a"))]);
    let error = up::<Given>(url).await.expect_err("m2 is unknown");
    let MigrateError::UnknownMigrations { table, names } = &error else {
        panic!("{error}");
    };
    assert_eq!(
        (table.as_str(), names.as_slice()),
        ("seaql_migrations_progress", &["m2".to_owned()][..])
    );
    let db = connect(url).await;
    let errors: [Error; 5] = [
        error.into(),
        pending::<Given>(url).await.expect_err("pending").into(),
        Migrator::<Given>::down(&db, None)
            .await
            .expect_err("down")
            .into(),
        Migrator::<Given>::status(&db)
            .await
            .expect_err("status")
            .into(),
        StoreOptions::new(url)
            .migrate::<Given>()
            .open()
            .await
            .map(drop)
            .expect_err("a store"),
    ];
    for error in errors {
        let ErrorKind::SchemaDiffers { reason } = error.kind() else {
            panic!("{error:?}");
        };
        assert!(reason.contains("the migration `m2`"), "{reason}");
    }
}

async fn line_ends_and_a_byte_order_mark_do_not_change_finished_statements(url: &str) {
    let steps = |first| [step("m1", table("a")), step("m2", fails_after(first))];
    given(steps("INSERT INTO a\nVALUES (1)"));
    up::<Given>(url).await.expect_err("nowhere");
    given(steps("\u{feff}INSERT INTO a\r\nVALUES (1)"));
    run(&connect(url).await, "CREATE TABLE nowhere (x int)").await;
    assert_eq!(up::<Given>(url).await.expect("up").applied, ["m2"]);
}

/// The role of the application may have been granted the tables that existed then.
#[tokio::test]
async fn postgres_a_role_that_may_not_read_the_progress_starts() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let whole = Script::new().sql("INSERT INTO a VALUES (1)");
    given([
        step("m1", table("a")),
        Step {
            down: fails_after("DELETE FROM a"),
            ..step("m2", whole)
        },
    ]);
    up::<Given>(&url).await.expect("up");
    let db = connect(&url).await;
    Migrator::<Given>::down(&db, None)
        .await
        .expect_err("nowhere");
    let role = unique("reader");
    for sql in [
        format!("CREATE ROLE {role}"),
        format!("GRANT SELECT ON seaql_migrations TO {role}"),
        format!("SET ROLE {role}"),
    ] {
        run(&db, &sql).await;
    }
    let status = Migrator::<Given>::status(&db).await;
    let started = Migrator::<Given>::up(&db, None).await;
    for sql in ["RESET ROLE", "DROP OWNED BY {role}", "DROP ROLE {role}"] {
        run(&db, &sql.replace("{role}", &role)).await;
    }
    status.expect("status");
    started.expect("up");
    let error = up::<Given>(&url).await.expect_err("half reverted");
    assert!(matches!(error, MigrateError::Unfinished { .. }), "{error}");
}
