//! The files of a suggested migration.

use super::branch::{Branch, Way};
use crate::doctor::steps::Step;
use crate::fingerprint::text;
use crate::migrate;
use crate::model::engine::Engine;

/// The content of a suggested migration.
#[derive(Clone, Debug)]
pub(super) struct Skeleton {
    pub(super) name: String,
    /// The first line of its documentation.
    pub(super) purpose: &'static str,
    pub(super) sqlite: Branch,
    pub(super) postgres: Branch,
}

/// The first line of a migration that no drift led to.
pub(super) const CHANGES: &str = "Say here why the schema changes.";

const MODULE: &str = "
mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
";

/// The longest chain of calls on one line, as in rustfmt.
const CHAIN: usize = 60;
/// The longest line, as in rustfmt.
const WIDTH: usize = 100;

impl Skeleton {
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let file = |name: &str, text: String| (format!("{}/{name}.rs", self.name), text);
        vec![
            file("mod", format!("//! {}\n{MODULE}", self.purpose)),
            file("sqlite", self.branch(Engine::Sqlite, &self.sqlite)),
            file("postgres", self.branch(Engine::Postgres, &self.postgres)),
        ]
    }

    fn branch(&self, engine: Engine, branch: &Branch) -> String {
        let nothing = || match self.is_by_hand() {
            true => "Script::nothing(\"nothing yet: write Script::new().sql(..)\")".to_owned(),
            false => format!(
                "Script::nothing(\"the schema on {} is already right\")",
                name(engine)
            ),
        };
        let (up, down) = match branch.up.statements.is_empty() {
            true => (nothing(), nothing()),
            false => (script(engine, &branch.up), script(engine, &branch.down)),
        };
        format!(
            "use catamaran::migrate::Script;\n\npub fn up() -> Script {{\n    {up}\n}}\n\n\
             pub fn down() -> Script {{\n    {down}\n}}\n"
        )
    }

    /// Whether all statements are still to be written.
    fn is_by_hand(&self) -> bool {
        self.sqlite.up.statements.is_empty() && self.postgres.up.statements.is_empty()
    }

    /// What to add to the history.
    pub(super) fn list_entry(&self) -> String {
        format!("mod {0}; and Box::new({0}::Migration)", self.name)
    }
}

const fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "Postgres",
    }
}

fn script(engine: Engine, way: &Way) -> String {
    let Some(first) = way.statements.first() else {
        return "Script::nothing(\"there is no way back; say why\")".to_owned();
    };
    let comments = |step: &Step| -> String {
        let loses = step.loses.iter().map(|what| {
            let what = text::on_one_line(what);
            format!("\n        // Loses {what}. Make sure that it is not needed.")
        });
        let rows = step.find_rows.iter().map(|query| {
            let query = text::on_one_line(query);
            format!("\n        // Fails on the rows of: {query}")
        });
        loses.chain(rows).collect()
    };
    let literal = |sql: &str| literal(&migrate::abbreviated(engine, sql));
    let calls: Vec<String> = way
        .steps
        .iter()
        .flat_map(|step| {
            let calls = step.sql.iter().map(|sql| call(&literal(sql)));
            std::iter::once(comments(step)).chain(calls)
        })
        .collect();
    let line = format!("Script::new().sql({})", literal(first));
    let is_short = line.len() <= CHAIN && !line.contains('\n');
    match way.statements.len() == 1
        && is_short
        && calls.iter().filter(|call| !call.is_empty()).count() == 1
    {
        true => line,
        false => format!("Script::new(){}", calls.concat()),
    }
}

/// One call of a chain, formatted as rustfmt does.
fn call(literal: &str) -> String {
    let fits = |indent: usize, around: &str| {
        indent + around.len() + literal.chars().count() <= WIDTH && !literal.contains('\n')
    };
    match fits(8, ".sql()") || !fits(12, ",") {
        true => format!("\n        .sql({literal})"),
        false => format!("\n        .sql(\n            {literal},\n        )"),
    }
}

/// The text as a literal of Rust.
fn literal(sql: &str) -> String {
    if !sql.contains(['"', '\\', '\n']) {
        return format!("\"{sql}\"");
    }
    let mut hashes = String::new();
    while sql.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{sql}\"{hashes}")
}
