//! As whom a server of our own runs.

use std::process::{Command, Stdio};

use super::super::TestError;

/// An account other than root, and how to run a command as it.
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// What to put in front of a command line.
    pub(super) prefix: Vec<String>,
}

impl Account {
    /// `None` when this process is not root and PostgreSQL may run as itself; else the account
    /// `postgres` if there is one, else `nobody`.
    pub(super) fn of_the_server() -> Result<Option<Self>, TestError> {
        if id(&["-u"]) != Some(0) {
            return Ok(None);
        }
        let account = ["postgres", "nobody"].into_iter().find_map(|name| {
            let uid = id(&["-u", name])?;
            let gid = id(&["-g", name])?;
            Some((name, uid, gid))
        });
        let Some((name, uid, gid)) = account else {
            return Err(TestError::NoAccount {
                reason: "there is no account `postgres` or `nobody` to run it as",
            });
        };
        let prefix = if works("setpriv", &["--version"]) {
            vec![
                "setpriv".to_owned(),
                format!("--reuid={uid}"),
                format!("--regid={gid}"),
                "--clear-groups".to_owned(),
                "--".to_owned(),
            ]
        } else if works("runuser", &["--version"]) {
            ["runuser", "-u", name, "--"].map(str::to_owned).to_vec()
        } else {
            return Err(TestError::NoAccount {
                reason: "neither `setpriv` nor `runuser` (package util-linux) is installed",
            });
        };
        Ok(Some(Self { uid, gid, prefix }))
    }
}

/// What `id` prints. Asking the process itself would need `unsafe`.
fn id(arguments: &[&str]) -> Option<u32> {
    let mut command = Command::new("id");
    let output = command
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8(output.stdout)
        .ok()?
        .trim_end()
        .parse()
        .ok()
}

fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
