//! A migration that mends what can be mended by statements, with both branches.

use std::fmt::Write;

use super::Report;
use crate::doctor::mend::Mend;
use crate::domain::Place;
use crate::engine::Engine;

/// The three files of a migration; `None` where no statement would mend anything.
pub(super) fn write(report: &Report) -> Option<String> {
    let branches = Engine::ALL.map(|engine| statements(report, engine));
    if branches.iter().all(Vec::is_empty) {
        return None;
    }
    let mut text = MOD.to_owned();
    for (engine, statements) in Engine::ALL.into_iter().zip(branches) {
        let _ = write!(
            text,
            "\n// src/mYYYYMMDD_HHMMSS_mend/{engine}.rs\n{}",
            branch(engine, &statements)
        );
    }
    Some(text)
}

/// What the history lacks; where that is clean, or was not looked at, what a database lacks.
pub(super) fn statements(report: &Report, engine: Engine) -> Vec<String> {
    let of = |place: Place| {
        let mut all: Vec<String> = Vec::new();
        let mut rebuilt: Vec<&str> = Vec::new();
        let findings = report
            .findings
            .iter()
            .filter(|finding| finding.place == place);
        for finding in findings {
            let Mend::Sql { statements, .. } = &finding.mend else {
                continue;
            };
            // A table of SQLite that has to be made anew is made so once, with everything that it needs; it
            // has its new names by then.
            let is_rename = statements.iter().all(|sql| sql.contains(" RENAME "));
            match report.rebuilds.get(&(place, finding.table.clone())) {
                Some(rebuild) if !is_rename => {
                    if !rebuilt.contains(&finding.table.as_str()) {
                        rebuilt.push(&finding.table);
                        all.extend(rebuild.iter().cloned());
                    }
                }
                _ => all.extend(
                    statements
                        .iter()
                        .filter(|sql| !all.contains(sql))
                        .cloned()
                        .collect::<Vec<_>>(),
                ),
            }
        }
        all
    };
    let history = of(Place::Migrations(engine));
    match history.is_empty() {
        true => of(Place::Database(engine)),
        false => history,
    }
}

fn branch(engine: Engine, statements: &[String]) -> String {
    let up = match statements.is_empty() {
        true => format!("Script::nothing(\"{engine} has no such drift\")"),
        false => {
            let sql = statements
                .iter()
                .map(|sql| format!("\n        .sql({})", literal(sql)));
            format!("Script::new(){}", sql.collect::<String>())
        }
    };
    format!(
        "use catamaran::migrate::Script;\n\n\
         pub fn up() -> Script {{\n    {up}\n}}\n\n\
         pub fn down() -> Script {{\n    Script::nothing(\"a drift that was mended does not come back\")\n}}\n"
    )
}

/// A text of Rust, raw, with as many signs as it needs.
fn literal(sql: &str) -> String {
    let mut signs = String::new();
    while sql.contains(&format!("\"{signs}")) {
        signs.push('#');
    }
    format!("r{signs}\"{sql}\"{signs}")
}

const MOD: &str = r#"// src/mYYYYMMDD_HHMMSS_mend/mod.rs
//! Brings the schema to what DOMAIN says. Read it before you run it: rows are copied, and some may not fit.

mod postgres;
mod sqlite;

use catamaran::migrate::{Script, TwinMigration};

pub struct Migration;

impl TwinMigration for Migration {
    fn name(&self) -> &'static str {
        "mYYYYMMDD_HHMMSS_mend"
    }

    fn sqlite_up(&self) -> Script {
        sqlite::up()
    }

    fn sqlite_down(&self) -> Script {
        sqlite::down()
    }

    fn postgres_up(&self) -> Script {
        postgres::up()
    }

    fn postgres_down(&self) -> Script {
        postgres::down()
    }
}
"#;
