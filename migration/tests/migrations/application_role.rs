//! The application's role, which belongs to the server: `CALL catamaran_v1.create_application_role(..)`.

use catamaran::migrate::{Migrator, Script, up};
use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};
use sea_orm::DatabaseConnection;
use sea_orm_migration::MigratorTrait;

use crate::support::given::{Given, Step, given};
use crate::support::{PostgresDatabase, connect, run, texts, try_texts, unique};

const ADA: &str = "01890000-0000-7000-8000-00000000000a";

/// A table with an owner, for this role.
fn notes(role: &str) -> Step {
    Step {
        name: "m1_notes",
        up: Script::new()
            .sql(format!("CALL catamaran_v1.create_application_role({role})"))
            .sql("CREATE TABLE notes (user_id uuid NOT NULL)")
            .sql("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
            .sql("ALTER TABLE notes FORCE ROW LEVEL SECURITY")
            .sql("CREATE POLICY owner_notes ON notes USING (user_id = catamaran_v1.caller())")
            .sql(format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO {role}"
            )),
        down: Script::new()
            .sql("DROP TABLE notes")
            .sql(format!("CALL catamaran_v1.revoke_application_role({role})")),
    }
}

/// The notes that a role sees for Ada, once it has written one for her.
async fn notes_of_ada(db: &DatabaseConnection, role: &str) -> Vec<String> {
    let claims = format!("SET request.jwt.claims = '{{\"sub\": \"{ADA}\"}}'");
    for sql in [
        format!("SET ROLE {role}"),
        claims,
        format!("INSERT INTO notes VALUES ('{ADA}')"),
    ] {
        run(db, &sql).await;
    }
    let seen = texts(db, "SELECT user_id::text FROM notes").await;
    run(db, "RESET ROLE; RESET request.jwt.claims").await;
    seen
}

/// A login without any other attribute, which may create objects in the database.
async fn create_login(db: &DatabaseConnection, login: &str, attributes: &str) {
    let create = format!("CREATE ROLE {login} LOGIN {attributes} PASSWORD 'secret'");
    run(db, &create).await;
    let grant = format!("GRANT CREATE ON SCHEMA public TO {login}");
    run(db, &grant).await;
}

async fn drop_roles(db: &DatabaseConnection, roles: &[&str]) {
    for role in roles {
        run(db, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    }
}

async fn is_16(db: &DatabaseConnection) -> bool {
    let version = texts(db, "SELECT current_setting('server_version_num')").await;
    version[0].parse::<i32>().expect("a number") >= 160_000
}

#[tokio::test]
async fn postgres_a_login_that_may_create_roles_becomes_a_member_that_may_switch() {
    let database = PostgresDatabase::new().await;
    let admin = connect(&database.url()).await;
    let (app, login) = (unique("app"), unique("creator"));
    create_login(&admin, &login, "CREATEROLE").await;
    if is_16(&admin).await {
        // The role that it creates is granted to it without the right to switch to it.
        let inherit = format!("ALTER ROLE {login} SET createrole_self_grant = 'inherit'");
        run(&admin, &inherit).await;
    }
    given([notes(&app)]);
    let url = database.url_as(&login);
    up::<Given>(&url).await.expect("up");

    let db = connect(&url).await;
    assert_eq!(notes_of_ada(&db, &app).await, [ADA]);
    let attributes = "SELECT concat_ws(' ', rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole) \
         FROM pg_roles WHERE rolname = ";
    let attributes = texts(&admin, &format!("{attributes}'{app}'")).await;
    assert_eq!(attributes, ["f f f f f"]);
    drop_roles(&admin, &[&login, &app]).await;
}

#[tokio::test]
async fn postgres_a_login_without_createrole_is_told_what_an_administrator_should_run() {
    let database = PostgresDatabase::new().await;
    let admin = connect(&database.url()).await;
    let (app, login) = (unique("app"), unique("plain"));
    create_login(&admin, &login, "").await;
    given([notes(&app)]);
    let url = database.url_as(&login);
    let mut told = Vec::new();
    // Once for the role, and once for the membership if only the role is there.
    for only in ["CREATE ROLE", "GRANT"] {
        let error = up::<Given>(&url).await.expect_err("no right").to_string();
        let (_, rest) = error.split_once("a DBA should run: ").expect(&error);
        assert!(rest.starts_with(only), "{error}");
        let statement = rest.split(['\n', ';']).next().expect("a statement");
        run(&admin, statement).await;
        told.push(statement.to_owned());
    }
    assert_eq!(told.len(), 2);
    up::<Given>(&url).await.expect("up");
    assert_eq!(notes_of_ada(&connect(&url).await, &app).await, [ADA]);
    drop_roles(&admin, &[&login, &app]).await;
}

#[tokio::test]
async fn postgres_a_second_database_of_the_server_shares_the_role_and_keeps_it_when_the_first_goes_down()
 {
    let (first, second) = (PostgresDatabase::new().await, PostgresDatabase::new().await);
    let (db, other) = (connect(&first.url()).await, connect(&second.url()).await);
    let app = unique("app");
    given([notes(&app)]);
    for database in [&first, &second] {
        up::<Given>(&database.url()).await.expect("up");
    }
    Migrator::<Given>::down(&db, None).await.expect("down");
    assert_eq!(notes_of_ada(&other, &app).await, [ADA]);
    up::<Given>(&first.url()).await.expect("up again");
    assert_eq!(notes_of_ada(&db, &app).await, [ADA]);
    for db in [&db, &other] {
        run(db, &format!("DROP OWNED BY {app}")).await;
    }
    run(&db, &format!("DROP ROLE {app}")).await;
}

#[tokio::test]
async fn postgres_the_way_down_keeps_the_schema_for_another_application_of_the_same_role() {
    let database = PostgresDatabase::new().await;
    let admin = connect(&database.url()).await;
    let app = unique("app");
    run(
        &admin,
        "CREATE SCHEMA theirs; CREATE SCHEMA ours; SET search_path = ours",
    )
    .await;
    let usage = format!(
        "SELECT concat_ws(' ', has_schema_privilege('{app}', 'ours', 'USAGE'), has_schema_privilege('{app}', 'theirs', 'USAGE'))"
    );
    given([notes(&app)]);
    Migrator::<Given>::up(&admin, None).await.expect("up");
    run(
        &admin,
        &format!(
            "GRANT USAGE ON SCHEMA theirs TO {app}; CREATE TABLE theirs.things (x int); \
             GRANT SELECT ON theirs.things TO {app}; CREATE TABLE ours.things (x int); GRANT SELECT (x) ON ours.things TO {app}"
        ),
    )
    .await;
    Migrator::<Given>::down(&admin, None).await.expect("down");
    assert_eq!(texts(&admin, &usage).await, ["t t"]);

    run(&admin, "DROP TABLE ours.things").await;
    Migrator::<Given>::up(&admin, None).await.expect("up");
    Migrator::<Given>::down(&admin, None).await.expect("down");
    assert_eq!(texts(&admin, &usage).await, ["f t"]);
    let things = format!("SELECT has_table_privilege('{app}', 'theirs.things', 'SELECT')::text");
    assert_eq!(texts(&admin, &things).await, ["true"]);
    drop_roles(&admin, &[&app]).await;
}

#[tokio::test]
async fn postgres_a_role_that_bypasses_policies_is_refused() {
    let database = PostgresDatabase::new().await;
    let admin = connect(&database.url()).await;
    let app = unique("app");
    run(&admin, &format!("CREATE ROLE {app} BYPASSRLS")).await;
    given([notes(&app)]);
    let error = up::<Given>(&database.url())
        .await
        .expect_err("BYPASSRLS")
        .to_string();
    let remedy = format!("a DBA should run: ALTER ROLE {app} NOSUPERUSER NOBYPASSRLS");
    assert!(error.contains(&remedy), "{error}");
    run(&admin, &format!("ALTER ROLE {app} NOSUPERUSER NOBYPASSRLS")).await;
    up::<Given>(&database.url()).await.expect("up");
    drop_roles(&admin, &[&app]).await;
}

/// A server of its own, because the roles of a host have fixed names.
async fn hosted(roles: &[&str]) -> (PostgresServer, EphemeralDatabase, DatabaseConnection) {
    let server = PostgresServer::start().expect("a server");
    let database = DatabaseOptions::new().empty_postgres_on(&server).await;
    let database = database.expect("a database");
    let admin = connect(database.url()).await;
    for sql in roles {
        run(&admin, sql).await;
    }
    (server, database, admin)
}

fn url_as(database: &EphemeralDatabase, login: &str) -> String {
    let mut url = url::Url::parse(database.url()).expect("a URL");
    url.set_username(login).expect("a name");
    url.set_password(Some("secret")).expect("a password");
    url.to_string()
}

/// On Supabase the login `postgres` is no superuser, and every new table of `public` is granted to three roles.
#[tokio::test]
async fn postgres_on_a_host_like_supabase_anonymous_users_see_no_row_of_an_owner() {
    let (_server, database, admin) = hosted(&[
        "CREATE ROLE anon NOLOGIN NOINHERIT; CREATE ROLE authenticated NOLOGIN NOINHERIT; \
         CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS",
        "CREATE ROLE migrator LOGIN CREATEROLE CREATEDB PASSWORD 'secret'",
        "GRANT anon, authenticated, service_role TO migrator WITH ADMIN OPTION",
        "GRANT ALL ON SCHEMA public TO migrator WITH GRANT OPTION; GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role",
        "ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role",
    ])
    .await;
    let url = url_as(&database, "migrator");
    let db = connect(&url).await;
    // With a role of its own, and with the role of the host.
    for role in ["catamaran_app", "authenticated"] {
        given([notes(role)]);
        up::<Given>(&url).await.expect("up");
        assert_eq!(notes_of_ada(&db, role).await, [ADA], "{role}");
        run(&db, "SET ROLE anon").await;
        assert_eq!(texts(&db, "SELECT user_id::text FROM notes").await, [""; 0]);
        run(&db, "SET ROLE service_role").await;
        assert_eq!(texts(&db, "SELECT user_id::text FROM notes").await, [ADA]);
        run(&db, "RESET ROLE").await;
        Migrator::<Given>::down(&db, None).await.expect("down");
    }
    // What the host has granted is not taken back.
    let usage = "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles \
         WHERE rolname IN ('anon', 'service_role') AND has_schema_privilege(oid, 'public', 'USAGE')";
    assert_eq!(texts(&admin, usage).await, ["anon service_role"]);
}

/// On RDS and Cloud SQL the first login is a member of a role of the host, and no superuser.
#[tokio::test]
async fn postgres_on_a_host_whose_administrator_is_no_superuser_the_role_is_created_for_each_login()
{
    for host in ["rds_superuser", "cloudsqlsuperuser"] {
        let (_server, database, admin) = hosted(&[
            &format!("CREATE ROLE {host} NOLOGIN CREATEROLE CREATEDB IN ROLE pg_monitor"),
            &format!(
                "CREATE ROLE master LOGIN CREATEROLE CREATEDB PASSWORD 'secret' IN ROLE {host}"
            ),
            &format!("CREATE ROLE deployer LOGIN PASSWORD 'secret' IN ROLE {host}"),
            &format!("GRANT CREATE ON SCHEMA public TO {host}"),
        ])
        .await;
        given([notes("catamaran_app")]);
        // A login that is only a member of the host's role has none of its attributes.
        let error = up::<Given>(&url_as(&database, "deployer")).await;
        let error = error.expect_err("no CREATEROLE").to_string();
        assert!(
            error.contains("CREATE ROLE catamaran_app NOLOGIN; GRANT"),
            "{error}"
        );
        let url = url_as(&database, "master");
        up::<Given>(&url).await.expect("up");
        let db = connect(&url).await;
        assert_eq!(notes_of_ada(&db, "catamaran_app").await, [ADA], "{host}");
        // The master may let the other login in.
        run(&db, "GRANT catamaran_app TO deployer").await;
        let deployer = connect(&url_as(&database, "deployer")).await;
        run(&deployer, "SET ROLE catamaran_app").await;
        let refused = try_texts(&deployer, "SELECT rolpassword FROM pg_authid").await;
        refused.expect_err("a role without privileges");
        drop(admin);
    }
}
