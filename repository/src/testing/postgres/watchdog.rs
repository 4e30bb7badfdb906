//! Starts a server, and the process that stops it.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    time::Duration,
};

use super::{
    super::{TestError, folder},
    account::Account,
};

/// The number of ports to try. Another process may take a free port before the server does.
const PORTS_TO_TRY: usize = 10;

/// The number of attempts to restart a server while processes of the killed one are still ending, and the time between
/// them.
const STARTS_TO_TRY: usize = 50;
const BETWEEN_STARTS: Duration = Duration::from_millis(100);

/// A shell that runs the server until its standard input closes; see `watchdog.sh`.
pub(super) struct Watchdog {
    shell: Child,
    /// Closing it stops the server. It is close-on-exec, so no other child keeps it open.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    directory: PathBuf,
}

impl Watchdog {
    /// Creates a cluster in a new directory. Does not start the server.
    pub(super) fn initialise(
        binaries: &Path,
        account: Option<&Account>,
        password: &str,
    ) -> Result<Self, TestError> {
        // Whatever is wrong with a folder shows at the latest in initdb: it is full, read-only, or closed to the account.
        folder::in_first_usable(|folder| Self::initialise_in(folder, binaries, account, password))
    }

    fn initialise_in(
        folder: &Path,
        binaries: &Path,
        account: Option<&Account>,
        password: &str,
    ) -> Result<Self, TestError> {
        let directory = tempfile::Builder::new()
            .prefix("catamaran-pg-")
            .tempdir_in(folder)
            .map_err(TestError::io("creating a directory"))?;
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text);
        write("password", password)
            .and_then(|()| write("settings", SETTINGS))
            .and_then(|()| hand_over(directory.path(), account))
            .map_err(TestError::io("preparing the server's directory"))?;

        // The shell stays the account of this process: the server's may not be allowed to remove the directory.
        let mut command = Account::command(None, Path::new("sh"));
        command.args(["-c", include_str!("watchdog.sh"), "catamaran-watchdog"]);
        command.arg(directory.path()).arg(binaries);
        command.args(account.map_or(&[][..], |account| &account.prefix));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // In a process group of its own, so that Ctrl-C in the terminal does not stop it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let spawned = command.spawn();
        let mut shell = spawned.map_err(TestError::io("starting the shell `sh`"))?;
        let (Some(input), Some(output)) = (shell.stdin.take(), shell.stdout.take()) else {
            unreachable!("both are configured as pipes above");
        };
        let mut watchdog = Self {
            shell,
            input: Some(input),
            output: BufReader::new(output),
            // The shell removes it.
            directory: directory.keep(),
        };
        if watchdog.step_succeeded()? {
            return Ok(watchdog);
        }
        Err(watchdog.failure("initdb", 8, &["initdb.log", "watchdog.log"]))
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
        Err(self.failure("pg_ctl start", 20, &["server.log", "watchdog.log"]))
    }

    /// Restarts a server that was killed, on the same port.
    ///
    /// Child processes of the killed server end after some time. Until then the server refuses to start.
    pub(super) fn start_again(&mut self, port: u16) -> Result<(), TestError> {
        for _ in 0..STARTS_TO_TRY {
            if self.start_on(port)? {
                return Ok(());
            }
            std::thread::sleep(BETWEEN_STARTS);
        }
        Err(self.failure("pg_ctl start", 20, &["server.log", "watchdog.log"]))
    }

    /// Starts the server on this port; returns whether it accepts connections.
    fn start_on(&mut self, port: u16) -> Result<bool, TestError> {
        self.send_port(port)
            .map_err(TestError::io("sending the port to the watchdog"))?;
        self.step_succeeded()
    }

    /// The directory of the server's files.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    fn send_port(&mut self, port: u16) -> io::Result<()> {
        match &mut self.input {
            Some(input) => writeln!(input, "{port}").and_then(|()| input.flush()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Waits for the end of a step; returns whether it succeeded.
    fn step_succeeded(&mut self) -> Result<bool, TestError> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        read.map_err(TestError::io("reading the output of the watchdog"))?;
        Ok(line.trim_end() == "ready")
    }

    /// An error with the last lines of the logs.
    fn failure(&self, step: &'static str, most: usize, logs: &[&str]) -> TestError {
        let log: String = logs.iter().map(|name| self.log(name)).collect();
        let lines = log.lines().filter(|line| !line.trim().is_empty());
        let lines: Vec<&str> = lines.collect();
        let log = lines[lines.len().saturating_sub(most)..].join("\n");
        TestError::Start { step, log }
    }

    fn log(&self, name: &str) -> String {
        let mut text = String::new();
        // A log that cannot be read counts as empty.
        let _ = fs::File::open(self.directory.join(name))
            .and_then(|mut file| file.read_to_string(&mut text));
        text
    }
}

impl Drop for Watchdog {
    /// Stops the server, and waits until its directory is removed.
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}

/// The settings of a temporary server: no durability, and no access from other machines. It has no Unix socket, because
/// the path of one has at most 107 bytes, and its folder no comma.
const SETTINGS: &str = "
# Catamaran's test server: fast and temporary.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
";

/// Makes the server's account the owner of the directory and its files.
#[cfg(unix)]
fn hand_over(directory: &Path, account: Option<&Account>) -> io::Result<()> {
    use std::os::unix::fs::{PermissionsExt, chown};

    let (password, settings) = (directory.join("password"), directory.join("settings"));
    // Whatever the umask is.
    for (path, mode) in [(directory, 0o700), (&password, 0o600), (&settings, 0o600)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        if let Some(Account { uid, gid, .. }) = account {
            chown(path, Some(*uid), Some(*gid))?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn hand_over(_: &Path, _: Option<&Account>) -> io::Result<()> {
    Ok(())
}

/// A port that is free now. Another process may take it before the server does.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
