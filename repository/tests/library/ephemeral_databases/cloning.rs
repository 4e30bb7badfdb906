use catamaran::testing::{Collation, DatabaseOptions, Locale, PostgresServer};

use super::{
    Outcome,
    migrator::{Migrator, connect, texts},
    ownership::Child,
};

/// The databases that this library has created on a server.
const DATABASES: &str =
    "SELECT datname::text AS text FROM pg_database WHERE datname ~ '^catamaran_'";

#[tokio::test]
async fn postgres_template_is_made_once_by_two_racing_processes() -> Outcome {
    let server = PostgresServer::start()?;
    let one = Child::start(
        "clone",
        &[("CATAMARAN_TEST_POSTGRES_URL", server.admin_url())],
    )?;
    let two = Child::start(
        "clone",
        &[("CATAMARAN_TEST_POSTGRES_URL", server.admin_url())],
    )?;
    let mut said = Vec::new();
    for mut child in [one, two] {
        said.push(child.line()?);
        child.release()?;
    }
    said.sort();
    assert_eq!(said, ["found a template", "migrated a template"]);

    let connection = connect(server.admin_url()).await?;
    let databases = texts(&connection, DATABASES).await?;
    assert_eq!(
        databases.len(),
        1,
        "a template, and no database: {databases:?}"
    );
    assert!(databases[0].starts_with("catamaran_tpl_"));
    Ok(())
}

#[tokio::test]
async fn postgres_databases_of_a_killed_process_are_dropped_by_the_next() -> Outcome {
    let server = PostgresServer::start()?;
    let mut child = Child::start(
        "clone",
        &[("CATAMARAN_TEST_POSTGRES_URL", server.admin_url())],
    )?;
    assert_eq!(child.line()?, "migrated a template");
    let connection = connect(server.admin_url()).await?;
    let query = &format!("{DATABASES} AND datname ~ '_test_'");
    let left_behind = texts(&connection, query).await?;
    assert_eq!(left_behind.len(), 1);
    child.kill()?;

    // The server frees the claim once it has noticed the closed connection.
    let locks = "SELECT pid::text AS text FROM pg_locks WHERE locktype = 'advisory'";
    while !texts(&connection, locks).await?.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let _mine = DatabaseOptions::new()
        .postgres_on::<Migrator>(&server)
        .await?;
    let now = texts(&connection, query).await?;
    assert_eq!(now.len(), 1);
    assert_ne!(now, left_behind);
    Ok(())
}

#[tokio::test]
async fn postgres_collation_decides_how_text_is_ordered() -> Outcome {
    let sorted = "SELECT x AS text FROM (VALUES ('a'), ('Z')) AS letters (x) ORDER BY x";
    for (collation, expected) in [(Collation::C, ["Z", "a"]), (Collation::EnUs, ["a", "Z"])] {
        let options = DatabaseOptions::new().collation(collation);
        let database = options.postgres::<Migrator>().await?;
        let connection = connect(database.url()).await?;
        assert_eq!(texts(&connection, sorted).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn postgres_says_which_locale_stands_for_a_collation() -> Outcome {
    let server = PostgresServer::shared().await?;
    let c = server.locale_of(Collation::C).await?;
    assert_eq!(c, Locale::Libc("C".to_owned()));
    let english = server.locale_of(Collation::EnUs).await?;
    assert!(
        ["en_US.utf8 (libc)", "en_US.UTF-8 (libc)", "en-US (ICU)"].contains(&&*english.to_string())
    );
    Ok(())
}
