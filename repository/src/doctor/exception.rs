//! Differences that are meant.

use super::code::Code;
use super::finding::{Finding, Part};
use super::mend::Mend;
use crate::domain::{Exception, Place};

/// Takes away what is excepted, and adds what is wrong with the exceptions.
///
/// An exception is judged only if its place was looked at in whole.
pub(super) fn apply(
    exceptions: &'static [Exception],
    looked_at_in_whole: &[Place],
    findings: Vec<Finding>,
) -> (Vec<Finding>, Vec<(Finding, &'static Exception)>) {
    let mut kept = Vec::new();
    let mut excepted = Vec::new();
    for finding in findings {
        match exceptions
            .iter()
            .find(|exception| covers(exception, finding.place, finding.code, &finding.subject()))
        {
            Some(exception) => excepted.push((finding, exception)),
            None => kept.push(finding),
        }
    }
    for exception in exceptions {
        let is_known = Code::ALL.iter().any(|code| code.id() == exception.code);
        if exception.reason.trim().is_empty() || !is_known {
            let mend = Mend::rust(
                "in `exceptions` in DOMAIN",
                "reason: \"..\", and a code that there is",
            );
            let found = format!("code {:?}, reason {:?}", exception.code, exception.reason);
            kept.push(about(
                exception,
                Code::ExceptionReason,
                "a code and a reason",
                &found,
                mend,
            ));
        }
        let was_looked_at = looked_at_in_whole.contains(&exception.place);
        let is_met = excepted.iter().any(|(_, other)| *other == exception);
        if was_looked_at && !is_met && is_known {
            let what = format!("{} of {}", exception.code, exception.subject);
            let mend = Mend::rust(
                "take out of `exceptions` in DOMAIN",
                format!("{exception:?}"),
            );
            kept.push(about(
                exception,
                Code::ExceptionStale,
                &what,
                "no such difference",
                mend,
            ));
        }
    }
    (kept, excepted)
}

fn about(exception: &Exception, code: Code, wanted: &str, found: &str, mend: Mend) -> Finding {
    let at = format!("the exception for {}", exception.place);
    Finding {
        code,
        place: Place::Domain,
        at: Some(at),
        table: exception.subject.to_owned(),
        part: Part::Table,
        name: String::new(),
        wanted: wanted.to_owned(),
        found: found.to_owned(),
        mend,
    }
}

/// Whether such a difference is excepted. What is excepted of the migrations is excepted of a live database too.
pub(super) fn covers(exception: &Exception, place: Place, code: Code, subject: &str) -> bool {
    let is_there = match (exception.place, place) {
        (Place::Migrations(one), Place::Database(other)) => one == other,
        (one, other) => one == other,
    };
    is_there && exception.code == code.id() && exception.subject == subject
}
