//! Checks of DOMAIN: those that types need, and those that it states.

use super::OnTable;
use crate::fingerprint::code::Code;
use crate::fingerprint::expression::Expression;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::requirements::{Requirements, check_name};
use crate::model::domain::Table;
use crate::model::domain::description::TableDescription;
use crate::model::engine::Engine;

/// Requires that DOMAIN states the condition of every check, unless a type needs it, and then for the same engines.
pub(super) fn checks(
    on: &mut OnTable<'_>,
    requirements: &Requirements<'_>,
    table: &Table,
    description: &TableDescription,
) {
    for engine in Engine::ALL
        .into_iter()
        .filter(|engine| table.lives_on(*engine))
    {
        let needed = requirements.needed(table, Some(description), engine);
        for form in &needed {
            let named = table.checks.iter().find(|check| form.is(table, check));
            if let Some(check) = named.filter(|check| !check.engines.contains(&engine)) {
                let fix = Fix::rust(
                    format!("in the checks of {} in DOMAIN, or no line", table.name),
                    format!("Check::on_both({:?}),", check.name),
                );
                let wanted = format!("on {engine}: {}", form.condition);
                let found = "the check of another engine alone";
                on.say(
                    Part::Named,
                    check.name,
                    Code::DomainCheck,
                    (&wanted, found),
                    fix,
                );
            }
        }
        for form in needed.iter().filter(|form| form.lists_variants) {
            let named = table.checks.iter().find(|check| form.is(table, check));
            let said = named.and_then(|check| check.condition(engine));
            let said = said.map(|sql| Expression::condition(engine, sql));
            if let Some(said) = said.filter(|said| !form.condition.implies(said)) {
                let name = check_name(table.name, &form.column);
                let fix = Fix::rust(
                    format!(
                        "in the checks of {} in DOMAIN, without a condition",
                        table.name
                    ),
                    format!("Check::on_both({name:?}),"),
                );
                let sides = (
                    format!("on {engine}: {}", form.condition),
                    format!("on {engine}: {said}"),
                );
                let sides = (sides.0.as_str(), sides.1.as_str());
                on.say(Part::Named, &name, Code::DomainCheck, sides, fix);
            }
        }
        for check in table
            .checks
            .iter()
            .filter(|check| check.engines.contains(&engine))
        {
            let is_known = check.condition(engine).is_some()
                || needed.iter().any(|form| form.is(table, check));
            if !is_known {
                let fix = Fix::rust(
                    "say in DOMAIN what it demands",
                    format!("Check::..({:?}).holds(\"..\"),", check.name),
                );
                let wanted = format!("what it demands on {engine}");
                on.say(
                    Part::Named,
                    check.name,
                    Code::DomainCheck,
                    (&wanted, "its name alone"),
                    fix,
                );
            }
        }
    }
}
