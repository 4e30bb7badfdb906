//! Statements of Postgres that build or drop an index without a transaction.

use super::Piece;
use crate::model::engine::Engine;
use crate::sql::custom::control::is_word;

/// What a statement does to an index. If it fails, an invalid index may be left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IndexWork {
    /// `CREATE INDEX CONCURRENTLY`, with the names as they are written.
    Create {
        /// The index; `None` if Postgres chooses its name.
        index: Option<String>,
        /// The table.
        table: String,
    },
    /// `DROP INDEX CONCURRENTLY`, with the name as it is written.
    Drop {
        /// The index.
        index: String,
    },
    /// `REINDEX .. CONCURRENTLY`.
    Rebuild(Rebuilt),
}

/// Whose indexes a `REINDEX` builds anew, with the name as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rebuilt {
    /// One index, or those of the partitions of a partitioned one.
    Index(String),
    /// Those of a table and of its partitions.
    Table(String),
    /// Those of a schema.
    Schema(String),
    /// All of the database.
    Database,
}

impl Piece<'_> {
    /// What the statement does to an index, if it does that concurrently.
    pub(crate) fn index_work(&self) -> Option<IndexWork> {
        if self.engine != Engine::Postgres {
            return None;
        }
        if self.has(0, &["reindex"]) {
            return self
                .is_concurrent()
                .then(|| IndexWork::Rebuild(self.rebuilt()));
        }
        if self.has(0, &["drop", "index", "concurrently"]) {
            let at = if self.has(3, &["if", "exists"]) { 5 } else { 3 };
            let index = self.name(at).to_owned();
            return Some(IndexWork::Drop { index });
        }
        let at = if self.word(1) == Some("unique") { 2 } else { 1 };
        if !self.has(0, &["create"]) || !self.has(at, &["index", "concurrently"]) {
            return None;
        }
        let mut at = at + 2;
        if self.has(at, &["if", "not", "exists"]) {
            at += 3;
        }
        // `ON` is reserved, so it is no name without quotes.
        let index = (!self.is_keyword(at, "on")).then(|| self.name(at).to_owned());
        while at < self.tokens.len() && !self.is_keyword(at, "on") {
            at += 1;
        }
        at += 1;
        if self.is_keyword(at, "only") {
            at += 1;
        }
        let table = self.name(at).to_owned();
        Some(IndexWork::Create { index, table })
    }

    fn rebuilt(&self) -> Rebuilt {
        let is_end = |at: &usize| self.is(*at, ')');
        let kind = match self.is(1, '(') {
            true => (1..self.tokens.len()).find(is_end).unwrap_or(1) + 1,
            false => 1,
        };
        let name = kind + 1 + usize::from(self.is_keyword(kind + 1, "concurrently"));
        let name = self.name(name).to_owned();
        match self.word(kind) {
            Some("index") => Rebuilt::Index(name),
            Some("table") => Rebuilt::Table(name),
            Some("schema") => Rebuilt::Schema(name),
            _ => Rebuilt::Database,
        }
    }

    fn is_keyword(&self, at: usize, word: &str) -> bool {
        is_word(self.tokens.get(at), &[word])
    }

    /// The name at a position as it is written, with its schema.
    fn name(&self, at: usize) -> &str {
        let mut end = at + 1;
        while self.is(end, '.') {
            end += 2;
        }
        self.slice(at..end)
    }
}
