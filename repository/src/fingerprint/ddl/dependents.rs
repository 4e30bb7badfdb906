//! Triggers and views, which SQLite keeps as text. If one names a table or a column that is missing, reading it and any
//! ALTER TABLE fail. Names are found by the words of the text: rather too many than too few.

use sqlparser::tokenizer::Token;

use crate::fingerprint::expression;
use crate::fingerprint::ident;
use crate::fingerprint::schema::OtherObject;
use crate::fingerprint::statement::{Phase, Statement};
use crate::model::engine::Engine;

/// Triggers and views that name the table, and those that name such a view: first those that others need.
pub(crate) fn of<'a>(table: &str, others: &'a [OtherObject]) -> Vec<&'a OtherObject> {
    let mut found: Vec<&OtherObject> = Vec::new();
    let mut names = vec![table];
    while let Some(name) = names.pop() {
        for other in others.iter().filter(|other| is_about(other, name)) {
            if !found.contains(&other) {
                found.push(other);
                if other.kind == "VIEW" {
                    names.push(&other.name);
                }
            }
        }
    }
    // SQLite looks at what a view reads when it is read, and at what a trigger is of when it is made.
    found.sort_by_key(|other| other.kind == "TRIGGER");
    found
}

/// Whether its text has the name in it.
pub(crate) fn is_about(other: &OtherObject, name: &str) -> bool {
    other.words.iter().any(|word| is(word, name))
}

/// The table, or a column of it, gets another name: SQLite then writes the texts anew that have the old one.
pub(crate) fn renamed(others: &mut [OtherObject], table: &str, from: &str, to: &str) {
    let about = of(table, others).into_iter();
    let about: Vec<String> = about
        .filter(|other| is_about(other, from))
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

/// The statements that take them away, if they are still there, each once nothing needs it any more.
pub(crate) fn dropped(phase: Phase, dependents: &[&OtherObject]) -> Vec<Statement> {
    let dependents = dependents.iter().rev();
    dependents
        .map(|other| {
            let sql = format!("DROP {} IF EXISTS {}", other.kind, ident::name(&other.name));
            Statement::new(phase, sql).dropping(&other.name)
        })
        .collect()
}

/// `VIEW all_habits, TRIGGER touch`.
pub(crate) fn listed(others: &[&OtherObject]) -> String {
    let others = others.iter();
    let others = others.map(|other| format!("{} {}", other.kind, other.name));
    others.collect::<Vec<_>>().join(", ")
}

fn is(word: &str, name: &str) -> bool {
    word.eq_ignore_ascii_case(name)
}

/// Names, key words, and texts: SQLite takes a text for a name where no text can be.
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
