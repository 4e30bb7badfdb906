//! Cuts a text into statements, and into the lines that are meant for `psql`.

use super::Piece;
use crate::model::engine::Engine;
use crate::sql::custom::control::length;
use crate::sql::custom::lexer::{Lexer, Token};

/// A part of a text.
pub(crate) enum Part<'s> {
    /// A statement for the database.
    Statement(Piece<'s>),
    /// A line that begins with a backslash, which only `psql` reads.
    PsqlCommand {
        /// The line.
        text: &'s str,
        /// Its number, from 1.
        line: usize,
    },
}

/// The parts of a text, in order.
pub(crate) struct Pieces<'s> {
    engine: Engine,
    source: &'s str,
    lexer: Lexer<'s>,
    /// A position, and the number of its line. Lines are counted once, so that a long text takes linear time.
    counted: (usize, usize),
}

impl<'s> Pieces<'s> {
    pub(crate) fn of(engine: Engine, source: &'s str) -> Self {
        Pieces {
            engine,
            source,
            lexer: Lexer::of_files(engine, source),
            counted: (0, 1),
        }
    }

    fn at(&self) -> usize {
        self.source.len() - self.lexer.rest().len()
    }

    /// The number of the line of a position, which is not before the last one.
    fn line(&mut self, at: usize) -> usize {
        let (from, line) = self.counted;
        let breaks = self.source[from..at].matches('\n').count();
        self.counted = (at, line + breaks);
        line + breaks
    }

    /// Skips the rows after a `COPY .. FROM stdin`; returns their number. They end with a line `\.`.
    pub(crate) fn skip_copied_rows(&mut self) -> usize {
        let rest = self.lexer.rest();
        // The rest of the line of the statement.
        let mut skipped = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let mut rows = 0;
        for row in rest[skipped..].split_inclusive('\n') {
            skipped += row.len();
            if row.trim_end() == r"\." {
                break;
            }
            rows += 1;
        }
        self.lexer.consume(skipped);
        rows
    }
}

impl<'s> Iterator for Pieces<'s> {
    type Item = Part<'s>;

    fn next(&mut self) -> Option<Part<'s>> {
        let mut piece = Piece {
            engine: self.engine,
            source: self.source,
            line: 1,
            tokens: Vec::new(),
            spans: Vec::new(),
        };
        loop {
            let rest = self.lexer.next_text();
            let start = self.at();
            if piece.tokens.is_empty() && self.engine == Engine::Postgres && rest.starts_with('\\')
            {
                let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
                self.lexer.consume(end);
                return Some(Part::PsqlCommand {
                    text: &rest[..end],
                    line: self.line(start),
                });
            }
            let Some(token) = self.lexer.next() else {
                return (!piece.tokens.is_empty()).then_some(Part::Statement(piece));
            };
            if piece.tokens.is_empty() {
                piece.line = self.line(start);
            }
            let may_end = token == Token::Semicolon;
            piece.tokens.push(token);
            piece.spans.push(start..self.at());
            if may_end && length(self.engine, &piece.tokens) < piece.tokens.len() {
                piece.tokens.pop();
                piece.spans.pop();
                if !piece.tokens.is_empty() {
                    return Some(Part::Statement(piece));
                }
            }
        }
    }
}
