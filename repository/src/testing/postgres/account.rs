//! The account that the test server runs as.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::super::TestError;

/// The folders in which systems have their own programs. Not every PATH has them.
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/// An account other than root, and the command line that switches to it.
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// The words before a command line that run it as this account.
    pub(super) prefix: Vec<String>,
}

impl Account {
    /// `None` if this process is not root, so that PostgreSQL can run as the same account. Otherwise the account
    /// `postgres` if it exists, else `nobody`.
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
        let prefixes = [
            vec![
                "setpriv".to_owned(),
                format!("--reuid={uid}"),
                format!("--regid={gid}"),
                "--clear-groups".to_owned(),
                "--".to_owned(),
            ],
            ["runuser", "-u", name, "--"].map(str::to_owned).to_vec(),
            // Runs the words after the account's name, which a shell gets as its parameters.
            [
                "su",
                "-s",
                "/bin/sh",
                "-c",
                "exec \"$0\" \"$@\"",
                "--",
                name,
            ]
            .map(str::to_owned)
            .to_vec(),
        ];
        let accounts = prefixes.map(|prefix| Self { uid, gid, prefix });
        let account = accounts.into_iter().find(Self::can_be_used);
        account.map(Some).ok_or(TestError::NoAccount {
            reason: "none of `setpriv`, `runuser` and `su` (package util-linux) can run a program as it",
        })
    }

    fn can_be_used(&self) -> bool {
        let mut command = Self::command(Some(self), Path::new("id"));
        command.arg("-u").stderr(Stdio::null());
        let printed = command.output();
        printed.is_ok_and(|output| output.stdout.trim_ascii() == self.uid.to_string().as_bytes())
    }

    /// A command that is run as the account, without what the environment would change: variables of PostgreSQL, the
    /// locale and the current folder. Without an account it runs as that of this process.
    pub(super) fn command(account: Option<&Self>, program: &Path) -> Command {
        let prefix = account.map_or(&[][..], |account| &account.prefix);
        let mut words = prefix.iter().map(OsString::from).chain([program.into()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        let chosen = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&chosen).chain(SYSTEM_FOLDERS.map(PathBuf::from));
        // Fails for a name that no PATH can have.
        if let Ok(path) = env::join_paths(folders) {
            command.env("PATH", path);
        }
        // The server reads PGPORT, PGDATESTYLE and PGCLIENTENCODING; its programs read PGDATA and others.
        let variables = env::vars_os().map(|(name, _)| name);
        for name in variables.filter(|name| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        // The code reads messages in English. The account may not have access to the current folder.
        command.env("LC_ALL", "C").current_dir("/");
        command.stdin(Stdio::null());
        command
    }
}

/// The number that `id` prints. `getuid` would need `unsafe`.
fn id(arguments: &[&str]) -> Option<u32> {
    let mut command = Account::command(None, Path::new("id"));
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
