//! A step of a run, with its time.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use crate::{Outcome, shell};

/// The result of a step.
pub struct Step {
    pub name: String,
    pub passed: bool,
    pub took: Duration,
}

impl Step {
    /// Runs a command under a heading.
    pub fn run(name: &str, command: &mut Command) -> Self {
        let heading = format!("{name}: {}", shell::line(command));
        Self::check(name, || {
            shell::heading(&heading);
            Ok(command.status()?.success())
        })
    }

    /// Combines the results of two steps into one.
    pub fn and(self, then: Self) -> Self {
        Self {
            name: self.name,
            passed: self.passed && then.passed,
            took: self.took + then.took,
        }
    }

    /// Runs a check that is part of this program.
    pub fn check(name: &str, check: impl FnOnce() -> Outcome<bool>) -> Self {
        let begin = Instant::now();
        let passed = check().unwrap_or_else(|error| {
            shell::print_error(&error.to_string());
            false
        });
        Self {
            name: name.to_owned(),
            passed,
            took: begin.elapsed(),
        }
    }

    /// The line of this step in the table at the end of a run.
    pub fn line(&self) -> String {
        let word = if self.passed { "passed" } else { "FAILED" };
        let took = self.took.as_secs_f32();
        format!(
            "{} {took:7.1} s  {}",
            shell::verdict(self.passed, word),
            self.name
        )
    }
}
