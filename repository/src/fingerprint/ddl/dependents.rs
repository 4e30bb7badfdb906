//! Finds the triggers and views that depend on a table of SQLite, which stores them as text.
//!
//! If one of them names a missing table or column, reading it and every ALTER TABLE fail. Dependents are found by the
//! words of their text, which finds too many rather than too few.

use sqlparser::tokenizer::Token;

use crate::fingerprint::expression;
use crate::fingerprint::ident;
use crate::fingerprint::schema::OtherObject;
use crate::fingerprint::statement::{Phase, Statement};
use crate::model::engine::Engine;

/// Triggers and views that name the table or a dependent view, in the order in which they can be created.
pub(crate) fn of<'a>(table: &str, others: &'a [OtherObject]) -> Vec<&'a OtherObject> {
    let mut found: Vec<&OtherObject> = Vec::new();
    let mut names = vec![table];
    while let Some(name) = names.pop() {
        for other in others.iter().filter(|other| mentions(other, name)) {
            if !found.contains(&other) {
                found.push(other);
                if other.kind == "VIEW" {
                    names.push(&other.name);
                }
            }
        }
    }
    // SQLite checks the sources of a view when it is read, and the table of a trigger when it is created.
    found.sort_by_key(|other| other.kind == "TRIGGER");
    found
}

/// Whether its text contains the name.
pub(crate) fn mentions(other: &OtherObject, name: &str) -> bool {
    other.words.iter().any(|word| is(word, name))
}

/// Applies the rename of the table or one of its columns. SQLite rewrites the stored texts, which are unknown from then
/// on.
pub(crate) fn renamed(others: &mut [OtherObject], table: &str, from: &str, to: &str) {
    let about = of(table, others).into_iter();
    let about: Vec<String> = about
        .filter(|other| mentions(other, from))
        .map(|other| other.name.clone())
        .collect();
    for other in others
        .iter_mut()
        .filter(|other| about.contains(&other.name))
    {
        other.sql = None;
        for word in other.words.iter_mut().filter(|word| is(word, from)) {
            to.clone_into(word);
        }
    }
}

/// The statements that drop them if they exist, in reverse order of dependency.
pub(crate) fn dropped(phase: Phase, dependents: &[&OtherObject]) -> Vec<Statement> {
    let dependents = dependents.iter().rev();
    dependents
        .map(|other| {
            let sql = format!("DROP {} IF EXISTS {}", other.kind, ident::name(&other.name));
            Statement::new(phase, sql).dropping(&other.name)
        })
        .collect()
}

/// A list for a message: `VIEW all_habits, TRIGGER touch`.
pub(crate) fn listed(others: &[&OtherObject]) -> String {
    let others = others.iter();
    let others = others.map(|other| format!("{} {}", other.kind, other.name));
    others.collect::<Vec<_>>().join(", ")
}

fn is(word: &str, name: &str) -> bool {
    word.eq_ignore_ascii_case(name)
}

/// The names, keywords and string literals of a text: SQLite accepts a string literal as a name.
pub(crate) fn words(sql: &str) -> Vec<String> {
    let Ok(tokens) = expression::tokens(Engine::Sqlite, sql) else {
        let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_');
        return words.map(str::to_owned).collect();
    };
    let words = tokens.into_iter().filter_map(|token| match token.token {
        Token::Word(word) => Some(word.value),
        Token::SingleQuotedString(text) => Some(text),
        _ => None,
    });
    words.collect()
}
