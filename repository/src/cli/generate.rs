//! The command `generate`.

use std::io;
use std::path::{Path, PathBuf};

use super::arguments::{Arguments, GenerateFormat, GenerateOptions, given};
use super::doctor::{add_databases, progress};
use super::error::CliError;
use super::files::Files;
use super::history_file::HistoryFile;
use super::{Cli, print, suggestion};
use crate::doctor::{Doctor, Generated};
use crate::model::clock::{Clock, SystemClock};

impl Cli {
    /// Generates a migration, writes it and prints what came of it; returns the exit code.
    pub(super) async fn generate(
        &self,
        arguments: &Arguments,
        options: &GenerateOptions,
        has_url: bool,
    ) -> Result<u8, CliError> {
        let outcome = Box::pin(self.write_generated(arguments, options, has_url)).await;
        let (generated, written, error) = match outcome {
            Ok((generated, mut written)) => {
                let lines = written.by_hand.take();
                let error = lines.map(|lines| CliError::UnknownList { lines });
                (generated, written, error)
            }
            Err(error) => (None, Written::default(), Some(error)),
        };
        let text = match (options.format, &generated, &error) {
            (GenerateFormat::Json, generated, error) => match error {
                Some(CliError::Generate(error)) => error.json(),
                Some(error) => Generated::json_with_error(generated.as_ref(), error.to_string()),
                None => Generated::json(generated.as_ref()),
            },
            (GenerateFormat::Human, Some(generated), _) if options.data => format!(
                "{generated}{written}\nwrite the step in up.rs, and the way back in down.rs"
            ),
            (GenerateFormat::Human, Some(generated), _) => format!("{generated}{written}"),
            (GenerateFormat::Human, None, None) => {
                "nothing to change: the migrations build what DOMAIN says".to_owned()
            }
            (GenerateFormat::Human, None, Some(_)) => String::new(),
        };
        if !text.is_empty() {
            print(&mut io::stdout().lock(), &format!("{text}\n"))?;
        }
        if let Some(error) = error {
            return Err(explained(error));
        }
        let is_done = generated.is_none_or(|one| one.suggestion.by_hand.is_empty());
        Ok(u8::from(!is_done))
    }

    async fn write_generated(
        &self,
        arguments: &Arguments,
        options: &GenerateOptions,
        has_url: bool,
    ) -> Result<(Option<Generated>, Written), CliError> {
        let names = (self.history.names)();
        let name = new_name(&options.name, &names)?;
        let package = options
            .package
            .as_deref()
            .filter(|path| !path.as_os_str().is_empty());
        let package = package.ok_or(CliError::NoPackage)?;
        let destination = Destination::of(package, &name, names.last().map(String::as_str))?;
        let generated = match (options.empty, options.data) {
            (true, _) => Some(Generated::empty(&name)),
            (_, true) => Some(Generated::data(&name)),
            (false, false) => {
                let doctor = self.generating(arguments, options, has_url)?;
                let generated = Box::pin(doctor.generate(&name)).await;
                progress("");
                generated?
            }
        };
        let written = match &generated {
            Some(generated) => destination.write(generated)?,
            None => Written::default(),
        };
        Ok((generated, written))
    }

    fn generating(
        &self,
        arguments: &Arguments,
        options: &GenerateOptions,
        has_url: bool,
    ) -> Result<Doctor, CliError> {
        let domain = self.domain.ok_or(CliError::NoDomain("generate"))?;
        let mut doctor = Doctor::new(domain)
            .application_role(self.application_role.as_str())
            .watch(|place| progress(&format!("checking {place} ...")));
        if let Some(schemas) = arguments.schemas() {
            doctor = doctor.schemas(schemas);
        }
        doctor = (self.history.add_to_doctor)(doctor);
        if let Some(server) = given(&options.server) {
            doctor = doctor.server(server);
        }
        if has_url {
            doctor = add_databases(doctor, arguments)?;
        }
        for (old, new) in &options.rename {
            doctor = doctor.renamed(old, new);
        }
        Ok(options
            .drop
            .iter()
            .fold(doctor, |doctor, what| doctor.dropped(what)))
    }
}

/// Prints the report of an error before the error.
fn explained(error: CliError) -> CliError {
    if let CliError::Generate(error) = &error
        && let Some(report) = error.report()
    {
        // The error itself is still to be printed.
        let _unread = print(&mut io::stderr().lock(), &format!("{report}\n"));
    }
    error
}

/// The name of the new migration: the time before the given name, unless that has one.
fn new_name(given: &str, names: &[String]) -> Result<String, CliError> {
    let purpose = |name: &str| match stamp(name) {
        Some(stamp) => name.get(stamp.len() + 1..).unwrap_or_default().to_owned(),
        None => name.to_owned(),
    };
    let exists = names.iter().find(|name| purpose(name) == purpose(given));
    if let Some(name) = exists {
        return Err(CliError::NameExists { name: name.clone() });
    }
    let last = names.last();
    if stamp(given).is_some() {
        return match last {
            Some(last) if last.as_str() >= given => {
                Err(CliError::NameBeforeLast { last: last.clone() })
            }
            _ => Ok(given.to_owned()),
        };
    }
    let now = format!("m{}_{given}", SystemClock.now().format("%Y%m%d_%H%M%S"));
    Ok(match last {
        Some(last) if *last >= now => match stamp(last).and_then(next) {
            Some(stamp) => format!("{stamp}_{given}"),
            None => format!("{last}_{given}"),
        },
        _ => now,
    })
}

/// The time at the beginning of a name: `m20260131_000001`.
fn stamp(name: &str) -> Option<&str> {
    let stamp = name.get(..16)?;
    let is_digits =
        |part: Option<&str>| part.is_some_and(|part| part.chars().all(|c| c.is_ascii_digit()));
    let is_one = stamp.starts_with('m')
        && is_digits(stamp.get(1..9))
        && stamp.get(9..10) == Some("_")
        && is_digits(stamp.get(10..16));
    (is_one && name.get(16..17) == Some("_")).then_some(stamp)
}

/// The stamp after that one.
fn next(stamp: &str) -> Option<String> {
    let (day, number) = stamp.split_once('_')?;
    let number = number.parse::<u32>().ok()? + 1;
    (number < 1_000_000).then(|| format!("{day}_{number:06}"))
}

/// Where the migration is written.
struct Destination {
    name: String,
    folder: PathBuf,
    list: Option<HistoryFile>,
}

/// What was written.
#[derive(Default)]
struct Written {
    files: Vec<PathBuf>,
    /// The lines to add to the list by hand, if it has another shape.
    by_hand: Option<String>,
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let here = std::env::current_dir().unwrap_or_default();
        self.files.iter().try_for_each(|file| {
            let file = file.strip_prefix(&here).unwrap_or(file);
            write!(f, "\nwritten: {}", file.display())
        })
    }
}

impl Destination {
    /// Finds the list of the migrations. Refuses a folder that exists.
    fn of(package: &Path, name: &str, last: Option<&str>) -> Result<Self, CliError> {
        let source = package.join("src");
        if !source.is_dir() {
            return Err(CliError::NoPackage);
        }
        let list = HistoryFile::find(&source, last);
        let list = list.map_err(|error| suggestion::with_path(error, &source))?;
        let folder = list.as_ref().map_or(source, HistoryFile::folder);
        let own = folder.join(name);
        match own.try_exists() {
            Ok(false) => {}
            Ok(true) => return Err(CliError::FolderExists { folder: own }),
            Err(error) => return Err(suggestion::with_path(error, &own).into()),
        }
        Ok(Destination {
            name: name.to_owned(),
            folder,
            list,
        })
    }

    /// Writes the files and adds the migration to the list.
    fn write(&self, generated: &Generated) -> Result<Written, CliError> {
        let mut files = Files::default();
        for (path, text) in generated.suggestion.files() {
            let created = files.create(self.folder.join(path), text);
            created.map_err(io::Error::other)?;
        }
        let mut written = Written::default();
        if files.changes().is_empty() {
            return Ok(written);
        }
        match &self.list {
            Some(list) => list.add(&mut files, &self.name),
            None => {
                let name = &self.name;
                written.by_hand = Some(format!("mod {name}; and Box::new({name}::Migration)"));
            }
        }
        files.format("2024");
        files.write()?;
        let changed = files.changes().iter();
        written.files = changed.map(|change| change.path.clone()).collect();
        Ok(written)
    }
}

/// `old=new`, both a table or both a column with its table.
pub(super) fn rename(text: &str) -> Result<(String, String), String> {
    let (old, new) = text.split_once('=').unwrap_or((text, ""));
    let is_name = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.ends_with('.');
    match is_name(old) && is_name(new) && (old.contains('.') || !new.contains('.')) {
        true => Ok((old.to_owned(), new.to_owned())),
        false => Err(
            "use old=new with two tables, or two columns: notes=texts, or notes.body=notes.content"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(given: &str, names: &[&str]) -> Result<String, CliError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        new_name(given, &names)
    }

    #[test]
    fn a_new_migration_sorts_after_the_last_one() {
        for last in ["m20200101_000001_one", "m29991231_000001_one", "one", "zoo"] {
            let name = named("two", &[last]).expect("a name");
            assert!(name.as_str() > last && name.ends_with("_two"), "{name}");
        }
        let name = named("two", &["m29991231_000001_one"]).expect("a name");
        assert_eq!(name, "m29991231_000002_two");
    }

    #[test]
    fn a_name_that_exists_or_sorts_before_the_last_one_is_refused() {
        let names = ["m20200101_000001_one"];
        for given in ["one", "m20200101_000001_one", "m20210101_000001_one"] {
            let error = named(given, &names).expect_err("it exists");
            assert!(
                matches!(error, CliError::NameExists { .. }),
                "{given}: {error}"
            );
        }
        let error = named("m20190101_000001_two", &names).expect_err("it is older");
        assert!(matches!(error, CliError::NameBeforeLast { .. }), "{error}");
    }

    #[test]
    fn a_rename_has_two_tables_or_two_columns() {
        assert!(rename("notes=texts").is_ok());
        assert!(rename("notes.body=content").is_ok());
        for wrong in [
            "notes",
            "notes=",
            "=notes",
            "notes=texts.body",
            "notes.=body",
        ] {
            assert!(rename(wrong).is_err(), "{wrong}");
        }
    }
}
