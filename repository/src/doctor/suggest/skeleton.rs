//! The files of a suggested migration.

use super::branch::Branch;
use crate::engine::Engine;

/// A migration, before it is files.
#[derive(Clone, Debug)]
pub(super) struct Skeleton {
    pub(super) name: String,
    pub(super) sqlite: Branch,
    pub(super) postgres: Branch,
}

const MODULE: &str = r#"//! Mends what the doctor found. Say here why the schema changes.

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
    let (up, down) = match branch.up.is_empty() {
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

fn script(statements: &[String]) -> String {
    if statements.is_empty() {
        return "Script::nothing(\"there is no way back; say why\")".to_owned();
    }
    let calls: Vec<String> = statements
        .iter()
        .map(|sql| format!(".sql({})", literal(sql)))
        .collect();
    let line = format!("Script::new(){}", calls.concat());
    let loses = |index: usize| loses(&statements[index], statements.get(index + 1));
    let any_loses = (0..statements.len()).any(loses);
    if line.len() <= CHAIN && !line.contains('\n') && !any_loses {
        return line;
    }
    let calls = calls.iter().enumerate().map(|(index, call)| {
        let warning = match loses(index) {
            true => "\n        // Rows or values are lost: make sure that nobody needs them.",
            false => "",
        };
        format!("{warning}\n        {call}")
    });
    format!("Script::new(){}", calls.collect::<String>())
}

/// Whether the statement takes away what people have written. A table that is made anew is dropped after its
/// rows were copied: the next statement gives the new one its name.
fn loses(sql: &str, next: Option<&String>) -> bool {
    let is_replaced = next.is_some_and(|next| next.contains(" RENAME TO "));
    sql.starts_with("DROP TABLE") && !is_replaced || sql.contains(" DROP COLUMN ")
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
