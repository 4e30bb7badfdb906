//! The variables of the environment and the `.env` file of the `migration` program, and the URLs in them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support;

/// Runs the program in a folder, without the variables of this process.
fn run(folder: &Path, variables: &[(&str, &str)], args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migration"));
    command.current_dir(folder).args(args);
    for name in [
        "DATABASE_URL",
        "DATABASE_SCHEMA",
        "CATAMARAN_TEST_POSTGRES_URL",
    ] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    command.output().expect("the binary runs")
}

/// The exit code, and the one line on standard error.
fn fails(folder: &Path, variables: &[(&str, &str)], args: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, variables, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        text.lines().count(),
        1,
        "{args:?} {variables:?}: {output:?}"
    );
    let applied = String::from_utf8_lossy(&output.stdout);
    assert!(
        !applied.contains("has been applied"),
        "{args:?} {variables:?}: {applied}"
    );
    (output.status.code(), text.trim_end().to_owned())
}

fn succeeds(folder: &Path, variables: &[(&str, &str)], args: &[&str]) {
    let output = run(folder, variables, args);
    assert!(
        output.status.success(),
        "{args:?} {variables:?}: {output:?}"
    );
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn empty_schema_is_as_if_unset(url: &str) {
    let folder = folder();
    for schema in ["", " ", "\r"] {
        let variables = [("DATABASE_URL", url), ("DATABASE_SCHEMA", schema)];
        succeeds(folder.path(), &variables, &["fresh"]);
        succeeds(folder.path(), &variables, &["status", "-s", ""]);
    }
}

#[test]
fn sqlite_an_empty_schema_is_as_if_unset() {
    let file = support::SqliteFile::new();
    empty_schema_is_as_if_unset(&format!("{}?mode=rwc", file.url()));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_an_empty_schema_is_as_if_unset() {
    let database = support::PostgresDatabase::new().await;
    empty_schema_is_as_if_unset(&database.url());
}

#[test]
fn an_empty_url_is_as_if_unset() {
    let folder = folder();
    for url in ["", " ", "\n"] {
        let variables = [("DATABASE_URL", url)];
        let (code, told) = fails(folder.path(), &variables, &["up"]);
        assert_eq!(code, Some(1));
        assert_eq!(
            told,
            "error: no database URL: pass --database-url or set DATABASE_URL"
        );
        succeeds(
            folder.path(),
            &variables,
            &["up", "-u", "sqlite:habits.db?mode=rwc"],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_variable_of_the_test_server_is_as_if_unset() {
    let folder = folder();
    // It starts a server of its own.
    for url in ["", " "] {
        let variables = [("CATAMARAN_TEST_POSTGRES_URL", url)];
        succeeds(folder.path(), &variables, &["doctor", "--only", "postgres"]);
    }
    let wrong = [("CATAMARAN_TEST_POSTGRES_URL", "sqlite://habits.db")];
    let output = run(folder.path(), &wrong, &["doctor", "--only", "postgres"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text.contains("CATAMARAN_TEST_POSTGRES_URL"), "{text}");
}

#[test]
fn an_empty_variable_of_the_postgres_driver_is_named() {
    let folder = folder();
    for (name, url) in [
        ("PGHOST", "postgres:///habits?user=ann"),
        ("PGUSER", "postgres://127.0.0.1:1/habits"),
    ] {
        let (code, told) = fails(folder.path(), &[(name, "")], &["status", "-u", url]);
        assert_eq!(code, Some(1));
        assert!(
            told.contains(name) && told.contains("unset the variable"),
            "{told}"
        );
    }
}

#[test]
fn a_variable_of_libpq_works_or_is_named() {
    let folder = folder();
    let url = "postgres://ann@127.0.0.1:1/habits";
    for (variables, url, expected) in [
        (
            &[("PGSSLMODE", "s3cret")][..],
            url,
            "the variable PGSSLMODE is set, and the parameter sslmode has an unknown value",
        ),
        (
            &[
                ("PGSSLMODE", "verify-full"),
                ("PGSSLROOTCERT", "/nowhere.crt"),
            ],
            url,
            "the file /nowhere.crt (PGSSLROOTCERT) cannot be read: it does not exist",
        ),
        (
            &[
                ("PGSSLMODE", "require"),
                ("PGSSLCERT", "/nowhere.crt"),
                ("PGSSLKEY", "/nowhere.key"),
            ],
            url,
            "the file /nowhere.crt (PGSSLCERT) cannot be read",
        ),
        (&[("PGCONNECT_TIMEOUT", "s3cret")], url, "PGCONNECT_TIMEOUT"),
        (
            &[("PGPASSFILE", "/nowhere")],
            url,
            "the file of passwords /nowhere cannot be read",
        ),
        (
            &[("PGPORT", "99999")],
            "postgres://ann@127.0.0.1/habits",
            "PGPORT",
        ),
        (
            &[("PGSERVICE", "habits")],
            "postgres:///habits",
            "PGSERVICE",
        ),
        (&[("PGSERVICE", "habits")], url, "PGSERVICE"),
        (&[("PGREQUIRESSL", "1")], url, "PGREQUIRESSL"),
        (&[("PGSSLCRLDIR", "/nowhere")], url, "PGSSLCRLDIR"),
        (
            &[],
            "postgres://ann@:1,:2/habits?sslmode=disable",
            "localhost:1: the connection was refused; no Postgres server responds at localhost:2",
        ),
        (
            &[("PGHOSTADDR", "127.0.0.1")],
            "postgres://ann@nowhere.invalid:1/habits",
            "no Postgres server responds at 127.0.0.1:1",
        ),
        (&[("PGREQUIREAUTH", "md5")], url, "PGREQUIREAUTH"),
        (
            &[("PGHOSTADDR", "s3cret")],
            "postgres:///habits",
            "PGHOSTADDR",
        ),
        (
            &[("PGHOST", "/nowhere"), ("PGPORT", "7")],
            "postgres:///habits?user=ann",
            "/nowhere/.s.PGSQL.7: there is no such socket",
        ),
        (
            &[
                ("PGSERVICE", "habits"),
                ("PGSSLMODE", "s3cret"),
                ("PGPORT", "s3cret"),
            ],
            "postgres://ann@127.0.0.1:1/habits?sslmode=disable",
            "no Postgres server responds at 127.0.0.1:1",
        ),
    ] {
        let (code, told) = fails(folder.path(), variables, &["status", "-u", url]);
        assert_eq!(code, Some(1), "{told}");
        assert!(
            told.contains(expected) && !told.contains("s3cret"),
            "{told}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_named() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = folder();
    for variable in ["PGHOST", "PGUSER", "PGPASSWORD", "PGOPTIONS", "PGSSLMODE"] {
        let output = Command::new(env!("CARGO_BIN_EXE_migration"))
            .args(["status", "-u", "postgres://ann@127.0.0.1:1/habits"])
            .current_dir(folder.path())
            .env(variable, OsStr::from_bytes(b"a\xff"))
            .output();
        let output = output.expect("the program");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected = format!("the variable {variable} is not UTF-8");
        assert!(told.contains(&expected), "{told}");
    }
}

/// What would be migrated is not what a store could open.
#[test]
fn no_command_migrates_a_database_that_nothing_could_open() {
    let folder = folder();
    for url in [
        "sqlite:",
        "sqlite://",
        "sqlite://?mode=rwc",
        "sqlite: ",
        "sqlite::memory:",
        "sqlite://?mode=memory",
        "sqlite:named?mode=memory",
        "sqlite:file:m.db?mode=rwc",
        "sqlite://m.db?mode=ro&mode=rwc",
        "sqlite://m.db?mode=rwc&cache=shared",
    ] {
        for command in ["up", "down", "fresh", "refresh", "reset", "status"] {
            let (code, told) = fails(folder.path(), &[("DATABASE_URL", url)], &[command]);
            assert_eq!(code, Some(1), "{url}");
            assert!(
                told.starts_with("error: the database URL cannot be read: "),
                "{url}: {told}"
            );
        }
        let (_, told) = fails(folder.path(), &[], &["plan", "--pending", "-u", url]);
        assert!(
            told.starts_with("error: the database URL cannot be read: "),
            "{url}: {told}"
        );
        let output = run(
            folder.path(),
            &[],
            &["doctor", "--no-scratch", "--url", url],
        );
        assert!(
            matches!(output.status.code(), Some(2 | 64)),
            "{url}: {output:?}"
        );
    }
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

#[test]
fn a_plan_of_what_is_pending_creates_no_file_whatever_its_name() {
    let folder = folder();
    for url in ["sqlite:a.db?mode=rwc", "sqlite:mode=rwc.db?mode=rwc"] {
        succeeds(folder.path(), &[], &["plan", "--pending", "-u", url]);
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
    }
    succeeds(
        folder.path(),
        &[],
        &["up", "-u", "sqlite:mode=rwc.db?mode=rwc"],
    );
    let output = run(
        folder.path(),
        &[],
        &["plan", "--pending", "-u", "sqlite:mode=rwc.db?mode=rwc"],
    );
    let plan = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(plan.starts_with("-- sqlite: 0 pending"), "{plan}");
}

#[test]
fn a_missing_folder_is_named_by_the_command() {
    let folder = folder();
    let (code, told) = fails(
        folder.path(),
        &[],
        &["up", "-u", "sqlite://missing/a.db?mode=rwc"],
    );
    assert_eq!(code, Some(1));
    let missing = folder
        .path()
        .canonicalize()
        .expect("a folder")
        .join("missing");
    let part = format!(
        "the folder {} does not exist; create it: mkdir -p ",
        missing.display()
    );
    assert!(told.contains(&part), "{told}");
}

fn env_file(contents: &[u8]) -> tempfile::TempDir {
    let folder = folder();
    fs::write(folder.path().join(".env"), contents).expect("a file");
    folder
}

#[test]
fn the_url_of_an_env_file_is_used_with_any_line_breaks() {
    for contents in [
        "DATABASE_URL=sqlite://habits.db?mode=rwc",
        "# habits\r\nDATABASE_URL=sqlite://habits.db?mode=rwc\r\nDATABASE_SCHEMA=\r\n",
        "\u{feff}DATABASE_URL=\"sqlite://habits.db?mode=rwc\"\n",
        "export DATABASE_URL='sqlite://habits.db?mode=rwc' # here\n",
        "DATABASE_URL=\"sqlite://habits.db?mode=rwc\n\"\n",
    ] {
        let folder = env_file(contents.as_bytes());
        succeeds(folder.path(), &[], &["up"]);
        assert!(folder.path().join("habits.db").is_file(), "{contents:?}");
        // Also from a folder below.
        fs::create_dir(folder.path().join("below")).expect("a folder");
        succeeds(&folder.path().join("below"), &[], &["up"]);
    }
}

#[test]
fn a_line_of_an_env_file_that_cannot_be_read_is_named_by_its_number() {
    for (contents, line) in [
        (
            &b"NAME=x\nAPP=My S3cr3t App\nDATABASE_URL=sqlite://a.db?mode=rwc"[..],
            2,
        ),
        (b"NAME=x\n\nno equals S3cr3t\n", 3),
        (b"NAME='S3cr3t\nDATABASE_URL=sqlite://a.db?mode=rwc\n", 1),
        (b"NAME=x\nPASSWORD=S3cr3t\xe9\n", 2),
        (
            b"NAME=x\nDATABASE_URL=postgres://ann:S3cr3t$word@localhost/habits\n",
            2,
        ),
        (
            b"DATABASE_URL=\"postgres://ann:$S3cr3t@localhost/habits\"\n",
            1,
        ),
    ] {
        let folder = env_file(contents);
        let (code, told) = fails(folder.path(), &[], &["up"]);
        assert_eq!(code, Some(64), "{told}");
        assert!(told.contains(&format!("/.env, line {line}: ")), "{told}");
        assert!(!told.contains("S3cr3t") && !told.contains("word"), "{told}");
        succeeds(folder.path(), &[], &["--help"]);
    }
}

#[test]
fn a_dollar_in_quotes_of_an_env_file_and_without_a_file_is_no_fault() {
    let folder = env_file(b"DATABASE_URL='sqlite://pa$$word.db?mode=rwc'\n");
    succeeds(folder.path(), &[], &["up"]);
    assert!(folder.path().join("pa$$word.db").is_file());
    // The environment takes precedence, so that the line is not used.
    let folder = env_file(b"DATABASE_URL=sqlite://$nothing.db?mode=rwc\n");
    succeeds(
        folder.path(),
        &[("DATABASE_URL", "sqlite:a.db?mode=rwc")],
        &["up"],
    );
}
