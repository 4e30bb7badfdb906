//! A streaming standby of a test's own server, which may be promoted.

use std::error::Error;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tokio::task::spawn_blocking;
use url::Url;

use crate::observer::{connect, texts};
use crate::own_server::OwnServer;
use crate::pace::PLENTY;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Runs a command for as long as standard input stays open, and then removes the directory.
const WATCHDOG: &str = r#"
directory=$1
shift
trap '' HUP INT TERM PIPE
"$@" </dev/null >"$directory/server.log" 2>&1 &
server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$directory"
"#;

/// The name under which the primary knows the standby.
const NAME: &str = "standby";

/// Whether a commit on the primary waits for the standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// It does.
    Synchronous,
    /// It does not.
    Asynchronous,
}

/// A standby that follows its primary until it is promoted. It stops when this value is dropped, and when the process
/// of the test ends.
#[derive(Debug)]
pub struct Standby {
    admin: Url,
    shell: Child,
    /// Closing it stops the server.
    input: Option<ChildStdin>,
}

impl Drop for Standby {
    fn drop(&mut self) {
        drop(self.input.take());
        // It has ended, or it is gone already.
        let _ended = self.shell.wait();
    }
}

impl Standby {
    /// Copies the primary by `pg_basebackup`, starts the copy, and waits until it follows the primary.
    ///
    /// # Errors
    /// If one of PostgreSQL's programs fails.
    pub async fn of(primary: &OwnServer, replication: Replication) -> Outcome<Self> {
        let admin = connect(primary.admin_url()).await?;
        let programs = texts(
            &admin,
            "SELECT setting FROM pg_config WHERE name = 'BINDIR'",
        )
        .await?;
        let programs = PathBuf::from(programs.concat());
        let (url, data) = (primary.admin_url().to_owned(), primary.data().to_owned());
        let standby = spawn_blocking(move || Standby::start(&programs, &url, &data)).await??;
        let states = "SELECT state FROM pg_stat_replication WHERE state = 'streaming'";
        wait_for_row(&admin, states).await?;
        if replication == Replication::Synchronous {
            let wait = format!("ALTER SYSTEM SET synchronous_standby_names = '{NAME}'");
            admin.execute_unprepared(&wait).await?;
            texts(&admin, "SELECT pg_reload_conf()::text").await?;
            let states = "SELECT state FROM pg_stat_replication WHERE sync_state = 'sync'";
            wait_for_row(&admin, states).await?;
        }
        admin.close().await?;
        Ok(standby)
    }

    fn start(programs: &Path, primary: &str, data: &Path) -> Outcome<Self> {
        let owner = fs::metadata(data)?;
        let directory = tempfile::Builder::new()
            .prefix("catamaran-standby-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()?;
        let is_root = fs::metadata(directory.path())?.uid() != owner.uid();
        let command = |program: &str| {
            let mut command = Command::new(program);
            command.env("LC_ALL", "C").current_dir("/");
            command.stdin(Stdio::null()).stdout(Stdio::null());
            if is_root {
                command.uid(owner.uid()).gid(owner.gid());
            }
            command
        };
        chown(directory.path(), Some(owner.uid()), Some(owner.gid()))?;
        let mut from: Url = primary.parse()?;
        let password = from.password().unwrap_or_default().to_owned();
        from.set_password(None).map_err(|()| "a URL")?;
        from.query_pairs_mut().append_pair("application_name", NAME);
        let copy = directory.path().join("data");
        let copied = command(&programs.join("pg_basebackup").to_string_lossy())
            .args([
                "--checkpoint=fast",
                "--wal-method=stream",
                "--write-recovery-conf",
            ])
            .args([
                "--create-slot",
                "--slot",
                NAME,
                "--dbname",
                from.as_str(),
                "--pgdata",
            ])
            .arg(&copy)
            .env("PGPASSWORD", password)
            .stderr(Stdio::piped())
            .output()?;
        if !copied.status.success() {
            return Err(String::from_utf8_lossy(&copied.stderr).into());
        }
        let port = {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            free.local_addr()?.port()
        };
        let mut shell = command("sh");
        shell.args(["-c", WATCHDOG, "standby-watchdog"]);
        shell.arg(directory.path()).arg(programs.join("postgres"));
        shell.arg("-D").arg(&copy).args(["-p", &port.to_string()]);
        // Once it is promoted, no standby follows it.
        shell.args(["-c", "synchronous_standby_names="]);
        // It follows a primary that was restarted without a pause of seconds.
        shell.args(["-c", "wal_retrieve_retry_interval=100ms"]);
        shell.stdin(Stdio::piped()).stderr(Stdio::null());
        // Keeps a Ctrl-C in the terminal away from the server.
        shell.process_group(0);
        let mut shell = shell.spawn()?;
        // From here on the shell removes it.
        let _path = directory.keep();
        let mut admin: Url = primary.parse()?;
        admin.set_port(Some(port)).map_err(|()| "a URL")?;
        Ok(Standby {
            admin,
            input: shell.stdin.take(),
            shell,
        })
    }

    /// The superuser's URL of the database `postgres`.
    #[must_use]
    pub fn admin_url(&self) -> &str {
        self.admin.as_str()
    }

    /// Makes it a primary, and waits until it is one.
    ///
    /// # Errors
    /// Those of `pg_promote`.
    pub async fn promote(&self) -> Outcome<()> {
        let admin = connect(self.admin_url()).await?;
        let promoted = texts(&admin, "SELECT pg_promote(true, 600)::text").await?;
        admin.close().await?;
        match promoted.concat().as_str() {
            "true" => Ok(()),
            _ => Err("the standby is not promoted".into()),
        }
    }
}

/// Waits until a query returns a row.
///
/// # Errors
/// Those of the query, and if it returns none in time.
async fn wait_for_row(connection: &DatabaseConnection, query: &str) -> Outcome<()> {
    let begun = Instant::now();
    while begun.elapsed() < PLENTY {
        if !texts(connection, query).await?.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("no row: {query}").into())
}
