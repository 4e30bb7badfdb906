//! A Postgres server of one test, which may be stopped and killed.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catamaran::migrate::History;
use catamaran::testing::{Collation, PostgresServer};
use catamaran::{Engine, StoreOptions};
use rustix::process::{Pid, Signal, kill_process};
use sea_orm::ConnectionTrait;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::observer;
use crate::pace::PLENTY;
use crate::soak::database::Database;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A server for one test. It stops with the last clone of this value.
///
/// An acknowledged write survives the end of any of its processes, because a commit waits until the operating
/// system has the log. A commit does not wait for the disk: the tests simulate no power failure.
#[derive(Clone)]
pub struct OwnServer {
    server: Arc<Mutex<PostgresServer>>,
    admin: String,
    data: PathBuf,
}

/// The process has ended, or never was.
fn send(pid: i32, signal: Signal) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| kill_process(pid, signal).is_ok())
}

impl OwnServer {
    /// Starts one.
    ///
    /// # Errors
    /// Those of [`PostgresServer::start`].
    pub async fn start() -> Outcome<Self> {
        let server = spawn_blocking(PostgresServer::start).await??;
        let directory = server.directory().expect("a server of our own has one");
        let own = OwnServer {
            admin: server.admin_url().to_owned(),
            data: directory.join("data"),
            server: Arc::new(Mutex::new(server)),
        };
        let admin = observer::connect(&own.admin).await?;
        for setting in [
            "ALTER SYSTEM SET synchronous_commit = on",
            "ALTER SYSTEM SET full_page_writes = on",
            "SELECT pg_reload_conf()",
        ] {
            admin.execute_unprepared(setting).await?;
        }
        Ok(own)
    }

    /// Makes a database and migrates it.
    ///
    /// # Errors
    /// Those of making and migrating.
    pub async fn database<H: History>(&self, name: &str) -> Outcome<Database> {
        let server = self.server.lock().await;
        server.create_database(name, Collation::C).await?;
        let url = server.url(name);
        StoreOptions::new(&url).migrate::<H>().open().await?.close();
        Ok(Database {
            engine: Engine::Postgres,
            url,
        })
    }

    /// The superuser's URL of the database `postgres`.
    pub fn admin_url(&self) -> &str {
        &self.admin
    }

    /// Where the server keeps its files.
    pub fn data(&self) -> &std::path::Path {
        &self.data
    }

    /// Sends a signal to the server's first process; false if it has ended.
    pub fn signal(&self, signal: Signal) -> bool {
        self.first_process().is_some_and(|pid| send(pid, signal))
    }

    fn first_process(&self) -> Option<i32> {
        let file = fs::read_to_string(self.data.join("postmaster.pid")).ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// Ends the server at once, as an administrator in a hurry would (`QUIT`, immediate) or a machine without
    /// memory (`KILL`), and waits until it has.
    pub async fn stop(&self, signal: Signal) {
        self.signal(signal);
        // Asked to, it takes a moment to end; killed, it is gone and leaves its file.
        let begun = Instant::now();
        while begun.elapsed() < PLENTY {
            if signal == Signal::KILL || !self.data.join("postmaster.pid").exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills every process of the server with -9, as a machine that fails does.
    pub fn kill_all(&self) {
        let first = self.first_process();
        let children = first.map(children_of).unwrap_or_default();
        for pid in first.into_iter().chain(children) {
            send(pid, Signal::KILL);
        }
    }

    /// Starts it again, on the same port and files.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start_again(&self) -> Outcome<()> {
        let server = self.server.clone();
        spawn_blocking(move || server.blocking_lock().start_again()).await??;
        Ok(())
    }
}

/// The processes that a process has started, by `/proc`.
fn children_of(parent: i32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the name in parentheses, which may have spaces: the state, and the parent.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        rest.split_whitespace().nth(1) == Some(&parent.to_string())
    })
    .collect()
}

/// The server's processes that serve a database's stores, as the database lists them.
///
/// # Errors
/// Those of the query.
pub async fn backends(place: &Database) -> Outcome<Vec<i32>> {
    let connection = place.connect().await?;
    let query = "SELECT pid::text FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = 'catamaran'";
    let pids = observer::texts(&connection, query).await?;
    connection.close().await?;
    Ok(pids.iter().filter_map(|pid| pid.parse().ok()).collect())
}

/// Sends a signal to a process of a server on this machine; false if it has ended.
pub fn signal_backend(pid: i32, signal: Signal) -> bool {
    send(pid, signal)
}
