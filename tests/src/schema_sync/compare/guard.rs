//! Row level security, its policy, and privileges.

use super::super::finding::{Aspect, Mend, Part};
use super::super::mend;
use super::super::schema::{Guard, Policy};
use super::OnTable;

pub(super) fn compare(on: &mut OnTable<'_>, wanted: &Guard, found: &Guard) {
    let table = on.table;
    for (is_wanted, is_found, what) in [
        (wanted.enabled, found.enabled, ["ENABLE", "DISABLE"]),
        (wanted.forced, found.forced, ["FORCE", "NO FORCE"]),
    ] {
        if is_wanted != is_found {
            let [on_word, off_word] = what;
            let (word, other) = if is_wanted {
                (on_word, off_word)
            } else {
                (off_word, on_word)
            };
            let aspect = if is_wanted {
                Aspect::Off
            } else {
                Aspect::Extra
            };
            let mend = Mend::Sql(vec![format!(
                "ALTER TABLE {table} {word} ROW LEVEL SECURITY"
            )]);
            on.say(
                Part::RowSecurity,
                "",
                aspect,
                format!("{word} ROW LEVEL SECURITY"),
                format!("{other} ROW LEVEL SECURITY"),
                mend,
            );
        }
    }
    policies(on, wanted, found);
    grants(on, wanted, found);
}

/// Permissive policies are joined by OR, so that one too many opens the table.
fn policies(on: &mut OnTable<'_>, wanted: &Guard, found: &Guard) {
    let table = on.table;
    for (name, policy) in &wanted.policies {
        let anew = |drop: &[&str]| mend::policy(table, owner_of(policy).as_deref(), drop);
        let Some(other) = found.policies.get(name) else {
            on.say(
                Part::Policy,
                name,
                Aspect::Missing,
                say(policy),
                "no such policy",
                anew(&[]),
            );
            continue;
        };
        if policy != other {
            on.say(
                Part::Policy,
                name,
                Aspect::Weaker,
                say(policy),
                say(other),
                anew(&[name]),
            );
        }
    }
    for (name, policy) in &found.policies {
        if !wanted.policies.contains_key(name) {
            let mend = mend::policy(table, None, &[name]);
            on.say(
                Part::Policy,
                name,
                Aspect::Extra,
                "no such policy",
                say(policy),
                mend,
            );
        }
    }
}

fn say(policy: &Policy) -> String {
    let condition = |condition: &Option<_>| match condition {
        Some(condition) => format!("({condition})"),
        None => "nothing".to_owned(),
    };
    let Policy {
        kind,
        using,
        with_check,
    } = policy;
    format!(
        "{kind} USING {} WITH CHECK {}",
        condition(using),
        condition(with_check)
    )
}

/// The column that an expected policy compares with the caller.
fn owner_of(policy: &Policy) -> Option<String> {
    let text = policy.using.as_ref()?.to_string();
    text.split(' ').next().map(str::to_owned)
}

fn grants(on: &mut OnTable<'_>, wanted: &Guard, found: &Guard) {
    let without = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter()
            .filter(|grant| !other.contains(grant))
            .cloned()
            .collect()
    };
    let missing = without(&wanted.grants, &found.grants);
    let extra = without(&found.grants, &wanted.grants);
    for (aspect, some) in [(Aspect::Missing, &missing), (Aspect::Extra, &extra)] {
        if some.is_empty() {
            continue;
        }
        let names: Vec<&str> = some.iter().map(String::as_str).collect();
        let mend = match aspect {
            Aspect::Missing => mend::grants(on.table, &names, &[]),
            _ => mend::grants(on.table, &[], &names),
        };
        on.say(
            Part::Grant,
            &names.join(", "),
            aspect,
            wanted.grants.join(", "),
            found.grants.join(", "),
            mend,
        );
    }
}
