//! Intended differences, as DOMAIN lists them.

use super::code::Code;
use super::finding::{Finding, Part};
use super::fix::Fix;
use crate::model::domain::{Place, Suppression};

/// Separates suppressed findings from the others, and adds findings about the suppressions themselves.
///
/// An unused suppression is reported only if its place was checked completely.
pub(crate) fn apply(
    suppressions: &'static [Suppression],
    checked_in_whole: &[Place],
    findings: Vec<Finding>,
) -> (Vec<Finding>, Vec<(Finding, &'static Suppression)>) {
    let mut kept = Vec::new();
    let mut suppressed = Vec::new();
    for finding in findings {
        match suppressions.iter().find(|suppression| {
            covers(suppression, finding.place, finding.code, &finding.subject())
        }) {
            Some(suppression) => suppressed.push((finding, suppression)),
            None => kept.push(finding),
        }
    }
    for suppression in suppressions {
        let is_known = Code::ALL.iter().any(|code| code.id() == suppression.code);
        if suppression.reason.trim().is_empty() || !is_known {
            let fix = Fix::rust(
                "in `suppressions` in DOMAIN",
                "reason: \"..\", and a code that exists",
            );
            let found = format!(
                "code {:?}, reason {:?}",
                suppression.code, suppression.reason
            );
            kept.push(about(
                suppression,
                Code::SuppressionReason,
                "a code and a reason",
                &found,
                fix,
            ));
        }
        let was_checked = checked_in_whole.contains(&suppression.place);
        let is_met = suppressed.iter().any(|(_, other)| *other == suppression);
        if was_checked && !is_met && is_known {
            let what = format!("{} of {}", suppression.code, suppression.subject);
            let fix = Fix::rust(
                "remove from `suppressions` in DOMAIN",
                format!("{suppression:?}"),
            );
            kept.push(about(
                suppression,
                Code::SuppressionStale,
                &what,
                "no such difference",
                fix,
            ));
        }
    }
    (kept, suppressed)
}

fn about(suppression: &Suppression, code: Code, wanted: &str, found: &str, fix: Fix) -> Finding {
    let at = format!("the suppression for {}", suppression.place);
    Finding {
        code,
        place: Place::Domain,
        at: Some(at),
        table: suppression.subject.to_owned(),
        part: Part::Table,
        name: String::new(),
        wanted: wanted.to_owned(),
        found: found.to_owned(),
        fix,
    }
}

/// Whether the suppression covers a finding. One for the migrations also covers a live database.
pub(crate) fn covers(suppression: &Suppression, place: Place, code: Code, subject: &str) -> bool {
    let is_there = match (suppression.place, place) {
        (Place::Migrations(one), Place::Database(other)) => one == other,
        (one, other) => one == other,
    };
    is_there && suppression.code == code.id() && matches(suppression.subject, subject)
}

/// Whether the subject matches the pattern, in which `*` matches any text.
fn matches(pattern: &str, subject: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else {
        return pattern == subject;
    };
    let Some(after) = subject.strip_prefix(begin) else {
        return pattern == subject;
    };
    let places = after.char_indices().map(|(place, _)| place);
    let mut places = places.chain([after.len()]);
    pattern == subject || places.any(|place| matches(rest, &after[place..]))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn only_a_star_in_a_suppression_matches_any_text() {
        for (pattern, subject, is) in [
            ("other_*", "other_things", true),
            ("other_*", "other_", true),
            ("other_*", "another_thing", false),
            ("*: ix_*_report", "habits: ix_habits_report", true),
            ("*: ix_*_report", "habits: ix_habits_reports", false),
            ("other_?", "other_x", false),
            ("habits", "habits", true),
            ("habits*x", "habits", false),
            ("*", "häbits", true),
        ] {
            assert_eq!(matches(pattern, subject), is, "{pattern} {subject}");
        }
    }
}
