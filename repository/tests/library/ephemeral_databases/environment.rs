//! The environment of a process that starts a server: its folder for temporary files, its variables, its umask.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};
use tempfile::TempDir;

use super::{
    Outcome,
    migrator::{Migrator, add, bodies, connect, texts},
    ownership::{Child, assert_gone},
};

/// What the other process says about its server: the first process, the folder of the files, and settings.
pub async fn report() -> Result<Vec<String>, Box<dyn std::error::Error>> {
    // The databases are dropped before the server.
    let server = PostgresServer::start()?;
    let directory = server.directory().ok_or("it is our own")?.to_owned();
    let pid = fs::read_to_string(directory.join("data/postmaster.pid"))?;
    let postgres = DatabaseOptions::new()
        .postgres_on::<Migrator>(&server)
        .await?;
    let sqlite = EphemeralDatabase::sqlite_file::<Migrator>().await?;
    for database in [&postgres, &sqlite] {
        let connection = connect(database.url()).await?;
        add(&connection, "one more").await?;
        assert_eq!(
            bodies(&connection).await?,
            ["from the migration", "one more"]
        );
        connection.close().await?;
    }
    let admin = connect(server.admin_url()).await?;
    let query = "SELECT string_agg(setting, ' ' ORDER BY name) AS text FROM pg_settings
         WHERE name IN ('lc_messages', 'server_encoding', 'unix_socket_directories')";
    let settings = texts(&admin, query).await?;
    admin.close().await?;
    let lines = [
        pid.lines().next().unwrap_or_default().to_owned(),
        directory.to_string_lossy().into_owned(),
        settings.concat(),
    ];
    drop((postgres, sqlite));
    // Until the process ends.
    std::mem::forget(server);
    Ok(lines.into())
}

/// A folder that every account may enter, wherever `TMPDIR` of this test is.
fn base() -> io::Result<TempDir> {
    let base = tempfile::Builder::new()
        .prefix("catamaran-environment-")
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir_in("/tmp")?;
    fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755))?;
    Ok(base)
}

/// Starts a server in another process and stops it; returns the folder of its files.
fn server_in(
    before: &str,
    environment: impl FnOnce(&mut Command),
) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let mut child = Child::start_in("environment", before, environment)?;
    let pid = child.line()?;
    assert!(pid.parse::<u32>().is_ok(), "{pid}");
    let directory = PathBuf::from(child.line()?);
    assert_eq!(child.line()?, "C UTF8");
    child.release()?;
    assert_gone(&pid, &directory);
    Ok(directory)
}

fn server_in_folder(folder: impl AsRef<OsStr>) -> Result<PathBuf, Box<dyn std::error::Error>> {
    server_in("", |command| {
        command.env("TMPDIR", folder);
    })
}

#[test]
fn postgres_server_starts_in_a_folder_of_any_name() -> Outcome {
    let base = base()?;
    let long = format!("{0}/{0}/{0}", "x".repeat(100));
    for name in [
        &*long,
        "a,b",
        "it's \"quoted\" $HOME `id` \\ %41 ?#& *",
        "Ünïcode ☃ 数",
        " -rf",
    ] {
        let folder = base.path().join(name);
        fs::create_dir_all(&folder)?;
        let directory = server_in_folder(&folder)?;
        assert_eq!(directory.parent(), Some(&*folder));
    }
    let link = base.path().join("link");
    symlink(base.path().join("a,b"), &link)?;
    let directory = server_in_folder(&link)?;
    assert_eq!(directory.parent(), Some(&*base.path().join("a,b")));
    let directory = server_in("", |command| {
        command.current_dir(base.path()).env("TMPDIR", "a,b");
    })?;
    assert_eq!(directory.parent(), Some(&*base.path().join("a,b")));
    Ok(())
}

#[test]
fn postgres_server_starts_elsewhere_if_its_folder_cannot_be_used() -> Outcome {
    let base = base()?;
    let [closed, file, link, lines] =
        ["closed", "file", "link", "two\nlines"].map(|name| base.path().join(name));
    for folder in [&closed, &lines] {
        fs::create_dir(folder)?;
    }
    // Root may write here, and the account of the server may not enter.
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500))?;
    fs::write(&file, "")?;
    symlink("nowhere", &link)?;
    let missing = base.path().join("missing");
    let bytes = base.path().join(OsStr::from_bytes(b"latin1-\xe9"));
    fs::create_dir(&bytes)?;
    // SQLite opens no file below it.
    let long = base.path().join(vec!["x".repeat(100); 5].join("/"));
    fs::create_dir_all(&long)?;
    for folder in [
        &closed,
        &file,
        &link,
        &lines,
        &missing,
        &bytes,
        &long,
        Path::new(""),
    ] {
        let directory = server_in("", |command| {
            command.current_dir(base.path()).env("TMPDIR", folder);
        })?;
        assert!(
            !directory.starts_with(base.path()),
            "{}",
            directory.display()
        );
    }
    // Nothing is left of what was tried.
    for folder in [&closed, &lines, &bytes, &long] {
        assert_eq!(fs::read_dir(folder)?.count(), 0, "{}", folder.display());
    }
    Ok(())
}

#[test]
fn variables_of_the_environment_make_no_difference_to_a_server() -> Outcome {
    for mode in ["require", "verify-full"] {
        server_in("", |command| {
            command.envs([
                ("PGSSLMODE", mode),
                ("PGDATA", "/nonexistent/data"),
                ("PGPORT", "1"),
                ("PGHOST", "192.0.2.1"),
                ("PGHOSTADDR", "192.0.2.1"),
                ("PGUSER", "no_such_user"),
                ("PGPASSWORD", "wrong"),
                ("PGDATABASE", "no_such_database"),
                ("PGSERVICE", "no_such_service"),
                ("PGSSLROOTCERT", "/nonexistent/root.crt"),
                ("PGDATESTYLE", "nonsense"),
                ("PGCLIENTENCODING", "nonsense"),
                ("PGTZ", "nonsense"),
                ("PGCTLTIMEOUT", "0"),
                ("LANG", "xx_YY.UTF-8"),
                ("LC_ALL", "xx_YY.UTF-8"),
                ("LC_MESSAGES", "de_DE.UTF-8"),
                ("LANGUAGE", "de:fr"),
                ("TZ", "No/Where"),
            ]);
            command.env_remove("HOME").current_dir("/proc");
        })?;
    }
    server_in("", |command| {
        command.envs([("LANG", "C"), ("PGOPTIONS", "-c statement_timeout=50s")]);
        command.env_remove("LC_ALL").env_remove("USER");
    })?;
    Ok(())
}

#[test]
fn error_of_invalid_pgoptions_names_the_variable() -> Outcome {
    let mut child = Child::start("environment", &[("PGOPTIONS", "-c no_such_setting=1")])?;
    let said = child.line()?;
    assert!(
        said.starts_with("failed: ") && said.contains("PGOPTIONS"),
        "{said}"
    );
    assert!(said.contains("no_such_setting"), "{said}");
    child.release()
}

#[test]
fn postgres_server_starts_with_any_umask() -> Outcome {
    for umask in ["000", "077"] {
        server_in(&format!("umask {umask}"), |command| {
            command.env("TMPDIR", "/tmp");
        })?;
    }
    Ok(())
}

#[tokio::test]
async fn link_to_a_program_on_path_is_enough_to_find_the_server() -> Outcome {
    let server = PostgresServer::start()?;
    let admin = connect(server.admin_url()).await?;
    let query = "SELECT setting AS text FROM pg_config WHERE name = 'BINDIR'";
    let programs = texts(&admin, query).await?.concat();
    let base = base()?;
    symlink(
        Path::new(&programs).join("pg_ctl"),
        base.path().join("pg_ctl"),
    )?;
    server_in("", |command| {
        command.env("PATH", base.path());
    })?;
    Ok(())
}

#[test]
fn process_that_is_killed_during_initdb_leaves_nothing() -> Outcome {
    let base = base()?;
    let owner = Child::start_in("environment", "", |command| {
        command.env("TMPDIR", base.path());
    })?;
    let entries = || fs::read_dir(base.path()).into_iter().flatten().flatten();
    // The log is there as soon as the program runs.
    while !entries().any(|entry| entry.path().join("initdb.log").exists()) {
        thread::sleep(Duration::from_millis(1));
    }
    owner.kill()?;
    while entries().next().is_some() {
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
