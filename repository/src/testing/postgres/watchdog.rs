//! A server of our own, and the process that ends it.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use super::{super::TestError, account::Account};

/// How often a port is tried that another process took between our choosing and our using it.
const PORTS_TO_TRY: usize = 10;

/// How often, and how far apart, a server is started that something else still stands in the way of.
const STARTS_TO_TRY: usize = 50;
const BETWEEN_STARTS: Duration = Duration::from_millis(100);

/// A shell that runs the server while this process holds its standard input; see `watchdog.sh`.
pub(super) struct Watchdog {
    shell: Child,
    /// Closing it stops the server. Rust opens it close-on-exec: no other child holds it open.
    input: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    directory: PathBuf,
}

impl Watchdog {
    /// Makes a cluster in a new directory; nothing runs yet.
    pub(super) fn initialise(binaries: &Path, password: &str) -> Result<Self, TestError> {
        let account = Account::of_the_server()?;
        let directory = tempfile::Builder::new()
            .prefix("catamaran-pg-")
            .tempdir()
            .map_err(TestError::io("making a temporary directory"))?;
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text);
        write("password", password)
            .and_then(|()| write("settings", &settings(directory.path())))
            .and_then(|()| hand_over(directory.path(), account.as_ref()))
            .map_err(TestError::io("preparing the server's directory"))?;

        let mut command = Command::new("sh");
        command.args(["-c", include_str!("watchdog.sh"), "catamaran-watchdog"]);
        command.arg(directory.path()).arg(binaries);
        command.args(account.map(|account| account.prefix).unwrap_or_default());
        // The server's account may not read our working directory, and messages stay in English.
        command.current_dir("/").env("LC_ALL", "C");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // A group of its own: a Ctrl-C in the terminal is not meant for it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let spawned = command.spawn();
        let mut shell = spawned.map_err(TestError::io("starting the shell `sh`"))?;
        let (Some(input), Some(answers)) = (shell.stdin.take(), shell.stdout.take()) else {
            unreachable!("both were asked for as pipes");
        };
        let mut watchdog = Self {
            shell,
            input: Some(input),
            answers: BufReader::new(answers),
            // From here on the shell removes it.
            directory: directory.keep(),
        };
        if watchdog.answer()? {
            return Ok(watchdog);
        }
        Err(watchdog.failure("initdb", &["initdb.log", "watchdog.log"]))
    }

    /// Starts the server and waits until it accepts connections; returns its port.
    pub(super) fn start(&mut self) -> Result<u16, TestError> {
        for _ in 0..PORTS_TO_TRY {
            let port = free_port().map_err(TestError::io("choosing a port"))?;
            if self.start_on(port)? {
                return Ok(port);
            }
            if !self.log("server.log").contains("Address already in use") {
                break;
            }
        }
        Err(self.failure("pg_ctl start", &["server.log", "watchdog.log"]))
    }

    /// Starts a server again that ended without our doing, on its port.
    ///
    /// What a killed server leaves behind ends on its own, but not at once: until then its successor
    /// refuses to start.
    pub(super) fn start_again(&mut self, port: u16) -> Result<(), TestError> {
        for _ in 0..STARTS_TO_TRY {
            if self.start_on(port)? {
                return Ok(());
            }
            std::thread::sleep(BETWEEN_STARTS);
        }
        Err(self.failure("pg_ctl start", &["server.log", "watchdog.log"]))
    }

    /// Whether the server accepts connections on that port.
    fn start_on(&mut self, port: u16) -> Result<bool, TestError> {
        self.command(port)
            .map_err(TestError::io("asking for the server's start"))?;
        self.answer()
    }

    /// Where the server keeps its files.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    fn command(&mut self, port: u16) -> io::Result<()> {
        match &mut self.input {
            Some(input) => writeln!(input, "{port}").and_then(|()| input.flush()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Whether the last step succeeded.
    fn answer(&mut self) -> Result<bool, TestError> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(TestError::io("reading the watchdog's answer"))?;
        Ok(line.trim_end() == "ready")
    }

    fn failure(&self, step: &'static str, logs: &[&str]) -> TestError {
        let log: String = logs.iter().map(|name| self.log(name)).collect();
        let lines: Vec<&str> = log.lines().collect();
        let log = lines[lines.len().saturating_sub(20)..].join("\n");
        TestError::Start { step, log }
    }

    fn log(&self, name: &str) -> String {
        let mut text = String::new();
        // A log that cannot be read has nothing to tell.
        let _ = fs::File::open(self.directory.join(name))
            .and_then(|mut file| file.read_to_string(&mut text));
        text
    }
}

impl Drop for Watchdog {
    /// Stops the server and waits until its directory is gone.
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}

/// What a server that nobody keeps needs: no durability, and no way in from outside this machine.
fn settings(directory: &Path) -> String {
    let sockets = directory.display().to_string().replace('\'', "''");
    format!(
        "\n# Catamaran's test server: fast, and not to be kept.\n\
         listen_addresses = '127.0.0.1'\n\
         unix_socket_directories = '{sockets}'\n\
         max_connections = 200\n\
         fsync = off\n\
         synchronous_commit = off\n\
         full_page_writes = off\n"
    )
}

/// Gives the directory and what is in it to the server's account.
#[cfg(unix)]
fn hand_over(directory: &Path, account: Option<&Account>) -> io::Result<()> {
    use std::os::unix::fs::{PermissionsExt, chown};

    let password = directory.join("password");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600))?;
    if let Some(Account { uid, gid, .. }) = account {
        for path in [&password, &directory.join("settings"), directory] {
            chown(path, Some(*uid), Some(*gid))?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn hand_over(_: &Path, _: Option<&Account>) -> io::Result<()> {
    Ok(())
}

/// A port that was free a moment ago.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
