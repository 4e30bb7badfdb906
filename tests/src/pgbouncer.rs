//! pgbouncer between a store and the server: the real program, for one test.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use url::Url;

use crate::pace::scaled;

/// Runs a command for as long as standard input stays open: the other end of that pipe is held by the test's
/// process and closes however that process ends. Then the directory goes as well.
const WATCHDOG: &str = r#"
directory=$1
shift
trap '' HUP INT TERM PIPE
"$@" </dev/null >/dev/null 2>&1 &
pooler=$!
read -r _
# Since version 1.23 it waits for its clients after a TERM.
kill -KILL "$pooler" 2>/dev/null
wait "$pooler"
rm -rf "$directory"
"#;

/// When a pooler gives a server connection to another client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// After each transaction.
    Transaction,
    /// After a client's session.
    Session,
    /// After each statement. Transactions are refused.
    Statement,
}

/// How a pooler is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// When a server connection goes to another client.
    pub mode: Mode,
    /// How many server connections there are for one database and user.
    pub pool_size: usize,
    /// The startup parameters that are dropped instead of refused, as pgbouncer lists them.
    pub ignored: &'static str,
    /// How long a client waits for a server connection, in seconds.
    pub wait_timeout: u32,
    /// More lines of its settings. The last line of a name counts.
    pub more: String,
    /// The address of the server, if it is not that of the URLs.
    pub server: Option<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            mode: Mode::Transaction,
            pool_size: 3,
            ignored: "",
            wait_timeout: 60,
            more: String::new(),
            server: None,
        }
    }
}

/// The user of the console, and its password.
pub const ADMIN: &str = "the_pooler_admin";

/// A pooler on the loopback interface; dropping it stops it.
pub struct PgBouncer {
    port: u16,
    settings: PathBuf,
    shell: Child,
    /// Closing it stops the pooler.
    input: Option<ChildStdin>,
}

impl PgBouncer {
    /// Starts a pooler for the server and the users that these URLs name.
    ///
    /// # Panics
    /// If it does not start. An absent pgbouncer fails the test.
    pub fn start(setup: &Setup, urls: &[&str]) -> Self {
        for _ in 0..10 {
            if let Some(pooler) = Self::try_start(setup, urls) {
                return pooler;
            }
        }
        panic!(
            "pgbouncer does not start: is the package pgbouncer installed? `cargo xtask test` installs it on Debian"
        )
    }

    /// `None` if something else took the port meanwhile.
    fn try_start(setup: &Setup, urls: &[&str]) -> Option<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = free.local_addr().expect("its address").port();
        drop(free);

        let directory = tempfile::Builder::new()
            .prefix("catamaran-pgbouncer-")
            // The pooler runs under another account than root.
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()
            .expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        fs::write(path("users"), users(urls)).expect("the list of users");
        fs::write(
            path("settings"),
            settings(setup, urls, port, &path("users").display()),
        )
        .expect("the settings");

        let mut command = Command::new("sh");
        command.args(["-c", WATCHDOG, "pgbouncer-watchdog"]);
        command.arg(directory.path()).arg(program());
        if let Some(account) = account() {
            command.args(["-u", account]);
        }
        command.arg(path("settings"));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Keeps a Ctrl-C in the terminal away from the pooler.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut shell = command.spawn().expect("the shell `sh`");
        let settings = path("settings");
        // From here on the shell removes it.
        let _path = directory.keep();
        let pooler = PgBouncer {
            port,
            settings,
            input: shell.stdin.take(),
            shell,
        };
        let begun = Instant::now();
        while begun.elapsed() < scaled(Duration::from_secs(5)) {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Some(pooler);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Runs a command of the console, such as `PAUSE`.
    ///
    /// # Panics
    /// If the pooler refuses it.
    pub async fn command(&self, command: &str) {
        let url = format!(
            "postgres://{ADMIN}:{ADMIN}@127.0.0.1:{}/pgbouncer",
            self.port
        );
        let options: PgConnectOptions = url.parse().expect("a URL");
        let options = options.extra_float_digits(None);
        let console = PgConnection::connect_with(&options).await;
        let mut console = console.expect("the console of the pooler");
        let done = sqlx::raw_sql(AssertSqlSafe(command.to_owned())).execute(&mut console);
        done.await.expect(command);
    }

    /// Adds lines to its settings, and makes it read them.
    ///
    /// # Panics
    /// If they cannot be written.
    pub async fn reload(&self, lines: &str) {
        let settings = fs::read_to_string(&self.settings).expect("the settings");
        fs::write(&self.settings, format!("{settings}{lines}\n")).expect("the settings");
        self.command("RELOAD").await;
    }

    /// The URL by way of the pooler.
    pub fn url(&self, direct: &str) -> String {
        let mut url = Url::parse(direct).expect("a URL");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(self.port)).expect("a port");
        url.into()
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.input.take());
        // It has ended, or it is gone already.
        let _ended = self.shell.wait();
    }
}

/// The variable that names another pgbouncer than that of the machine.
const PROGRAM: &str = "CATAMARAN_TEST_PGBOUNCER";

/// The path of pgbouncer, which Debian installs in `/usr/sbin`.
fn program() -> OsString {
    let debians = "/usr/sbin/pgbouncer";
    match (env::var_os(PROGRAM), fs::exists(debians)) {
        (Some(path), _) => path,
        (None, Ok(true)) => debians.into(),
        _ => "pgbouncer".into(),
    }
}

/// Its version, such as `(1, 18)`.
///
/// # Panics
/// If it does not run.
pub fn version() -> (u32, u32) {
    let output = Command::new(program()).arg("--version").output();
    let output = output.expect("pgbouncer");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.lines().next().and_then(|line| line.rsplit(' ').next());
    let mut numbers = version.into_iter().flat_map(|version| version.split('.'));
    let mut number = || numbers.next()?.parse().ok();
    number().zip(number()).expect("a version")
}

/// The account to run the pooler as if this process is root, as which pgbouncer does not run.
fn account() -> Option<&'static str> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id")
            .args(arguments)
            .stderr(Stdio::null())
            .output();
        let output = output.expect("the program `id`");
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if id(&["-u"]).as_deref() != Some("0") {
        return None;
    }
    ["postgres", "nobody"]
        .into_iter()
        .find(|name| id(&["-u", name]).is_some())
}

/// Names and passwords, which the pooler needs for its own connections.
fn users(urls: &[&str]) -> String {
    let line = |url: &&str| {
        let url = Url::parse(url).expect("a URL");
        format!(
            "\"{}\" \"{}\"\n",
            url.username(),
            url.password().unwrap_or_default()
        )
    };
    let admin = format!("\"{ADMIN}\" \"{ADMIN}\"\n");
    urls.iter().map(line).chain([admin]).collect()
}

fn settings(setup: &Setup, urls: &[&str], port: u16, users: &dyn std::fmt::Display) -> String {
    let server = Url::parse(urls.first().expect("a URL")).expect("a URL");
    let host = server.host_str().expect("a host");
    let server_port = server.port().unwrap_or(5432);
    let mode = match setup.mode {
        Mode::Transaction => "transaction",
        Mode::Session => "session",
        Mode::Statement => "statement",
    };
    let Setup {
        pool_size,
        ignored,
        wait_timeout,
        more,
        ..
    } = setup;
    let server = setup.server.clone();
    let server = server.unwrap_or_else(|| format!("host={host} port={server_port}"));
    format!(
        "[databases]\n* = {server}\n\n[pgbouncer]\n\
         listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = plain\nauth_file = {users}\npool_mode = {mode}\n\
         default_pool_size = {pool_size}\nmax_client_conn = 400\n\
         query_wait_timeout = {wait_timeout}\nignore_startup_parameters = {ignored}\n\
         admin_users = {ADMIN}\n{more}\n"
    )
}
