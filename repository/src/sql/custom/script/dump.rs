//! Statements that `pg_dump` and the command `.dump` of `sqlite3` write.

use super::Piece;
use super::Token;
use crate::model::engine::Engine;

/// Settings of a dump that the runner replaces with its own.
const TIMEOUTS: [&str; 4] = [
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    // Servers before version 17 do not know it.
    "transaction_timeout",
];

impl Piece<'_> {
    /// The table of a `COPY .. FROM stdin`, as it is written.
    pub(crate) fn copies_rows_into(&self) -> Option<&str> {
        let last = self.tokens.len().checked_sub(1)?;
        let from = (0..last).find(|at| self.has(*at, &["from", "stdin"]))?;
        let ends = |at: &usize| self.is(*at, '(') || *at == from;
        let end = (1..=from).find(ends)?;
        self.has(0, &["copy"]).then(|| self.slice(1..end))
    }

    /// Whether the statement is a `COPY .. TO stdout`.
    pub(crate) fn copies_rows_out(&self) -> bool {
        let mut all = 0..self.tokens.len();
        self.has(0, &["copy"]) && all.any(|at| self.has(at, &["to", "stdout"]))
    }

    /// Whether the statement only sets a time limit.
    pub(crate) fn sets_timeout(&self) -> bool {
        self.has(0, &["set"]) && self.word(1).is_some_and(|name| TIMEOUTS.contains(&name))
    }

    /// Whether the statement is `CREATE SCHEMA name`.
    pub(crate) fn creates_schema(&self) -> Option<&str> {
        (self.has(0, &["create", "schema"]) && self.tokens.len() == 3).then(|| self.slice(2..3))
    }

    /// Whether the statement comments on an extension. `CREATE EXTENSION` sets the same comment.
    pub(crate) fn comments_on_extension(&self) -> bool {
        self.has(0, &["comment", "on", "extension"])
    }

    /// Whether the statement switches a check of SQLite's own catalog off, so that rows can be written into it.
    pub(crate) fn opens_catalog(&self) -> bool {
        let writes = |(name, value): (String, &str)| {
            let off = ["", "0", "off", "false", "no"];
            name == "writable_schema" && !off.contains(&value.to_ascii_lowercase().as_str())
        };
        self.pragma().is_some_and(writes)
    }

    /// Whether the statement creates or drops a database.
    pub(crate) fn is_about_database(&self) -> bool {
        let is_database = self.word(1) == Some("database");
        is_database && matches!(self.word(0), Some("create" | "drop" | "alter"))
    }

    /// Whether the statement creates a table that SQLite creates itself. The command `.schema` writes such statements.
    pub(crate) fn creates_internal_table(&self) -> bool {
        self.engine == Engine::Sqlite
            && self.has(0, &["create", "table"])
            && self.word(2).is_some_and(|name| name.starts_with("sqlite_"))
    }

    /// Whether the statement creates, changes or fills one of these tables.
    pub(crate) fn is_about(&self, tables: &[&str]) -> bool {
        let mut at = match (self.word(0), self.word(1)) {
            (Some("create" | "alter" | "drop"), Some("table")) => 2,
            (Some("insert"), Some("into")) | (Some("delete"), Some("from")) => 2,
            (Some("copy"), _) => 1,
            (Some("comment"), Some("on")) if self.word(2) == Some("table") => 3,
            (Some("create"), Some("index" | "unique")) => {
                let on = |at: &usize| self.word(*at) == Some("on");
                match (2..self.tokens.len()).find(on) {
                    Some(on) => on + 1,
                    None => return false,
                }
            }
            _ => return false,
        };
        for words in [&["if", "not", "exists"][..], &["if", "exists"], &["only"]] {
            if self.has(at, words) {
                at += words.len();
            }
        }
        if self.engine == Engine::Postgres && self.is(at + 1, '.') {
            at += 2;
        }
        let name = match self.tokens.get(at) {
            Some(Token::Word(name) | Token::Quoted(name)) => name.as_ref(),
            _ => return false,
        };
        tables.contains(&name)
    }

    /// The option of `pg_dump` that leaves the statement out, if it may fail in another database.
    pub(crate) fn left_out_by(&self) -> Option<&'static str> {
        let has = |words: &[&str]| (0..self.tokens.len()).any(|at| self.has(at, words));
        match self.word(0)? {
            "alter" if has(&["owner", "to"]) => Some("--no-owner"),
            "set" if self.has(1, &["session", "authorization"]) => Some("--no-owner"),
            "grant" | "revoke" => Some("--no-privileges"),
            "alter" if self.has(1, &["default", "privileges"]) => Some("--no-privileges"),
            "create" if self.has(1, &["publication"]) => Some("--no-publications"),
            "create" if self.has(1, &["subscription"]) => Some("--no-subscriptions"),
            "security" => Some("--no-security-labels"),
            "comment" => Some("--no-comments"),
            _ => None,
        }
    }
}
