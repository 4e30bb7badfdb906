//! The files of a suggested migration.

use super::branch::{Branch, Way};
use crate::engine::Engine;

/// A migration, before it is files.
#[derive(Clone, Debug)]
pub(super) struct Skeleton {
    pub(super) name: String,
    pub(super) sqlite: Branch,
    pub(super) postgres: Branch,
}

const MODULE: &str = r#"//! Fixes what the doctor found. Say here why the schema changes.

mod postgres;
mod sqlite;

use catamaran::migrate::{Script, TwinMigration};

pub struct Migration;

impl TwinMigration for Migration {
    fn name(&self) -> &'static str {
        "{name}"
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

/// How long a chain of calls may be before it is broken, as rustfmt has it.
const CHAIN: usize = 60;

impl Skeleton {
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let file = |name: &str, text: String| (format!("{}/{name}.rs", self.name), text);
        vec![
            file("mod", MODULE.replace("{name}", &self.name)),
            file("sqlite", branch(Engine::Sqlite, &self.sqlite)),
            file("postgres", branch(Engine::Postgres, &self.postgres)),
        ]
    }

    /// What the history has to name.
    pub(super) fn list_entry(&self) -> String {
        format!("mod {0}; and Box::new({0}::Migration)", self.name)
    }
}

fn branch(engine: Engine, branch: &Branch) -> String {
    let (up, down) = match branch.up.statements.is_empty() {
        true => {
            let nothing = format!(
                "Script::nothing(\"the schema on {} was right already\")",
                name(engine)
            );
            (nothing.clone(), nothing)
        }
        false => (script(&branch.up), script(&branch.down)),
    };
    format!(
        "use catamaran::migrate::Script;\n\npub fn up() -> Script {{\n    {up}\n}}\n\n\
         pub fn down() -> Script {{\n    {down}\n}}\n"
    )
}

const fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "Postgres",
    }
}

fn script(way: &Way) -> String {
    let Way { statements, losses } = way;
    if statements.is_empty() {
        return "Script::nothing(\"there is no way back; say why\")".to_owned();
    }
    let calls: Vec<String> = statements
        .iter()
        .map(|sql| format!(".sql({})", literal(sql)))
        .collect();
    let line = format!("Script::new(){}", calls.concat());
    if line.len() <= CHAIN && !line.contains('\n') && losses.is_empty() {
        return line;
    }
    let calls = calls.iter().enumerate().map(|(index, call)| {
        let warning = losses.get(&index).map_or(String::new(), |what| {
            format!("\n        // Loses {what}. Make sure that nobody needs that.")
        });
        format!("{warning}\n        {call}")
    });
    format!("Script::new(){}", calls.collect::<String>())
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
