//! A drift, and the finding that it has to give.

use suite::schema_sync::{Aspect, Finding, Part, Place, report};

/// What a drift must be told as.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// `habits.color`, or `habits: ix_..`, or `habits`.
    pub subject: &'static str,
    pub part: Part,
    pub aspect: Aspect,
    /// A part of how to mend it.
    pub mend: &'static str,
}

/// Shorthand for the tables of cases.
pub const fn expect(
    subject: &'static str,
    part: Part,
    aspect: Aspect,
    mend: &'static str,
) -> Expected {
    Expected {
        subject,
        part,
        aspect,
        mend,
    }
}

impl Expected {
    /// Finds itself among the findings of a place.
    ///
    /// # Errors
    /// Says what is there instead.
    pub fn among(&self, place: Place, findings: &[Finding]) -> Result<(), String> {
        let found = findings.iter().find(|finding| {
            finding.place == place
                && finding.subject() == self.subject
                && finding.part == self.part
                && finding.aspect == self.aspect
        });
        let Some(found) = found else {
            return Err(format!("{self:?} is not in {place}; {}", report(findings)));
        };
        // What a person reads has it all: where, what, and how to mend it.
        let said = found.to_string();
        let place = place.to_string();
        for word in [place.as_str(), self.subject, self.mend, "wanted:"] {
            if !said.contains(word) {
                return Err(format!("expected {word:?} in: {said}"));
            }
        }
        Ok(())
    }
}

/// Fails with every case that failed, and not with the first alone.
pub fn assert_all(outcomes: impl IntoIterator<Item = (String, Result<(), String>)>) {
    let failed = outcomes.into_iter().filter_map(|(drift, outcome)| {
        let error = outcome.err()?;
        Some(format!("== {drift}\n{error}"))
    });
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
