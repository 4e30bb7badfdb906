//! Which statements of a migration control its transaction, and which cannot run in one.

use super::Piece;
use super::Token;
use crate::model::engine::Engine;
use crate::sql::custom::control::{is_word, transaction_control};

/// Statements of Postgres that cannot run in a transaction, by their first words. Those that are `CONCURRENTLY` are
/// found apart.
const ALONE: [&[&str]; 12] = [
    &["vacuum"],
    &["create", "database"],
    &["drop", "database"],
    &["create", "tablespace"],
    &["drop", "tablespace"],
    &["alter", "system"],
    &["create", "subscription"],
    &["drop", "subscription"],
    &["reindex", "database"],
    &["reindex", "system"],
    &["reindex", "schema"],
    &["cluster"],
];

impl Piece<'_> {
    /// The words of the statement, if it controls a transaction or prepared statements.
    pub(crate) fn control(&self) -> Option<String> {
        transaction_control(&self.tokens)
    }

    /// A parameter of SQLite, as it is written. Postgres refuses one outside of a routine's body.
    pub(crate) fn parameter(&self) -> Option<&str> {
        let mut tokens = self.tokens.iter();
        tokens.find_map(|token| match token {
            Token::Parameter(text) if self.engine == Engine::Sqlite => Some(*text),
            _ => None,
        })
    }

    /// Whether the statement begins a transaction.
    pub(crate) fn begins(&self) -> bool {
        self.has(0, &["begin"]) || self.has(0, &["start", "transaction"])
    }

    /// Whether the statement commits the transaction.
    pub(crate) fn commits(&self) -> bool {
        matches!(self.word(0), Some("commit" | "end")) && self.word(1) != Some("prepared")
    }

    /// Whether the statement rolls the transaction back.
    pub(crate) fn rolls_back(&self) -> bool {
        matches!(self.word(0), Some("rollback" | "abort"))
            && !matches!(self.word(1), Some("prepared" | "to"))
    }

    /// The words of the statement, if no transaction may contain it.
    pub(crate) fn refuses_transactions(&self) -> Option<String> {
        let words = match self.engine {
            Engine::Sqlite if self.has(0, &["vacuum"]) => "VACUUM".to_owned(),
            Engine::Sqlite => {
                let (name, value) = self.pragma()?;
                let fixed = ["journal_mode", "auto_vacuum", "page_size"];
                if value.is_empty() || !fixed.contains(&name.as_str()) {
                    return None;
                }
                format!("PRAGMA {name}")
            }
            Engine::Postgres => {
                let first = self.word(0)?;
                let may_be_concurrent = ["create", "drop", "reindex", "alter"].contains(&first);
                let concurrently = may_be_concurrent && self.is_concurrent();
                let alone = ALONE.iter().find(|words| self.has(0, words));
                match (concurrently, alone) {
                    (true, _) => format!("{first} .. concurrently").to_ascii_uppercase(),
                    // With a table, CLUSTER may run in a transaction.
                    (false, Some(["cluster"])) if self.tokens.len() > 1 => return None,
                    (false, Some(words)) => words.join(" ").to_ascii_uppercase(),
                    (false, None) => return None,
                }
            }
        };
        Some(words)
    }

    /// Whether the keyword occurs. It is reserved, so it is no name without quotes.
    pub(super) fn is_concurrent(&self) -> bool {
        let is_keyword = |token: &Token<'_>| is_word(Some(token), &["concurrently"]);
        self.tokens.iter().any(is_keyword)
    }

    /// Whether the statement is run without a transaction around it, in a script that is outside of transactions.
    pub(crate) fn runs_alone(&self) -> bool {
        // A procedure or a block may commit.
        let may_commit = ["call", "do", "reindex"];
        let is_postgres = self.engine == Engine::Postgres;
        self.refuses_transactions().is_some()
            || is_postgres && self.word(0).is_some_and(|word| may_commit.contains(&word))
    }

    /// Whether the statement attaches a file to its connection, or detaches it.
    pub(crate) fn attaches(&self) -> bool {
        self.engine == Engine::Sqlite && matches!(self.word(0), Some("attach" | "detach"))
    }

    /// Whether the statement changes the schema.
    pub(crate) fn changes_schema(&self) -> bool {
        let verbs = ["create", "alter", "drop", "truncate", "reindex"];
        self.word(0).is_some_and(|verb| verbs.contains(&verb))
    }

    /// Whether the statement changes only its connection: a setting, or an attached file.
    pub(crate) fn is_of_connection(&self) -> bool {
        match self.engine {
            Engine::Sqlite => self.has(0, &["pragma"]) || self.attaches(),
            Engine::Postgres => {
                matches!(self.word(0), Some("set" | "reset")) && self.word(1) != Some("constraints")
            }
        }
    }
}
