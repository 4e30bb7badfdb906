//! What the policies show to the application's role.

use catamaran::migrate::{MigrateError, Script, TwinMigration, up};
use migration::History;
use sea_orm::DatabaseConnection;

use crate::support;

const ADA: &str = "01890000-0000-7000-8000-00000000000a";
const BOB: &str = "01890000-0000-7000-8000-00000000000b";

/// A database with one habit of Ada's and one of Bob's, and a connection to it.
async fn two_owners(database: &support::PostgresDatabase) -> DatabaseConnection {
    up::<History>(&database.url()).await.expect("up");
    let db = support::connect(&database.url()).await;
    for (owner, habit) in [(ADA, "run"), (BOB, "read")] {
        support::run(
            &db,
            &format!(
                "INSERT INTO habits (id, user_id, name, cadence, created_at, updated_at, version)
                 VALUES (gen_random_uuid(), '{owner}', '{habit}', 'daily', now(), now(), 1)"
            ),
        )
        .await;
    }
    db
}

/// The habits that the application sees with these claims (`None`: never set on this connection).
async fn seen(db: &DatabaseConnection, claims: Option<&str>) -> Vec<String> {
    support::run(db, "BEGIN").await;
    support::run(db, "SET LOCAL ROLE catamaran_app").await;
    if let Some(claims) = claims {
        support::run(db, &format!("SET LOCAL request.jwt.claims = '{claims}'")).await;
    }
    let names = support::texts(db, "SELECT name FROM habits ORDER BY name").await;
    support::run(db, "ROLLBACK").await;
    names
}

#[tokio::test]
async fn postgres_an_owner_sees_and_changes_only_their_own_rows() {
    let database = support::PostgresDatabase::new().await;
    let db = two_owners(&database).await;

    assert_eq!(seen(&db, None).await, [""; 0], "never set");
    let claims = format!(r#"{{"sub": "{ADA}", "role": "authenticated"}}"#);
    assert_eq!(seen(&db, Some(&claims)).await, ["run"]);
    assert_eq!(
        seen(&db, None).await,
        [""; 0],
        "set in an earlier transaction: now the empty string"
    );
    for nobody in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"sub": null}"#,
        r#"{"sub": ""}"#,
        r#"{"user": {"sub": "x"}}"#,
    ] {
        assert_eq!(seen(&db, Some(nobody)).await, [""; 0], "{nobody:?}");
    }

    support::run(&db, "BEGIN").await;
    support::run(&db, "SET LOCAL ROLE catamaran_app").await;
    support::run(&db, &format!("SET LOCAL request.jwt.claims = '{claims}'")).await;
    let changed = support::texts(&db, "UPDATE habits SET name = 'x' RETURNING user_id::text").await;
    assert_eq!(changed, [ADA]);
    let error = support::try_texts(
        &db,
        &format!("UPDATE habits SET user_id = '{BOB}' RETURNING name"),
    )
    .await
    .expect_err("giving a row away");
    assert!(error.to_string().contains("row-level security"), "{error}");
}

#[tokio::test]
async fn postgres_every_owned_table_has_exactly_one_forced_policy_and_the_grants() {
    let database = support::PostgresDatabase::new().await;
    let db = two_owners(&database).await;
    let policies = support::texts(
        &db,
        "SELECT format('%s %s %s %s', c.relname, relrowsecurity AND relforcerowsecurity, string_agg(polname, ','),
            has_table_privilege('catamaran_app', c.oid, 'SELECT') AND has_table_privilege('catamaran_app', c.oid, 'INSERT')
            AND has_table_privilege('catamaran_app', c.oid, 'UPDATE') AND has_table_privilege('catamaran_app', c.oid, 'DELETE')
            AND NOT has_table_privilege('catamaran_app', c.oid, 'TRUNCATE'))
         FROM pg_class c JOIN pg_policy ON polrelid = c.oid GROUP BY c.oid ORDER BY c.relname",
    )
    .await;
    assert_eq!(
        policies,
        [
            "catamaran_operation_keys t owner_catamaran_operation_keys t",
            "devices t owner_devices t",
            "habit_entries t owner_habit_entries t",
            "habits t owner_habits t",
            "reminders t owner_reminders t",
        ]
    );
    let role = support::texts(
        &db,
        "SELECT concat_ws(' ', rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole) FROM pg_roles WHERE rolname = 'catamaran_app'",
    )
    .await;
    assert_eq!(role, ["f f f f f"]);
    assert_eq!(
        support::texts(
            &db,
            "SELECT relname::text FROM pg_class WHERE relowner = 'catamaran_app'::regrole"
        )
        .await,
        [""; 0]
    );
    // Evaluated once for a statement, not once for a row.
    support::run(&db, "SET ROLE catamaran_app").await;
    let plan = support::texts(&db, "EXPLAIN SELECT * FROM habits")
        .await
        .join("\n");
    assert!(plan.contains("InitPlan"), "{plan}");
}

#[tokio::test]
async fn postgres_a_row_cannot_refer_to_the_habit_of_another_owner() {
    let database = support::PostgresDatabase::new().await;
    let db = two_owners(&database).await;
    let error = support::try_texts(
        &db,
        &format!(
            "INSERT INTO habit_entries (id, user_id, habit_id, date, created_at, updated_at, version)
             SELECT gen_random_uuid(), '{ADA}', id, '2026-01-02', now(), now(), 1 FROM habits WHERE user_id = '{BOB}'
             RETURNING source"
        ),
    )
    .await
    .expect_err("a foreign habit");
    assert!(
        error
            .to_string()
            .contains("fk_habit_entries__user_id_habit_id"),
        "{error}"
    );
}

/// A migration that changes rows without regard for the policies.
struct Shout;

impl TwinMigration for Shout {
    fn name(&self) -> &'static str {
        "m20270101_000001_shout"
    }
    fn sqlite_up(&self) -> Script {
        Script::nothing("not tested here")
    }
    fn sqlite_down(&self) -> Script {
        Script::nothing("not tested here")
    }
    fn postgres_up(&self) -> Script {
        Script::new().sql("UPDATE habits SET name = upper(name)")
    }
    fn postgres_down(&self) -> Script {
        Script::nothing("not tested here")
    }
}

struct Shouting;

impl catamaran::migrate::History for Shouting {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut migrations = <History as catamaran::migrate::History>::migrations();
        migrations.push(Box::new(Shout));
        migrations
    }
}

/// Policies also bind the owner of the tables. Without this check its UPDATE would silently change no row.
#[tokio::test]
async fn postgres_a_data_change_that_a_policy_would_filter_is_an_error() {
    let database = support::PostgresDatabase::new().await;
    let db = support::connect(&database.url()).await;
    let role = support::unique("owner");
    support::create_migrator(&db, &role).await;
    support::run(&db, &format!("GRANT CREATE ON SCHEMA public TO {role}")).await;
    let url = database.url_as(&role);
    up::<History>(&url).await.expect("its own tables");

    let error = up::<Shouting>(&url).await.expect_err("filtered");
    assert!(matches!(error, MigrateError::Statement { .. }), "{error}");
    assert!(
        error.to_string().contains("row-level security policy"),
        "{error}"
    );

    support::run(&db, &format!("DROP OWNED BY {role}")).await;
    support::run(&db, &format!("DROP ROLE {role}")).await;
}
