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
    pub(super) content: Content,
}

/// What it runs.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// SQL on each engine.
    Sql(Box<Branches>),
    /// Rust on both, still to be written.
    Data,
}

/// The SQL of both engines.
#[derive(Clone, Debug, Default)]
pub(super) struct Branches {
    pub(super) sqlite: Branch,
    pub(super) postgres: Branch,
}

/// The first line of a migration that no drift led to.
pub(super) const CHANGES: &str = "Say here why the schema changes.";

/// The same of a data migration.
pub(super) const ROWS_CHANGE: &str = "Say here why the rows change.";

const MODULE: &str = "
mod postgres;
mod sqlite;

catamaran::migrate::twin_migration!();
";

const DATA_MODULE: &str = "
mod down;
mod up;

catamaran::migrate::data::v1::data_migration!();
";

const DATA_UP: &str = r#"use catamaran::migrate::data::v1::{Batch, Error, Next};

/// Changes the rows of one batch. Databases record the checksum of this file, so use nothing of other files that may
/// change: no entity, no record, no constant.
pub async fn step(batch: &mut Batch<'_>) -> Result<Next, Error> {
    // let after = batch.cursor::<Uuid>()?.unwrap_or_default();
    // let rows = batch
    //     .select(
    //         "SELECT id, name FROM people WHERE id > $1 ORDER BY id LIMIT 1000",
    //         [after.into()],
    //     )
    //     .await?;
    // let Some(last) = rows.last() else {
    //     return Ok(Next::Done);
    // };
    // let next = Next::after(last.get::<Uuid>("id")?);
    // for row in &rows {
    //     let (id, name): (Uuid, String) = (row.get("id")?, row.get("name")?);
    //     batch
    //         .execute("UPDATE people SET given = $2 WHERE id = $1", [id.into(), name.into()])
    //         .await?;
    // }
    // Ok(next)
    let _ = batch;
    Err(Error::new("not written yet: write the step in up.rs"))
}
"#;

const DATA_DOWN: &str = r#"use catamaran::migrate::data::v1::{Batch, Error, Next};

/// Reverts the rows of one batch. Return `Ok(Next::Done)` if there is nothing to revert, and an error that says why if
/// there is no way back.
pub async fn step(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let _ = batch;
    Err(Error::new("not written yet: write the way back in down.rs"))
}
"#;

/// The longest chain of calls on one line, as in rustfmt.
const CHAIN: usize = 60;
/// The longest line, as in rustfmt.
const WIDTH: usize = 100;

impl Skeleton {
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let file = |name: &str, text: String| (format!("{}/{name}.rs", self.name), text);
        let module = |text: &str| file("mod", format!("//! {}\n{text}", self.purpose));
        match &self.content {
            Content::Sql(branches) => {
                let Branches { sqlite, postgres } = branches.as_ref();
                let by_hand = sqlite.up.statements.is_empty() && postgres.up.statements.is_empty();
                vec![
                    module(MODULE),
                    file("sqlite", code(Engine::Sqlite, sqlite, by_hand)),
                    file("postgres", code(Engine::Postgres, postgres, by_hand)),
                ]
            }
            Content::Data => vec![
                module(DATA_MODULE),
                file("up", DATA_UP.to_owned()),
                file("down", DATA_DOWN.to_owned()),
            ],
        }
    }

    /// What to add to the history.
    pub(super) fn list_entry(&self) -> String {
        format!("mod {0}; and Box::new({0}::Migration)", self.name)
    }
}

/// The file of an engine. `by_hand`: all statements are still to be written.
fn code(engine: Engine, branch: &Branch, by_hand: bool) -> String {
    let nothing = || match by_hand {
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

const fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "Postgres",
    }
}

fn script(engine: Engine, way: &Way) -> String {
    let Some(first) = way.statements.first() else {
        return "Script::nothing(\"the way down changes nothing: say why\")".to_owned();
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
