use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};

use super::{
    Outcome,
    migrator::{Migrator, add, bodies, connect, texts},
};

async fn two_do_not_see_each_other(one: &EphemeralDatabase, two: &EphemeralDatabase) -> Outcome {
    let first = connect(one.url()).await?;
    let second = connect(two.url()).await?;
    add(&first, "mine").await?;
    assert_eq!(bodies(&first).await?, ["from the migration", "mine"]);
    assert_eq!(bodies(&second).await?, ["from the migration"]);
    Ok(())
}

#[tokio::test]
async fn sqlite_databases_do_not_see_each_other() -> Outcome {
    let one = EphemeralDatabase::sqlite_file::<Migrator>().await?;
    let two = EphemeralDatabase::sqlite_file::<Migrator>().await?;
    two_do_not_see_each_other(&one, &two).await
}

#[tokio::test]
async fn postgres_databases_do_not_see_each_other() -> Outcome {
    let one = EphemeralDatabase::postgres::<Migrator>().await?;
    let two = EphemeralDatabase::postgres::<Migrator>().await?;
    two_do_not_see_each_other(&one, &two).await
}

/// Inserts a row and reads it back.
async fn use_database(database: EphemeralDatabase, number: usize) -> Result<(), String> {
    let work = async {
        let connection = connect(database.url()).await?;
        add(&connection, &format!("row {number}")).await?;
        let found = bodies(&connection).await?;
        connection.close().await?;
        Ok::<_, sea_orm::DbErr>(found)
    };
    let found = work.await.map_err(|error| error.to_string())?;
    assert_eq!(
        found,
        ["from the migration".to_owned(), format!("row {number}")]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_serves_eight_tests_at_once() -> Outcome {
    let mut tests = tokio::task::JoinSet::new();
    for number in 0..8 {
        tests.spawn(async move {
            let database = EphemeralDatabase::sqlite_file::<Migrator>().await;
            use_database(database.map_err(|error| error.to_string())?, number).await
        });
    }
    while let Some(outcome) = tests.join_next().await {
        outcome??;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_serves_eight_tests_at_once() -> Outcome {
    let mut tests = tokio::task::JoinSet::new();
    for number in 0..8 {
        tests.spawn(async move {
            let database = EphemeralDatabase::postgres::<Migrator>().await;
            use_database(database.map_err(|error| error.to_string())?, number).await
        });
    }
    while let Some(outcome) = tests.join_next().await {
        outcome??;
    }
    Ok(())
}

#[tokio::test]
async fn sqlite_file_is_removed_on_drop() -> Outcome {
    let database = EphemeralDatabase::sqlite_file::<Migrator>().await?;
    let path = database.url().trim_start_matches("sqlite://").to_owned();
    let directory = Path::new(&path).parent().map(Path::to_owned);
    let directory = directory.ok_or("a file is in a directory")?;
    assert!(Path::new(&path).is_file());
    drop(database);
    assert!(!directory.exists());
    Ok(())
}

async fn exists(url: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let name = url.rsplit('/').next().unwrap_or_default();
    let server = PostgresServer::shared().await?;
    let connection = connect(server.admin_url()).await?;
    let databases = texts(&connection, "SELECT datname::text AS text FROM pg_database").await?;
    connection.close().await?;
    Ok(databases.iter().any(|database| database == name))
}

#[tokio::test]
async fn postgres_database_is_dropped_on_drop_inside_a_runtime() -> Outcome {
    let database = EphemeralDatabase::postgres::<Migrator>().await?;
    let url = database.url().to_owned();
    // A test that fails leaves its connections open.
    let _open = connect(&url).await?;
    assert!(exists(&url).await?);
    drop(database);
    assert!(!exists(&url).await?);
    Ok(())
}

#[test]
fn postgres_database_is_dropped_on_drop_outside_a_runtime() -> Outcome {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    };
    let database = runtime()?.block_on(EphemeralDatabase::postgres::<Migrator>())?;
    let url = database.url().to_owned();
    drop(database);
    assert!(!runtime()?.block_on(exists(&url))?);
    Ok(())
}

#[tokio::test]
async fn closing_removes_the_database_of_either_engine() -> Outcome {
    let file = EphemeralDatabase::sqlite_file::<Migrator>().await?;
    let path = file.url().trim_start_matches("sqlite://").to_owned();
    file.close().await?;
    assert!(!Path::new(&path).exists());

    let database = EphemeralDatabase::postgres::<Migrator>().await?;
    let url = database.url().to_owned();
    database.close().await?;
    assert!(!exists(&url).await?);
    Ok(())
}

/// A client that does not finish its password exchange blocks every `DROP DATABASE` of the server.
/// If that client is a task of the runtime which the drop blocks, the drop must give up.
#[tokio::test]
async fn postgres_drop_does_not_wait_for_ever_on_a_client_that_is_connecting() -> Outcome {
    let server = PostgresServer::start()?;
    let database = DatabaseOptions::new()
        .postgres_on::<Migrator>(&server)
        .await?;
    let address = server
        .admin_url()
        .rsplit('@')
        .next()
        .and_then(|rest| rest.split('/').next());
    let mut client = TcpStream::connect(address.ok_or("a URL has an address")?)?;
    let parameters = b"user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(parameters.len() + 8)?;
    client.write_all(&length.to_be_bytes())?;
    client.write_all(&0x0003_0000_u32.to_be_bytes())?;
    client.write_all(parameters)?;
    let mut answer = [0];
    client.read_exact(&mut answer)?;
    assert_eq!(answer, *b"R", "asks for the password");

    // The client stays connected until the test ends, so this returns only because it gives up.
    drop(database);
    Ok(())
}
