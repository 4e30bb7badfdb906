//! pgbouncer between a store and the server: the real program, for one test.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

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
kill "$pooler" 2>/dev/null
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
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            mode: Mode::Transaction,
            pool_size: 3,
            ignored: "",
            wait_timeout: 60,
        }
    }
}

/// A pooler on the loopback interface; dropping it stops it.
pub struct PgBouncer {
    port: u16,
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
        // From here on the shell removes it.
        let _path = directory.keep();
        let pooler = PgBouncer {
            port,
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

/// The path of pgbouncer, which Debian installs in `/usr/sbin`.
fn program() -> &'static str {
    let debians = "/usr/sbin/pgbouncer";
    match fs::exists(debians) {
        Ok(true) => debians,
        _ => "pgbouncer",
    }
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
    urls.iter().map(line).collect()
}

fn settings(setup: &Setup, urls: &[&str], port: u16, users: &dyn std::fmt::Display) -> String {
    let server = Url::parse(urls.first().expect("a URL")).expect("a URL");
    let host = server.host_str().expect("a host");
    let server_port = server.port().unwrap_or(5432);
    let mode = match setup.mode {
        Mode::Transaction => "transaction",
        Mode::Session => "session",
    };
    let Setup {
        pool_size,
        ignored,
        wait_timeout,
        ..
    } = setup;
    format!(
        "[databases]\n* = host={host} port={server_port}\n\n[pgbouncer]\n\
         listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = plain\nauth_file = {users}\npool_mode = {mode}\n\
         default_pool_size = {pool_size}\nmax_client_conn = 400\n\
         query_wait_timeout = {wait_timeout}\nignore_startup_parameters = {ignored}\n"
    )
}
