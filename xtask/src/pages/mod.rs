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
use parse::{Action, Step};
use scratch::Scratch;

#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Only this page, by the name of its file without `.md` (repeatable)
    #[arg(value_name = "PAGE")]
    pub page: Vec<String>,
    /// The folder in which catamaran-VERSION and catamaran-macros-VERSION are unpacked [default: they are packaged now]
    #[arg(long, value_name = "FOLDER")]
    pub packages: Option<PathBuf>,
}

/// A page that is followed, and the function that prepares its folder.
struct Page {
    name: &'static str,
    prepare: fn(&Arguments, &Path) -> Outcome<Scratch>,
}

const PAGES: [Page; 3] = [
    Page {
        name: "start",
        prepare: own_project,
    },
    Page {
        name: "adding-an-entity",
        prepare: copy_of_the_workspace,
    },
    Page {
        name: "cli",
        prepare: with_the_program,
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
    for page in PAGES.iter().filter(|page| is_wanted(page.name)) {
        let begin = Instant::now();
        let path = format!("docs/src/{}.md", page.name);
        shell::heading(&path);
        let steps = parse::steps(&std::fs::read_to_string(shell::workspace().join(&path))?)
            .map_err(|error| format!("{path}:{error}"))?;
        let folder = scratch::folder(page.name)?;
        let mut scratch = (page.prepare)(arguments, &folder)?;
        scratch.variable(
            catamaran::testing::POSTGRES_URL_VARIABLE,
            server.url().into(),
        );
        for step in &steps {
            if let Err(error) = follow(step, &mut scratch) {
                shell::complain(&format!("{path}:{error}"));
                eprintln!("The files are in {}.", folder.display());
                return Ok(false);
            }
        }
        std::fs::remove_dir_all(&folder)?;
        let took = begin.elapsed().as_secs_f32();
        println!(
            "{}: {path}, {} steps, {took:.1} s",
            shell::verdict(true, "PASSED"),
            steps.len()
        );
    }
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
            let (output, succeeded) = scratch.run(&command.text).map_err(|error| at(&error))?;
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

/// An empty folder, with the packages as they will be published beside it.
fn own_project(arguments: &Arguments, folder: &Path) -> Outcome<Scratch> {
    let (library, macros) = match &arguments.packages {
        Some(packages) => packages::in_folder(packages)?,
        None => packages::made_in(&folder.join("packages"))?,
    };
    // The page says that the checkout is there.
    scratch::copy_folder(&library, &folder.join("catamaran/repository"))?;
    Scratch::new(folder, folder, Some(&macros))
}

fn copy_of_the_workspace(_: &Arguments, folder: &Path) -> Outcome<Scratch> {
    let copy = folder.join("catamaran");
    scratch::copy_workspace(&copy)?;
    Scratch::new(folder, &copy, None)
}

/// An empty folder with a copy of the workspace beside it, and the program `catamaran` in `PATH`.
fn with_the_program(_: &Arguments, folder: &Path) -> Outcome<Scratch> {
    shell::quietly(&mut shell::cargo(["build", "--package", "catamaran-cli"]))?;
    scratch::copy_workspace(&folder.join("catamaran"))?;
    let mut scratch = Scratch::new(folder, folder, None)?;
    let programs = std::iter::once(shell::target().join("debug"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(programs.chain(std::env::split_paths(&path)))?;
    scratch.variable("PATH", path);
    Ok(scratch)
}
