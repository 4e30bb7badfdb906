//! The command `doctor`.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};

use super::arguments::{Arguments, Color, DoctorOptions, FailOn, given};
use super::error::CliError;
use super::{Cli, print, suggestion};
use crate::doctor::{Database, Doctor, Format, Sources, Verdict};
use crate::model::clock::{Clock, SystemClock};

impl Cli {
    pub(super) async fn doctor(
        &self,
        arguments: &Arguments,
        options: &DoctorOptions,
        has_url: bool,
    ) -> Result<u8, CliError> {
        let domain = self.domain.ok_or(CliError::NoDomain("doctor"))?;
        if options.suggest && matches!(options.format, Format::Sarif | Format::Github) {
            return Err(CliError::FormatWithoutSuggestion);
        }
        let mut doctor = Doctor::new(domain)
            .application_role(self.application_role.as_str())
            .lock_timeout(Duration::from_secs(options.lock_timeout))
            .watch(|place| progress(&format!("checking {place} ...")));
        if let Some(schemas) = arguments.schemas() {
            doctor = doctor.schemas(schemas);
        }
        doctor = (self.history.add_to_doctor)(doctor);
        if options.no_scratch {
            doctor = doctor.without_scratch();
        }
        if let Some(engine) = options.only {
            doctor = doctor.only(engine);
        }
        if let Some(server) = given(&options.server) {
            doctor = doctor.server(server);
        }
        if has_url {
            doctor = add_databases(doctor, arguments)?;
        }
        let report = doctor.check().await;
        let suggestion = match options.suggest {
            true => {
                let name = options.name.clone().unwrap_or_else(|| self.next_name());
                Some(doctor.suggest(&report, &name).await)
            }
            false => None,
        };
        progress("");
        let sources = std::env::current_dir().map_or_else(|_| Sources::unknown(), Sources::under);
        let files = match (&suggestion, &options.write) {
            (Some(suggestion), Some(package)) => suggestion::write(suggestion, package)?,
            _ => Vec::new(),
        };
        // People read what was written in the files.
        let by_files = suggestion
            .as_ref()
            .filter(|_| options.write.is_some() && options.format == Format::Human);
        let printed = suggestion.as_ref().filter(|_| by_files.is_none());
        let mut text = report.written(options.format, &sources, printed);
        if let Some(suggestion) = by_files {
            text.push_str(&format!("\n\n{}", suggestion.summary()));
            for file in files {
                text.push_str(&format!("\n  written: {}", file.display()));
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let choice = match options.color {
            Color::Auto => AutoStream::choice(&std::io::stdout()),
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        print(
            &mut AutoStream::new(std::io::stdout(), choice).lock(),
            &text,
        )?;
        Ok(match options.fail_on {
            FailOn::Error if report.is_free_of_errors() => match report.skipped.is_empty() {
                true => Verdict::Clean,
                false => Verdict::Skipped,
            },
            FailOn::Error | FailOn::Warning => report.verdict(),
        }
        .exit_code())
    }

    /// A name for a migration that sorts after the last one.
    fn next_name(&self) -> String {
        let name = |time: chrono::DateTime<chrono::Utc>| {
            format!("m{}_fix_drift", time.format("%Y%m%d_%H%M%S"))
        };
        let now = name(SystemClock.now());
        match (self.history.names)().pop() {
            Some(last) if last >= now => format!("{last}_fix_drift"),
            _ => now,
        }
    }
}

/// Adds the databases of the command line.
pub(super) fn add_databases(doctor: Doctor, arguments: &Arguments) -> Result<Doctor, CliError> {
    arguments
        .database_url
        .iter()
        .try_fold(doctor, |doctor, url| {
            let database = Database::at(url, arguments.schemas().map(str::to_owned));
            database.place()?;
            Ok(doctor.live_database(database))
        })
}

/// On a terminal, shows a line that replaces the line before.
pub(super) fn progress(line: &str) {
    let mut err = std::io::stderr().lock();
    if err.is_terminal() {
        // An error means that standard error is closed.
        let _ = write!(err, "\r\x1b[2K{line}").and_then(|()| err.flush());
    }
}
