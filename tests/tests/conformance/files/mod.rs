//! SQLite files as people have them: their names, formats and permissions, full disks, and crashes.

mod access;
mod crashes;
mod disks;
mod formats;
mod names;

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use catamaran::{Query, Result, Scope, Store, StoreOptions};
use entity::{Habit, HabitDraft};
use suite::observer::{connect, texts};
use suite::users::{ADA, everyone};
use tempfile::TempDir;

/// How many rows a file has.
const ROWS: u64 = 3;

/// A folder that every user may enter.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        permit(folder.path(), 0o755);
        Folder(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// A migrated file in WAL mode with [`ROWS`] rows, that no connection has open.
    async fn with_rows(name: &str) -> Result<(Self, PathBuf)> {
        let folder = Folder::new();
        let file = folder.file(name);
        add_rows(&format!("{}?mode=rwc", url(&file))).await?;
        leave_open(&file, "wal").await;
        Ok((folder, file))
    }
}

fn permit(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).expect("its permissions");
}

fn url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", file.display()))
}

/// Migrates a database and inserts [`ROWS`] rows.
async fn add_rows(url: &str) -> Result<()> {
    let store = StoreOptions::new(url)
        .migrate::<migration::History>()
        .open()
        .await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    for number in 0..ROWS {
        habits
            .insert(HabitDraft::new(format!("{number}"), "daily"))
            .await?;
    }
    store.close();
    Ok(())
}

/// Runs a command of a message as it stands.
fn run(command: &str) {
    let output = Command::new("sh").args(["-c", command]).output();
    let output = output.expect("a shell");
    assert!(output.status.success(), "{command}: {output:?}");
}

/// The number of rows that a store reads.
async fn rows(url: &str) -> Result<u64> {
    let store = Store::open(url).await?;
    let rows = store
        .repository::<Habit>(&everyone())
        .count(&Query::all())
        .await;
    store.close();
    rows
}

/// Sets the journal mode, as soon as no other connection has the file open.
async fn leave_open(file: &Path, mode: &str) {
    for _ in 0..500 {
        let connection = connect(&url(file)).await.expect("a connection");
        let sql = format!("PRAGMA journal_mode = {mode}");
        let alone = texts(&connection, &sql)
            .await
            .is_ok_and(|found| found == [mode]);
        connection.close().await.expect("closed");
        if alone && !beside(file, "-wal").exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("another connection has {} open", file.display());
}

/// The variable with the URL for [`a_process_that_reads`], and for the processes of the other tests.
const URL: &str = "CATAMARAN_SUITE_FILE_URL";

/// What other tests start in a process of its own.
#[tokio::test]
async fn a_process_that_reads() {
    if let Ok(url) = std::env::var(URL) {
        match rows(&url).await {
            Ok(rows) => println!("outcome: {rows} rows"),
            Err(error) => println!("outcome: {}: {error}", error.kind().name()),
        }
    }
}

/// Starts a test of this program in a process of its own.
fn process(test: &str, url: &str, command: Vec<&str>) -> Child {
    let program = std::env::current_exe().expect("this program");
    let words = command.iter().map(|word| (*word).into());
    let mut words: Vec<std::ffi::OsString> = words.chain([program.into()]).collect();
    let mut child = Command::new(words.remove(0));
    child
        .args(words)
        .args([test, "--exact", "--nocapture"])
        .env(URL, url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    child.spawn().expect("a process")
}

/// What the process says of the database.
fn outcome(child: Child) -> String {
    let output = child.wait_with_output().expect("its output");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.lines().find_map(|line| line.split_once("outcome: "));
    said.unwrap_or_else(|| panic!("it said {text:?}"))
        .1
        .to_owned()
}

/// What a process of a user without privileges says of the database.
fn of_another_user(url: &str) -> String {
    let switch = match rustix::process::geteuid().is_root() {
        true => vec![
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--",
        ],
        false => Vec::new(),
    };
    outcome(process("files::a_process_that_reads", url, switch))
}
