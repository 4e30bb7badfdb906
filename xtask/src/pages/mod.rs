//! `cargo xtask pages`: follows pages of the book word by word.
//!
//! A page is followed from its top:
//!
//! - A block under a paragraph that is only `` `path`: `` is the content of that file. A `diff` block there changes it. Under
//!   `` At the end of `path`: `` it is added to the file, after an empty line.
//! - A `console` block is run. Each line that begins with `$ ` is a command. What follows it is its output; a command
//!   without such lines may print anything.
//! - In an output, a line of three dots matches any number of lines. `<seconds>` matches a duration, `<hash>` hexadecimal
//!   digits, and `<path>` a path.
//! - Every other block must be `text`, so that no block is skipped by mistake.

mod edit;
mod packages;
mod parse;
mod quote;
mod scratch;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::{Outcome, server::Server, shell};
use packages::Packages;
use parse::{Action, Step};
use scratch::Scratch;

#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Only this page, by the name of its file without `.md` (repeatable)
    #[arg(value_name = "PAGE")]
    pub page: Vec<String>,
    /// The folder in which the packages are unpacked, as catamaran-VERSION and so on [default: they are packaged now]
    #[arg(long, value_name = "FOLDER")]
    pub packages: Option<PathBuf>,
}

/// A page that is followed, and where.
struct Page {
    name: &'static str,
    place: Place,
}

/// A folder outside of the workspace, in which pages are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A folder for projects of a reader's own, with the packages as they will be published in `catamaran`, and the
    /// program of these in `PATH`. The pages share it, so that the library is built once for all of them.
    Projects,
    /// A copy of the workspace.
    Copy,
}

const PAGES: [Page; 4] = [
    Page {
        name: "start",
        place: Place::Projects,
    },
    Page {
        name: "cli",
        place: Place::Projects,
    },
    Page {
        name: "tour",
        place: Place::Projects,
    },
    Page {
        name: "adding-an-entity",
        place: Place::Copy,
    },
];

pub async fn run(arguments: &Arguments) -> Outcome<bool> {
    let is_wanted = |name: &str| {
        arguments.page.is_empty() || arguments.page.iter().any(|wanted| wanted == name)
    };
    if let Some(unknown) = arguments
        .page
        .iter()
        .find(|name| PAGES.iter().all(|page| page.name != **name))
    {
        let names = PAGES.map(|page| page.name).join(", ");
        return Err(format!("no page {unknown:?}: there are {names}").into());
    }
    let server = Server::find_or_start().await?;
    for place in [Place::Projects, Place::Copy] {
        let pages = PAGES.iter().filter(|page| page.place == place);
        let pages: Vec<_> = pages.filter(|page| is_wanted(page.name)).collect();
        if pages.is_empty() {
            continue;
        }
        let folder = scratch::folder(&format!("{place:?}").to_lowercase())?;
        let mut prepared = place.prepare(arguments, &folder)?;
        prepared.variable(
            catamaran::testing::POSTGRES_URL_VARIABLE,
            server.url().into(),
        );
        for page in pages {
            if !followed(page, prepared.clone())? {
                eprintln!("The files are in {}.", folder.display());
                return Ok(false);
            }
        }
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(true)
}

/// Follows a page from its top, and prints how long each command took.
fn followed(page: &Page, mut scratch: Scratch) -> Outcome<bool> {
    let begin = Instant::now();
    let path = format!("docs/src/{}.md", page.name);
    shell::heading(&path);
    let steps = parse::steps(&std::fs::read_to_string(shell::workspace().join(&path))?)
        .map_err(|error| format!("{path}:{error}"))?;
    for step in &steps {
        if let Err(error) = follow(step, &mut scratch) {
            shell::complain(&format!("{path}:{error}"));
            return Ok(false);
        }
    }
    let took = begin.elapsed().as_secs_f32();
    println!(
        "{}: {path}, {} steps, {took:.1} s",
        shell::verdict(true, "PASSED"),
        steps.len()
    );
    Ok(true)
}

/// Follows one block. An error begins with the line of the page.
fn follow(step: &Step, scratch: &mut Scratch) -> Result<(), String> {
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", step.line);
    match &step.action {
        Action::Write { path, text } => scratch.write(path, text).map_err(|error| at(&error)),
        Action::Append { path, text } => scratch
            .read(path)
            .and_then(|before| scratch.write(path, &format!("{before}\n{text}")))
            .map_err(|error| at(&format!("{path}: {error}"))),
        Action::Edit { path, diff } => scratch
            .read(path)
            .and_then(|text| edit::apply(&text, diff).map_err(Into::into))
            .and_then(|text| scratch.write(path, &text))
            .map_err(|error| at(&format!("{path}: {error}"))),
        Action::Run(commands) => commands.iter().try_for_each(|command| {
            let at = |error: &dyn std::fmt::Display| format!("{}: {error}", command.line);
            eprintln!("$ {}", command.text);
            let begin = Instant::now();
            let (output, succeeded) = scratch.run(&command.text).map_err(|error| at(&error))?;
            eprintln!("  {:.1} s", begin.elapsed().as_secs_f32());
            if !succeeded {
                return Err(at(&format!("`{}` failed\n{output}", command.text)));
            }
            if command.output.is_empty() || quote::is(&command.output, &output) {
                return Ok(());
            }
            Err(at(&format!(
                "`{}` prints something else than the page says\n--- the page\n{}\n--- the command\n{output}",
                command.text,
                command.output.join("\n"),
            )))
        }),
    }
}

impl Place {
    fn prepare(self, arguments: &Arguments, folder: &Path) -> Outcome<Scratch> {
        if self == Place::Copy {
            let copy = folder.join("catamaran");
            scratch::copy_workspace(&copy)?;
            return Scratch::new(folder, &copy, None);
        }
        let packages = match &arguments.packages {
            Some(folder) => Packages::in_folder(folder)?,
            None => Packages::made_in(&folder.join("packages"))?,
        };
        // The pages say that a checkout is there.
        scratch::copy_folder(&packages.library, &folder.join("catamaran/repository"))?;
        scratch::copy_folder(&packages.program, &folder.join("catamaran/cli"))?;
        let mut scratch = Scratch::new(folder, folder, Some(&packages.macros))?;
        let (output, succeeded) =
            scratch.run("cargo build --quiet --manifest-path catamaran/cli/Cargo.toml")?;
        if !succeeded {
            return Err(format!("the package catamaran-cli does not compile\n{output}").into());
        }
        let programs = std::iter::once(folder.join("catamaran/cli/target/debug"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(programs.chain(std::env::split_paths(&path)))?;
        scratch.variable("PATH", path);
        Ok(scratch)
    }
}
