use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{self, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use catamaran::testing::{EphemeralDatabase, PostgresServer};

use super::{
    Outcome, environment,
    migrator::{self, Migrator},
};

/// Tells another process of this test binary what to do; see [`as_another_process`].
const PART: &str = "CATAMARAN_EPHEMERAL_TEST_PART";
/// Marks the lines of the other process, because the test harness prints too.
const SAYS: &str = "child says: ";

/// Another process that uses this library.
pub struct Child {
    process: process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Child {
    pub fn start(part: &str, variables: &[(&str, &str)]) -> io::Result<Self> {
        Self::start_in(part, "", |command| {
            command.envs(variables.iter().copied());
        })
    }

    /// After a command of the shell, such as `umask 077`, and in an environment.
    pub fn start_in(
        part: &str,
        before: &str,
        environment: impl FnOnce(&mut Command),
    ) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{before}\nexec \"$0\" \"$@\"")]);
        command.arg(env::current_exe()?).args([
            "--exact",
            "ephemeral_databases::ownership::as_another_process",
            "--nocapture",
        ]);
        environment(&mut command);
        command.env(PART, part);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        match (process.stdin.take(), process.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self {
                process,
                input,
                output: BufReader::new(output),
            }),
            _ => unreachable!("both were asked for as pipes"),
        }
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        while self.output.read_line(&mut line)? > 0 {
            if let Some((_, said)) = line.split_once(SAYS) {
                return Ok(said.trim_end().to_owned());
            }
            line.clear();
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// Lets it end, and waits until it has.
    pub fn release(mut self) -> Outcome {
        self.input.write_all(b"\n")?;
        let status = self.process.wait()?;
        assert!(status.success(), "{status}");
        Ok(())
    }

    /// `kill -9`.
    pub fn kill(mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait().map(drop)
    }
}

/// Not a test but the program of a [`Child`]. Does nothing without [`PART`].
#[tokio::test]
async fn as_another_process() -> Outcome {
    let say = |what: &str| println!("{SAYS}{what}");
    let wait = || io::stdin().read_line(&mut String::new());
    match env::var(PART).as_deref() {
        Ok("server") => {
            let server = PostgresServer::start()?;
            let directory = server.directory().ok_or("it is our own")?;
            let pid = std::fs::read_to_string(directory.join("data/postmaster.pid"))?;
            say(pid.lines().next().unwrap_or_default());
            say(&directory.to_string_lossy());
            wait()?;
        }
        Ok("environment") => match environment::report().await {
            Ok(lines) => {
                lines.iter().for_each(|line| say(line));
                wait()?;
            }
            Err(error) => say(&format!("failed: {error}").replace('\n', " | ")),
        },
        Ok("clone") => {
            let _database = EphemeralDatabase::postgres::<Migrator>().await?;
            say(match migrator::has_migrated() {
                true => "migrated a template",
                false => "found a template",
            });
            wait()?;
        }
        _ => {}
    }
    Ok(())
}

fn runs(pid: &str) -> bool {
    let mut command = Command::new("kill");
    command.args(["-0", pid]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Waits until the server and its directory are gone.
pub fn assert_gone(pid: &str, directory: &Path) {
    // Longer than it takes on the slowest machine.
    let deadline = Instant::now() + Duration::from_secs(15 * 60);
    while runs(pid) || directory.exists() {
        let left = format!(
            "server runs: {}, directory: {}",
            runs(pid),
            directory.exists()
        );
        assert!(Instant::now() < deadline, "{left}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn postgres_server_dies_with_an_owner_that_is_killed() -> Outcome {
    let mut owner = Child::start("server", &[])?;
    let (pid, directory) = (owner.line()?, owner.line()?);
    assert!(runs(&pid) && Path::new(&directory).is_dir());
    owner.kill()?;
    assert_gone(&pid, Path::new(&directory));
    Ok(())
}

#[test]
fn postgres_server_is_stopped_when_it_is_dropped() -> Outcome {
    let server = PostgresServer::start()?;
    let directory = server.directory().ok_or("it is our own")?.to_owned();
    let pid = std::fs::read_to_string(directory.join("data/postmaster.pid"))?;
    let pid = pid.lines().next().unwrap_or_default().to_owned();
    drop(server);
    assert!(!directory.exists());
    // The process may still be a zombie.
    assert_gone(&pid, &directory);
    Ok(())
}

#[test]
fn postgres_server_shows_no_password() -> Outcome {
    let server = PostgresServer::at("postgres://someone:s3cret@localhost:5432/app")?;
    assert!(!format!("{server:?}").contains("s3cret"));
    let refused = PostgresServer::at("mysql://someone:s3cret@localhost/app").map(drop);
    let error = refused.err().ok_or("another scheme is refused")?;
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    Ok(())
}
