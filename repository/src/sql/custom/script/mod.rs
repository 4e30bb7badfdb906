//! The text of a migration, cut into statements with their places.

mod call;
mod dump;
mod index;
mod kind;
mod pieces;
mod pragma;
mod setting;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use self::call::calls;
pub(crate) use self::index::IndexWork;
#[cfg(feature = "postgres")]
pub(crate) use self::index::Rebuilt;
pub(crate) use self::pieces::{Part, Pieces};
#[cfg(feature = "sqlite")]
pub(crate) use self::pragma::RESTORED_PRAGMAS;
use super::control::word;
use super::lexer::Token;
use crate::model::engine::Engine;

/// What an editor or a shell may write at the beginning of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// One statement of a text.
pub(crate) struct Piece<'s> {
    engine: Engine,
    source: &'s str,
    /// The number of the line on which the statement begins, from 1.
    line: usize,
    tokens: Vec<Token<'s>>,
    /// The bytes of each token in the source.
    spans: Vec<Range<usize>>,
}

impl<'s> Piece<'s> {
    /// The bytes of the statement in the source, from its first token to its last, without a semicolon.
    fn span(&self) -> Range<usize> {
        let start = self.spans.first().map_or(0, |span| span.start);
        start..self.spans.last().map_or(start, |span| span.end)
    }

    /// The number of the line on which the statement begins, from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// The statement as it is sent. `local`: settings of Postgres end with the transaction.
    pub(crate) fn sql(&self, local: bool) -> Cow<'s, str> {
        edited(self.source, self.span(), std::slice::from_ref(self), local)
    }

    /// The text of some tokens.
    fn slice(&self, tokens: Range<usize>) -> &'s str {
        let spans = self.spans.get(tokens).unwrap_or_default();
        match (spans.first(), spans.last()) {
            (Some(first), Some(last)) => &self.source[first.start..last.end],
            _ => "",
        }
    }

    /// The keyword or name at a position.
    fn word(&self, at: usize) -> Option<&str> {
        word(&self.tokens, at)
    }

    /// Whether these words are at a position.
    fn has(&self, at: usize, words: &[&str]) -> bool {
        let mut words = words.iter().enumerate();
        words.all(|(index, wanted)| self.word(at + index) == Some(wanted))
    }

    fn is(&self, at: usize, symbol: char) -> bool {
        self.tokens.get(at) == Some(&Token::Other(symbol))
    }
}

/// The text of several statements as it is sent: without byte order marks between tokens. `local`: settings of Postgres
/// end with the transaction.
pub(crate) fn text<'s>(source: &'s str, pieces: &[Piece<'s>], local: bool) -> Cow<'s, str> {
    edited(source, 0..source.len(), pieces, local)
}

fn edited<'s>(
    source: &'s str,
    range: Range<usize>,
    pieces: &[Piece<'s>],
    local: bool,
) -> Cow<'s, str> {
    let mut edits: Vec<(Range<usize>, &str)> = Vec::new();
    if local {
        edits.extend(pieces.iter().flat_map(Piece::made_local));
    }
    let all = &source[range.clone()];
    for (at, mark) in all.match_indices(BYTE_ORDER_MARK) {
        let at = range.start + at;
        let mut spans = pieces.iter().flat_map(|piece| &piece.spans);
        if !spans.any(|span| span.contains(&at)) {
            edits.push((at..at + mark.len(), ""));
        }
    }
    if edits.is_empty() {
        return all.into();
    }
    edits.sort_by_key(|(edit, _)| edit.start);
    let mut text = String::with_capacity(all.len());
    let mut from = range.start;
    for (edit, replacement) in edits {
        text.push_str(&source[from..edit.start]);
        text.push_str(replacement);
        from = edit.end;
    }
    text.push_str(&source[from..range.end]);
    text.into()
}
