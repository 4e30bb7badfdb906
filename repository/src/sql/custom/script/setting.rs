//! Statements that change a setting of their connection.

use std::ops::Range;

use super::Piece;
use crate::model::engine::Engine;
use crate::sql::custom::control::{Setting, setting};

impl Piece<'_> {
    /// The name of a setting in lower case, and its new value without quotes; for `SET` on Postgres.
    fn set(&self) -> Option<(String, &str)> {
        if self.engine != Engine::Postgres {
            return None;
        }
        let Setting { verb, name, end } = setting(&self.tokens)?;
        if verb != "set" {
            return None;
        }
        if name == "names" {
            let value = self.slice(end..self.tokens.len());
            return Some(("client_encoding".to_owned(), value.trim_matches('\'')));
        }
        let is_assigned = self.is(end, '=') || self.word(end) == Some("to");
        let value = self.slice(end + 1..self.tokens.len());
        is_assigned.then_some((name, value.trim_matches('\'')))
    }

    /// What is wrong with the setting, if the script must not change it, and what to do.
    pub(crate) fn forbidden_setting(&self) -> Option<String> {
        if self.engine == Engine::Sqlite {
            return self.forbidden_pragma();
        }
        let (name, value) = self.set()?;
        let value = value.to_ascii_lowercase();
        let is_one_of = |allowed: &[&str]| allowed.contains(&value.as_str());
        let fault = match name.as_str() {
            "standard_conforming_strings" if !is_one_of(&["on", "true", "yes", "1"]) => {
                "SET standard_conforming_strings: remove it, as the text is read with the setting on; \
                 for a dump, set PGOPTIONS='-c standard_conforming_strings=on' when you run pg_dump"
            }
            "client_encoding" if !is_one_of(&["utf8", "utf-8", "unicode"]) => {
                "SET client_encoding: remove it, as the text of a migration is UTF-8; \
                 for a dump, use pg_dump --encoding=UTF8"
            }
            _ => return None,
        };
        Some(fault.to_owned())
    }

    /// Whether the statement is a `SET LOCAL`, which has no effect outside of a transaction.
    pub(crate) fn is_local(&self) -> bool {
        self.engine == Engine::Postgres && self.has(0, &["set", "local"])
    }

    /// Whether the statement only changes settings, as the first lines of a dump do.
    pub(crate) fn only_sets(&self) -> bool {
        let reads_setting = self.has(0, &["select", "set_config"])
            || self.has(0, &["select", "pg_catalog"]) && self.word(3) == Some("set_config");
        self.is_of_connection() || reads_setting
    }

    /// Replacements with which the settings of the statement end with its transaction.
    pub(super) fn made_local(&self) -> Vec<(Range<usize>, &'static str)> {
        if self.engine != Engine::Postgres {
            return Vec::new();
        }
        let is_set = self.has(0, &["set"]);
        // SET SESSION AUTHORIZATION is a statement of its own.
        let is_session = self.has(1, &["session"]) && self.word(2) != Some("authorization");
        let has_no_session = matches!(self.word(1), Some("local" | "constraints" | "transaction"));
        let mut edits = Vec::new();
        if is_set && !has_no_session && self.control().is_none() {
            let end = if is_session { 1 } else { 0 };
            edits.push((self.spans[0].start..self.spans[end].end, "SET LOCAL"));
        }
        for at in 0..self.tokens.len() {
            let is_literal = |at| self.is(at, '\'');
            if self.word(at) == Some("set_config")
                && self.is(at + 1, '(')
                && is_literal(at + 2)
                && self.is(at + 3, ',')
                && is_literal(at + 4)
                && self.is(at + 5, ',')
                && self.word(at + 6) == Some("false")
                && self.is(at + 7, ')')
            {
                edits.push((self.spans[at + 6].clone(), "true"));
            }
        }
        edits
    }
}
