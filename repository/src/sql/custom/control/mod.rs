//! What an application's own SQL may not do inside a unit of work: end or split the transaction, change who
//! it runs as or for whom, or reach past the scope.

use crate::model::engine::Engine;

use super::CustomSql;
#[cfg(feature = "migrate")]
use super::lexer::Lexer;
use super::lexer::Token;

/// The first words of statements that belong to whoever holds the transaction.
const CONTROL: [&str; 12] = [
    "begin",
    "start",
    "commit",
    "end",
    "rollback",
    "abort",
    "savepoint",
    "release",
    "prepare",
    "execute",
    "deallocate",
    "discard",
];

/// What statements begin with that read and write rows. An owner's scope is for these: all else belongs to
/// the system's scope or to a migration.
const ROWS: [&str; 19] = [
    "select", "with", "insert", "update", "delete", "merge", "replace", "values", "table", "lock",
    "show", "set", "notify", "call", "declare", "fetch", "move", "close", "analyze",
];

/// Names of Postgres by which a statement sets what the scope stands on, or runs a text which nobody could
/// read beforehand, and the first parts of such names. An owner's scope has no use for them.
const REACHING: [&str; 6] = [
    "set_config",
    // A view; an update of it is a SET.
    "pg_settings",
    "ts_stat",
    "ts_rewrite",
    "connectby",
    "xpath_table",
];
const REACHING_PREFIXES: [&str; 3] = ["query_to_xml", "crosstab", "dblink"];

/// The settings that a unit of work stands on, and the first parts of the names of such.
const STANDS_ON: [&str; 4] = [
    "role",
    "session_authorization",
    "standard_conforming_strings",
    "transaction",
];
const STANDS_ON_PREFIXES: [&str; 3] = ["request.", "catamaran.", "transaction_"];

/// Whether a statement may leave something on SQLite's connection, which nothing there can reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    /// Nothing stays.
    None,
    /// A setting, an attached file, a temporary table.
    Left,
}

impl CustomSql<'_> {
    /// Looks the text over, one statement or several; `owned` says whether it runs in an owner's scope.
    ///
    /// # Errors
    /// The words that are not its own to say.
    pub(crate) fn validate(&self, owned: bool) -> Result<Trace, String> {
        let engine = self.engine;
        let mut trace = Trace::None;
        for statement in statements(engine, &self.tokens) {
            if let Some(words) = control(statement) {
                return Err(words);
            }
            if owned {
                stays_in_scope(engine, statement)?;
            }
            if engine == Engine::Sqlite && leaves_a_trace(statement) {
                trace = Trace::Left;
            }
        }
        Ok(trace)
    }

    /// Whether the text is no more than one statement.
    pub(crate) fn is_one_statement(&self) -> bool {
        let full = statements(self.engine, &self.tokens).filter(|statement| !statement.is_empty());
        full.count() <= 1
    }
}

/// The statements of a text. Of one that creates a trigger or a routine, what its body holds is part of it: the
/// body ends with the first `END` that stands where a statement would begin.
fn statements<'t, 's>(
    engine: Engine,
    tokens: &'t [Token<'s>],
) -> impl Iterator<Item = &'t [Token<'s>]> {
    let mut rest = tokens;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_end = |pair: &[Token<'_>]| {
            (pair[0] == Token::Semicolon || is_word(pair.first(), &["atomic"]))
                && is_word(pair.get(1), &["end"])
        };
        let body_ends = match body(engine, rest) {
            // The engine refuses a body that has no end, and whatever comes behind it.
            Some(body) => rest[body..]
                .windows(2)
                .position(is_end)
                .map_or(rest.len(), |at| body + at + 1),
            None => 0,
        };
        let end = rest[body_ends..]
            .iter()
            .position(|token| *token == Token::Semicolon)
            .map_or(rest.len(), |at| body_ends + at);
        let statement = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(statement)
    })
}

/// Where the first statement may have a body with semicolons: a trigger of SQLite from its beginning, a
/// routine of Postgres from its `BEGIN ATOMIC`, which stands in no parentheses.
fn body(engine: Engine, tokens: &[Token<'_>]) -> Option<usize> {
    let is = |at: usize, wanted: &[&str]| is_word(tokens.get(at), wanted);
    if !is(0, &["create"]) {
        return None;
    }
    if engine == Engine::Sqlite {
        let at = if is(1, &["temp", "temporary"]) { 2 } else { 1 };
        return is(at, &["trigger"]).then_some(at);
    }
    let replaces = is(1, &["or"]) && is(2, &["replace"]);
    if !is(if replaces { 3 } else { 1 }, &["function", "procedure"]) {
        return None;
    }
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Semicolon => return None,
            Token::Other('(') => depth += 1,
            Token::Other(')') => depth = depth.saturating_sub(1),
            Token::Word(word) if word == "begin" && depth == 0 && is(at + 1, &["atomic"]) => {
                return Some(at + 1);
            }
            _ => {}
        }
    }
    None
}

/// Whether a token is one of these keywords, which quotes would make a name.
fn is_word(token: Option<&Token<'_>>, wanted: &[&str]) -> bool {
    matches!(token, Some(Token::Word(word)) if wanted.contains(&word.as_ref()))
}

/// The words with which the first statement begins, if they control a transaction or its role.
#[cfg(feature = "migrate")]
pub(crate) fn leading_control(sql: &str) -> Option<String> {
    let first = Lexer::new(Engine::Postgres, sql).take_while(|token| *token != Token::Semicolon);
    control(&first.collect::<Vec<_>>())
}

/// The word at that place, quoted or not.
fn word<'t>(statement: &'t [Token<'_>], index: usize) -> Option<&'t str> {
    match statement.get(index)? {
        Token::Word(word) | Token::Quoted(word) => Some(word),
        _ => None,
    }
}

fn control(statement: &[Token<'_>]) -> Option<String> {
    let first = word(statement, 0)?;
    if CONTROL.contains(&first) {
        return Some(first.to_ascii_uppercase());
    }
    if !["set", "reset"].contains(&first) {
        return None;
    }
    let mut at = 1;
    if matches!(word(statement, at), Some("local" | "session"))
        // SET SESSION AUTHORIZATION and SET SESSION CHARACTERISTICS are statements of their own.
        && !matches!(word(statement, at + 1), Some("authorization" | "characteristics"))
    {
        at += 1;
    }
    let mut name = word(statement, at)?.to_ascii_lowercase();
    if statement.get(at + 1) == Some(&Token::Other('.')) {
        name.push('.');
    }
    let stands_on = STANDS_ON.contains(&name.as_str())
        || STANDS_ON_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
        || name == "session";
    stands_on.then(|| format!("{first} {name}").to_ascii_uppercase())
}

/// What an owner's scope may say: statements that read and write rows, and settings that end with the
/// transaction.
fn stays_in_scope(engine: Engine, statement: &[Token<'_>]) -> Result<(), String> {
    let statement = match word(statement, 0) {
        Some("explain") => explained(statement),
        _ => statement,
    };
    let is =
        |index, wanted: &[&str]| word(statement, index).is_some_and(|word| wanted.contains(&word));
    match statement.first() {
        None | Some(Token::Other(_)) => {}
        Some(_) if is(0, &["set"]) && !is(1, &["local", "constraints"]) => {
            return Err("SET without LOCAL".to_owned());
        }
        Some(_) if is(0, &["set"]) && sets_the_path(statement) => {
            return Err("SET SEARCH_PATH".to_owned());
        }
        Some(_) if is(0, &ROWS) => {}
        Some(_) if is(0, &["pragma"]) && !leaves_a_trace(statement) => {}
        Some(_) => return Err(word(statement, 0).unwrap_or_default().to_ascii_uppercase()),
    }
    if engine == Engine::Sqlite {
        return Ok(());
    }
    if makes_a_table(statement) {
        return Err("INTO".to_owned());
    }
    for (index, token) in statement.iter().enumerate() {
        match token {
            // A name with escapes may be any name.
            Token::Word(u) if u == "u" && statement.get(index + 1) == Some(&Token::Other('&')) => {
                return Err("U&".to_owned());
            }
            Token::Word(name) | Token::Quoted(name) if reaches(name) => {
                return Err(name.clone().into_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a `SET LOCAL` is about where names are looked up; `SCHEMA` is another word for it. Names of settings know
/// no case, in quotes as well.
fn sets_the_path(statement: &[Token<'_>]) -> bool {
    let name = word(statement, 2).unwrap_or_default();
    let is_setting = name.eq_ignore_ascii_case("search_path");
    is_setting || is_word(statement.get(2), &["schema"])
}

/// The statement that an `EXPLAIN` is about, and with `ANALYZE` runs.
fn explained<'t, 's>(statement: &'t [Token<'s>]) -> &'t [Token<'s>] {
    let is_end = |token: &Token<'_>| *token == Token::Other(')');
    let mut at = match statement.get(1) {
        Some(Token::Other('(')) => statement.iter().position(is_end).unwrap_or(1) + 1,
        _ => 1,
    };
    while let Some("analyze" | "analyse" | "verbose" | "query" | "plan") = word(statement, at) {
        at += 1;
    }
    statement.get(at..).unwrap_or_default()
}

/// Whether an `INTO` is not that of `INSERT` or `MERGE`, but of a `SELECT`, for which SQLite has none. Behind
/// a `SELECT` the other two words may be names of columns.
fn makes_a_table(statement: &[Token<'_>]) -> bool {
    // Of each pair of parentheses that is open, whether a SELECT began in it.
    let mut selects = vec![false];
    let mut writes = false;
    for token in statement {
        match token {
            Token::Other('(') => selects.push(false),
            Token::Other(')') => drop(selects.pop()),
            Token::Word(word) if word == "select" => {
                if let Some(selects) = selects.last_mut() {
                    *selects = true;
                }
            }
            Token::Word(word) if word == "into" && (!writes || selects.last() == Some(&true)) => {
                return true;
            }
            _ => {}
        }
        writes = matches!(token, Token::Word(word) if word == "insert" || word == "merge");
    }
    false
}

fn reaches(name: &str) -> bool {
    REACHING.contains(&name)
        || REACHING_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn leaves_a_trace(statement: &[Token<'_>]) -> bool {
    match word(statement, 0) {
        // Without a value it is a question.
        Some("pragma") => statement
            .iter()
            .any(|token| matches!(token, Token::Other('=' | '('))),
        Some("attach" | "detach") => true,
        Some("create") => matches!(word(statement, 1), Some("temp" | "temporary")),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
