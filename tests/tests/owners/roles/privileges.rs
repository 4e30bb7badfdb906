//! A role that could become more than row level security holds does no scoped work, and the refusal says what takes
//! away what it has too much.

use catamaran::testing::{PostgresServer, TwinDatabase};
use catamaran::{ErrorKind, Result, StoreOptions};
use entity::Device;
use sea_orm::ConnectionTrait;
use suite::cross_owner::{Through, assert_no_access};
use suite::kind::refused;
use suite::login::Role;
use suite::observer::{connect, texts};
use suite::users::{ADA, BOB, scope};

use super::{postgres, refusal};

async fn run(db: &TwinDatabase, sql: &str) {
    let admin = connect(db.url()).await.expect("the superuser");
    let done = admin.execute_unprepared(sql).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The version of the server, as a number.
async fn version(db: &TwinDatabase) -> u32 {
    let admin = connect(db.url()).await.expect("the superuser");
    let version = texts(&admin, "SELECT current_setting('server_version_num')").await;
    version.expect("a version")[0].parse().expect("a number")
}

/// A statement that gives `{role}` too many privileges, and what the refusal says: the reason, and the
/// statement that revokes them, which is then run.
async fn powers(db: &TwinDatabase) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut powers = vec![
        (
            "ALTER ROLE {role} CREATEROLE",
            "it has CREATEROLE",
            "ALTER ROLE {role} NOCREATEROLE",
        ),
        (
            "ALTER ROLE {role} REPLICATION",
            "it has REPLICATION",
            "ALTER ROLE {role} NOREPLICATION",
        ),
        (
            "ALTER ROLE {role} BYPASSRLS",
            "it has BYPASSRLS",
            "ALTER ROLE {role} NOBYPASSRLS",
        ),
        (
            "ALTER ROLE {role} SUPERUSER",
            "it has SUPERUSER",
            "ALTER ROLE {role} NOSUPERUSER",
        ),
        (
            "GRANT pg_execute_server_program TO {role}",
            "pg_execute_server_program",
            "REVOKE pg_execute_server_program FROM {role}",
        ),
        (
            "GRANT pg_read_server_files TO {role}",
            "pg_read_server_files",
            "REVOKE pg_read_server_files FROM {role}",
        ),
        (
            "GRANT pg_write_server_files TO {role}",
            "pg_write_server_files",
            "REVOKE pg_write_server_files FROM {role}",
        ),
    ];
    let version = version(db).await;
    if version >= 150_000 {
        powers.push((
            "GRANT SET ON PARAMETER session_replication_role TO {role}",
            "it may set session_replication_role",
            "REVOKE ALL ON PARAMETER session_replication_role FROM {role}",
        ));
    }
    if version >= 160_000 {
        powers.push((
            "GRANT pg_create_subscription TO {role}",
            "pg_create_subscription",
            "REVOKE pg_create_subscription FROM {role}",
        ));
    }
    powers
}

/// The privilege belongs to the role itself, or to a role that it is an indirect member of, without inheriting.
#[tokio::test]
async fn an_application_role_that_can_gain_privileges_does_no_scoped_work() -> Result<()> {
    let db = postgres().await;
    let app = Role::make(
        &db,
        &[
            "CREATE ROLE {role} NOINHERIT",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        ],
    )
    .await;
    let between = Role::make(&db, &["CREATE ROLE {role} NOINHERIT"]).await;
    let far = Role::make(&db, &["CREATE ROLE {role}"]).await;
    run(&db, &format!("GRANT {} TO {}", between.name(), app.name())).await;
    run(&db, &format!("GRANT {} TO {}", far.name(), between.name())).await;
    let options = || StoreOptions::new(db.url()).application_role(app.name());
    for (grant, words, remedy) in powers(&db).await {
        for holder in [app.name(), far.name()] {
            let (grant, remedy) = (
                grant.replace("{role}", holder),
                remedy.replace("{role}", holder),
            );
            run(&db, &grant).await;
            let reason = refusal(&options().open().await?).await;
            let words = words.trim_start_matches("it ");
            assert!(reason.contains(words), "{grant}: {reason}");
            assert!(reason.contains(app.name()), "{grant}: {reason}");
            let is_attribute = remedy.starts_with("ALTER");
            let told = match is_attribute && holder == far.name() {
                // The remedy for an inherited attribute is to leave the role: other members may need the attribute.
                true => format!("REVOKE {} FROM {}", far.name(), between.name()),
                false => remedy.clone(),
            };
            assert!(reason.contains(&told), "{grant}: {reason}");
            run(&db, &told).await;
            options().open().await?.begin_read(&scope(ADA)).await?;
            if is_attribute && holder == far.name() {
                run(&db, &remedy).await;
                run(&db, &format!("GRANT {} TO {}", far.name(), between.name())).await;
            }
        }
    }
    let store = options().open().await?;
    assert_no_access::<Device>(&db, &store, [ADA, BOB], Through::Unit).await
}

/// A login role that does its scoped work as itself.
#[tokio::test]
async fn a_login_that_can_gain_privileges_is_told_to_join_the_application_role() -> Result<()> {
    let db = postgres().await;
    let login = Role::granted(&db).await;
    for (grant, words, remedy) in powers(&db).await {
        if words.contains("SUPERUSER") {
            // A role that may switch to any role does its scoped work as the application's role.
            continue;
        }
        run(&db, &grant.replace("{role}", login.name())).await;
        let reason = refusal(&login.options().open().await?).await;
        assert!(
            reason.contains(words.trim_start_matches("it ")),
            "{grant}: {reason}"
        );
        let remedy = remedy.replace("{role}", login.name());
        assert!(reason.contains(&remedy), "{grant}: {reason}");
        let join = format!("GRANT catamaran_app TO {}", login.name());
        assert!(reason.contains(&join), "{grant}: {reason}");
        run(&db, &remedy).await;
        login
            .options()
            .open()
            .await?
            .begin_read(&scope(ADA))
            .await?;
    }
    Ok(())
}

/// CREATEDB is harmless: in a copied database, tables keep their owners and their policies.
#[tokio::test]
async fn a_role_that_may_create_databases_does_scoped_work() -> Result<()> {
    let db = postgres().await;
    let login = Role::granted(&db).await;
    run(&db, &format!("ALTER ROLE {} CREATEDB", login.name())).await;
    let store = login.options().open().await?;
    assert_no_access::<Device>(&db, &store, [ADA, BOB], Through::Store).await
}

/// A privilege of PUBLIC is a privilege of the role.
#[tokio::test]
async fn a_role_that_public_lets_set_a_parameter_does_no_scoped_work() -> Result<()> {
    // Privileges of parameters belong to the whole server.
    let server = tokio::task::spawn_blocking(PostgresServer::start).await;
    let server = server.expect("no panic").expect("a server");
    let admin = connect(server.admin_url()).await?;
    if texts(&admin, "SELECT current_setting('server_version_num')").await?[0].as_str() < "150000" {
        return Ok(());
    }
    admin
        .execute_unprepared("GRANT SET ON PARAMETER session_replication_role TO PUBLIC")
        .await?;
    let store = StoreOptions::new(server.admin_url())
        .migrate::<migration::Migrator>()
        .open()
        .await?;
    let remedy = "REVOKE ALL ON PARAMETER session_replication_role FROM PUBLIC";
    let reason = refusal(&store).await;
    assert!(reason.contains(remedy), "{reason}");
    store.close();
    admin.execute_unprepared(remedy).await?;
    let store = StoreOptions::new(server.admin_url()).open().await?;
    store.begin_read(&scope(ADA)).await?;
    // The default application's role itself.
    for attribute in ["CREATEROLE", "REPLICATION"] {
        let alter = format!("ALTER ROLE catamaran_app {attribute}");
        admin.execute_unprepared(&alter).await?;
        let store = StoreOptions::new(server.admin_url()).open().await?;
        let reason = refusal(&store).await;
        assert!(reason.contains(attribute), "{reason}");
        store.close();
        let alter = format!("ALTER ROLE catamaran_app NO{attribute}");
        admin.execute_unprepared(&alter).await?;
    }
    Ok(())
}

/// A login role without privileges is refused before its first statement.
#[tokio::test]
async fn a_login_outside_of_the_application_role_is_told_which_sql_to_run() -> Result<()> {
    let db = postgres().await;
    let login = Role::make(&db, &["CREATE ROLE {role} LOGIN PASSWORD 'secret'"]).await;
    let remedy = format!("GRANT catamaran_app TO {}", login.name());
    let reason = refusal(&login.options().open().await?).await;
    assert!(reason.contains(&remedy), "{reason}");
    run(&db, &remedy).await;
    let store = login.options().open().await?;
    assert_no_access::<Device>(&db, &store, [ADA, BOB], Through::Store).await?;

    // Since version 16 a member may lack the SET option.
    if version(&db).await >= 160_000 {
        let without = format!(
            "GRANT catamaran_app TO {} WITH SET FALSE, INHERIT FALSE",
            login.name()
        );
        run(&db, &without).await;
        let reason = refusal(&login.options().open().await?).await;
        assert!(
            reason.contains(&format!("{remedy} WITH SET TRUE")),
            "{reason}"
        );
        run(&db, &format!("{remedy} WITH SET TRUE")).await;
        login
            .options()
            .open()
            .await?
            .begin_read(&scope(ADA))
            .await?;
    }
    let kind = login.options().application_role("nobody").open().await?;
    let refused = kind.begin_read(&scope(ADA)).await.err();
    assert!(refused.is_none_or(|error| matches!(error.kind(), ErrorKind::Permission { .. })));
    Ok(())
}

/// The tables are there, so to run the migrations again would not help.
#[tokio::test]
async fn a_login_that_may_not_use_the_schema_is_told_what_to_run() -> Result<()> {
    let db = postgres().await;
    let role = Role::granted(&db).await;
    let name = role.name();
    let revoke = format!("REVOKE USAGE ON SCHEMA public FROM PUBLIC, {name}");
    run(&db, &revoke).await;
    let kind = refused(role.options().open().await);
    let remedy = format!("GRANT USAGE ON SCHEMA public TO {name}");
    let ErrorKind::Permission { reason } = kind else {
        panic!("{kind:?}");
    };
    assert!(reason.ends_with(&format!("run {remedy}")), "{reason}");
    run(&db, &remedy).await;
    role.options().open().await?;
    Ok(())
}

#[tokio::test]
async fn a_migrator_without_its_second_connection_says_so_at_once() {
    let db = postgres().await;
    let limited = "CREATE ROLE {role} LOGIN PASSWORD 'secret' CONNECTION LIMIT 1";
    let role = Role::make(
        &db,
        &[
            limited,
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        ],
    )
    .await;
    let pending = catamaran::migrate::pending::<migration::History>(&role.url()).await;
    let told = pending.expect_err("one connection").to_string();
    for expected in [
        "a migrator needs two connections",
        "too many connections for role",
    ] {
        assert!(told.contains(expected), "{told}");
    }
    run(
        &db,
        &format!("ALTER ROLE {} CONNECTION LIMIT 2", role.name()),
    )
    .await;
    let pending = catamaran::migrate::pending::<migration::History>(&role.url()).await;
    assert_eq!(pending.expect("a history"), Vec::<String>::new());
}
