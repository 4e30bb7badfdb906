//! Rejects custom SQL that would end or split the transaction, change its role or claims, or bypass the scope.

use crate::model::engine::Engine;

use super::CustomSql;
use super::lexer::Token;

/// First words of statements that control transactions or prepared statements. Only the library sends them.
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

/// First words of statements that read and write rows. An owner's scope allows only these; others need the system's
/// scope or a migration.
const ROWS: [&str; 19] = [
    "select", "with", "insert", "update", "delete", "merge", "replace", "values", "table", "lock",
    "show", "set", "notify", "call", "declare", "fetch", "move", "close", "analyze",
];

/// Names on Postgres that an owner's scope rejects, and prefixes of such names. They change settings of the scope, run a
/// text that cannot be checked here, or show the statements of other owners.
const BYPASSING: [&str; 7] = [
    "set_config",
    "pg_stat_activity",
    // An update of this view is a SET.
    "pg_settings",
    "ts_stat",
    "ts_rewrite",
    "connectby",
    "xpath_table",
];
const BYPASSING_PREFIXES: [&str; 4] = ["query_to_xml", "crosstab", "dblink", "pg_stat_get_"];

/// Settings that a unit of work relies on, and prefixes of such names.
const PROTECTED_SETTINGS: [&str; 6] = [
    "role",
    "session",
    "session authorization",
    "session_authorization",
    "standard_conforming_strings",
    "transaction_timeout",
];
const PROTECTED_PREFIXES: [&str; 2] = ["request.", "catamaran."];

/// Whether a statement may leave state on a connection of SQLite. SQLite has no command that resets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    /// It leaves no state.
    None,
    /// It may leave a setting, an attached file or a temporary table.
    Left,
}

impl CustomSql<'_> {
    /// Checks the text, of one statement or several. `owned`: whether it runs in an owner's scope.
    ///
    /// # Errors
    /// The words that are not allowed.
    pub(crate) fn validate(&self, owned: bool) -> Result<Trace, String> {
        let engine = self.engine;
        let mut trace = Trace::None;
        for statement in statements(engine, &self.tokens) {
            if let Some(words) = control(statement) {
                return Err(words);
            }
            if owned {
                check_scope(engine, statement)?;
            }
            if engine == Engine::Sqlite && leaves_a_trace(statement) {
                trace = Trace::Left;
            }
        }
        Ok(trace)
    }

    /// The number of statements in the text.
    pub(crate) fn statements(&self) -> usize {
        let full = statements(self.engine, &self.tokens).filter(|statement| !statement.is_empty());
        full.count()
    }
}

/// The statements of a text. The body of a trigger or routine is part of the statement that creates it, and ends with
/// the first `END` at the start of a statement.
fn statements<'t, 's>(
    engine: Engine,
    tokens: &'t [Token<'s>],
) -> impl Iterator<Item = &'t [Token<'s>]> {
    let mut rest = tokens;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = length(engine, rest);
        let statement = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(statement)
    })
}

/// The number of tokens of the first statement, without its semicolon.
pub(super) fn length(engine: Engine, tokens: &[Token<'_>]) -> usize {
    let is_end = |pair: &[Token<'_>]| {
        (pair[0] == Token::Semicolon || is_word(pair.first(), &["atomic"]))
            && is_word(pair.get(1), &["end"])
    };
    let body_ends = match body(engine, tokens) {
        // The engine refuses a body without an end, together with the text after it.
        Some(body) => tokens[body..]
            .windows(2)
            .position(is_end)
            .map_or(tokens.len(), |at| body + at + 1),
        None => 0,
    };
    let mut depth = 0_usize;
    let ends = |token: &Token<'_>| {
        match token {
            // The actions of a rule of Postgres are statements in parentheses.
            Token::Other('(') if engine == Engine::Postgres => depth += 1,
            Token::Other(')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        *token == Token::Semicolon && depth == 0
    };
    tokens[body_ends..]
        .iter()
        .position(ends)
        .map_or(tokens.len(), |at| body_ends + at)
}

/// The position from which the first statement may have a body with semicolons. For a trigger of SQLite it is the
/// start, and for a routine of Postgres the `BEGIN ATOMIC` outside of parentheses.
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

/// Whether a token is one of these keywords, without quotes.
pub(super) fn is_word(token: Option<&Token<'_>>, wanted: &[&str]) -> bool {
    matches!(token, Some(Token::Word(word)) if wanted.contains(&word.as_ref()))
}

/// The word at a position, quoted or not.
pub(super) fn word<'t>(statement: &'t [Token<'_>], index: usize) -> Option<&'t str> {
    match statement.get(index)? {
        Token::Word(word) | Token::Quoted(word) => Some(word),
        _ => None,
    }
}

/// The words of a statement that a unit of work does not accept in any scope.
fn control(statement: &[Token<'_>]) -> Option<String> {
    transaction_control(statement).or_else(|| protected_setting(statement))
}

/// The words of a statement that controls a transaction or prepared statements, or sets how transactions run.
pub(super) fn transaction_control(statement: &[Token<'_>]) -> Option<String> {
    let first = word(statement, 0)?;
    if CONTROL.contains(&first) {
        let words = match word(statement, 1) {
            Some(second @ ("transaction" | "prepared")) => format!("{first} {second}"),
            _ => first.to_owned(),
        };
        return Some(words.to_ascii_uppercase());
    }
    let setting = setting(statement)?;
    let is_of_transactions = match setting.name.as_str() {
        "transaction" | "session characteristics" => true,
        "transaction_timeout" => false,
        name => name.starts_with("transaction_"),
    };
    is_of_transactions.then(|| setting.words())
}

fn protected_setting(statement: &[Token<'_>]) -> Option<String> {
    let setting = setting(statement)?;
    let is_protected = PROTECTED_SETTINGS.contains(&setting.name.as_str())
        || PROTECTED_PREFIXES
            .iter()
            .any(|prefix| setting.name.starts_with(prefix));
    is_protected.then(|| setting.words())
}

/// The setting of a `SET` or `RESET`.
pub(super) struct Setting<'t> {
    /// `set` or `reset`.
    pub(super) verb: &'t str,
    /// In lower case. Of a name with dots, the part up to the first one.
    pub(super) name: String,
    /// The position behind the name.
    #[cfg_attr(
        not(feature = "migrate"),
        allow(dead_code, reason = "only scripts of migrations replace it")
    )]
    pub(super) end: usize,
}

impl Setting<'_> {
    fn words(&self) -> String {
        format!("{} {}", self.verb, self.name).to_ascii_uppercase()
    }
}

/// The setting that a statement changes.
pub(super) fn setting<'t>(statement: &'t [Token<'_>]) -> Option<Setting<'t>> {
    let verb = word(statement, 0).filter(|first| ["set", "reset"].contains(first))?;
    // SET SESSION AUTHORIZATION and SET SESSION CHARACTERISTICS are statements of their own.
    let of_session = |at: usize| match (word(statement, at), word(statement, at + 1)) {
        (Some("session"), second @ Some("authorization" | "characteristics")) => second,
        _ => None,
    };
    let has_reach = matches!(word(statement, 1), Some("local" | "session"));
    let at = match has_reach && of_session(1).is_none() {
        true => 2,
        false => 1,
    };
    if let Some(second) = of_session(at) {
        let name = format!("session {second}");
        return Some(Setting {
            verb,
            name,
            end: at + 2,
        });
    }
    let mut name = word(statement, at)?.to_ascii_lowercase();
    if statement.get(at + 1) == Some(&Token::Other('.')) {
        name.push('.');
    }
    Some(Setting {
        verb,
        name,
        end: at + 1,
    })
}

/// Checks a statement of an owner's scope: it may read and write rows, and change settings until the transaction ends.
fn check_scope(engine: Engine, statement: &[Token<'_>]) -> Result<(), String> {
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
        Some(_) if is(0, &["set"]) && sets_search_path(statement) => {
            return Err("SET SEARCH_PATH".to_owned());
        }
        Some(_) if is(0, &ROWS) => {}
        Some(_) if is(0, &["pragma"]) && !leaves_a_trace(statement) => {}
        Some(_) => return Err(word(statement, 0).unwrap_or_default().to_ascii_uppercase()),
    }
    if engine == Engine::Sqlite {
        return Ok(());
    }
    if has_select_into(statement) {
        return Err("INTO".to_owned());
    }
    for (index, token) in statement.iter().enumerate() {
        match token {
            // A name with Unicode escapes can spell any name.
            Token::Word(u) if u == "u" && statement.get(index + 1) == Some(&Token::Other('&')) => {
                return Err("U&".to_owned());
            }
            Token::Word(name) | Token::Quoted(name) if bypasses_scope(name) => {
                return Err(name.clone().into_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a `SET LOCAL` changes the search path. `SCHEMA` is a synonym. Names of settings are case-insensitive, even
/// in quotes.
fn sets_search_path(statement: &[Token<'_>]) -> bool {
    let name = word(statement, 2).unwrap_or_default();
    let is_setting = name.eq_ignore_ascii_case("search_path");
    is_setting || is_word(statement.get(2), &["schema"])
}

/// The statement inside an `EXPLAIN`, which `ANALYZE` executes.
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

/// Whether the statement has a `SELECT .. INTO`, which creates a table on Postgres. The `INTO` of `INSERT` and `MERGE`
/// is allowed; after a `SELECT`, these two words may be names of columns.
fn has_select_into(statement: &[Token<'_>]) -> bool {
    // For each open parenthesis: whether it contains a SELECT.
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

fn bypasses_scope(name: &str) -> bool {
    BYPASSING.contains(&name)
        || BYPASSING_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn leaves_a_trace(statement: &[Token<'_>]) -> bool {
    match word(statement, 0) {
        // Without a value it only reads.
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
