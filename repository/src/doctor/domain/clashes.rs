//! Names that DOMAIN uses twice.

use std::collections::BTreeMap;

use super::Findings;
use crate::fingerprint::code::Code;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::model::domain::{Domain, Table};
use crate::model::engine::Engine;

/// A named object: its table, what it is, and its name.
type Named = (&'static str, &'static str, &'static str);

pub(super) fn check(findings: &mut Findings, domain: &Domain) {
    let mut reported = Vec::new();
    for engine in Engine::ALL {
        let tables: Vec<&'static Table> = domain.tables_on(engine).collect();
        let mut spaces = vec![relations(&tables, engine)];
        for table in &tables {
            spaces.extend(of_table(table, engine));
        }
        for space in spaces {
            for clash in clashes(engine, &space) {
                if !reported.contains(&clash) {
                    reported.push(clash);
                }
            }
        }
    }
    for ((of, what, name), (other_of, other)) in reported {
        let found = match of == other_of {
            true => format!("{name}: {what}, and {other} of the same table"),
            false => format!("{name}: {what}, and {other} of {other_of}"),
        };
        let part = match what {
            COLUMN => Part::Column,
            _ => Part::Named,
        };
        let fix = Fix::Words(format!("give one of the two called {name} another name"));
        let sides = ("a name for one thing", found.as_str());
        findings
            .on(of)
            .say(part, name, Code::DomainClash, sides, fix);
    }
}

const COLUMN: &str = "a column";

/// Objects that share one namespace in an engine. The migration history is a table in it too.
fn relations(tables: &[&'static Table], engine: Engine) -> Vec<Named> {
    let history = (
        crate::store::history_table::HISTORY,
        "the history of the migrations",
        crate::store::history_table::HISTORY,
    );
    let mut names = vec![history];
    for table in tables {
        names.push((table.name, "a table", table.name));
        names.extend(
            table
                .indexes
                .iter()
                .map(|one| (table.name, "an index", one.name)),
        );
        if engine == Engine::Postgres {
            // Postgres creates an index of the same name for each of these constraints.
            names.push((table.name, "a primary key", table.primary_key.name));
            let keys = table.unique_keys.iter();
            names.extend(keys.map(|one| (table.name, "a unique key", one.name)));
        }
    }
    names
}

/// The columns, the constraints and the policies of a table.
fn of_table(table: &'static Table, engine: Engine) -> [Vec<Named>; 3] {
    let columns = table.columns.iter().map(|name| (table.name, COLUMN, *name));
    let checks = table
        .checks
        .iter()
        .filter(|one| one.engines.contains(&engine));
    let constraints = [(table.name, "a primary key", table.primary_key.name)].into_iter();
    let constraints = constraints
        .chain(
            table
                .unique_keys
                .iter()
                .map(|one| (table.name, "a unique key", one.name)),
        )
        .chain(
            table
                .foreign_keys
                .iter()
                .map(|one| (table.name, "a foreign key", one.name)),
        )
        .chain(checks.map(|one| (table.name, "a check", one.name)));
    // The owner policy of a table has a derived name.
    let owner = table.owner.map(|_| -> &'static str {
        let named = table
            .policies
            .iter()
            .find(|one| one.name == format!("owner_{}", table.name));
        named.map_or("", |one| one.name)
    });
    let owner = owner.filter(|name| !name.is_empty());
    let policies = owner
        .into_iter()
        .map(|name| (table.name, "the policy of its owner", name));
    let policies = policies.chain(
        table
            .policies
            .iter()
            .map(|one| (table.name, "a policy", one.name)),
    );
    [columns.collect(), constraints.collect(), policies.collect()]
}

/// Each object whose name an earlier one has, with the table and the kind of that earlier one.
fn clashes(engine: Engine, names: &[Named]) -> Vec<(Named, (&'static str, &'static str))> {
    let mut met: BTreeMap<String, (&'static str, &'static str)> = BTreeMap::new();
    let mut clashes = Vec::new();
    for (of, what, name) in names.iter().filter(|(.., name)| !name.is_empty()) {
        // SQLite compares names without regard to case.
        let key = match engine {
            Engine::Sqlite => name.to_ascii_lowercase(),
            Engine::Postgres => (*name).to_owned(),
        };
        match met.get(&key) {
            Some(first) => clashes.push(((*of, *what, *name), *first)),
            None => {
                met.insert(key, (*of, *what));
            }
        }
    }
    clashes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::domain::{Check, Index, PrimaryKey, UniqueKey};

    #[test]
    fn a_name_for_two_things_is_told_where_an_engine_refuses_it() {
        const INDEX: Index = Index {
            name: "HABITS",
            columns: &["id"],
            unique: false,
            predicate: None,
        };
        const HABITS: Table = Table {
            name: "habits",
            columns: &["id", "name", "Name", "id"],
            primary_key: PrimaryKey {
                name: "pk",
                columns: &["id"],
            },
            checks: &[Check::on_both("ck"), Check::on_both("ck")],
            ..Table::BLANK
        };
        const ENTRIES: Table = Table {
            name: "entries",
            columns: &["id"],
            primary_key: PrimaryKey {
                name: "pk",
                columns: &["id"],
            },
            unique_keys: &[UniqueKey {
                name: "habits",
                columns: &["id"],
            }],
            indexes: &[INDEX],
            checks: &[Check::on_both("ck")],
            ..Table::BLANK
        };
        const DOMAIN: Domain = Domain {
            tables: &[HABITS, ENTRIES, HABITS],
            ..Domain::BLANK
        };
        let mut findings = Findings::default();
        check(&mut findings, &DOMAIN);
        let mut reported: Vec<String> = findings.found.iter().map(|one| one.subject()).collect();
        reported.sort();
        reported.dedup();
        assert_eq!(
            reported,
            [
                "entries: HABITS", // On SQLite.
                "entries: habits", // On Postgres.
                "entries: pk",     // The same.
                "habits.Name",     // On SQLite.
                "habits.id",
                "habits: ck",
                "habits: habits",
                "habits: pk",
            ]
        );
    }
}
