//! `ON CONFLICT` clauses in a CREATE TABLE of SQLite, which the parser does not accept in every position.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::fingerprint::finding::Part;
use crate::fingerprint::schema::Conflict;

/// Removes the clauses from a CREATE TABLE. Returns the remaining tokens and the effective clauses: ABORT is the
/// default, and SQLite ignores the clause of a check or of NULL.
pub(crate) fn remove_clauses(tokens: Vec<TokenWithSpan>) -> (Vec<TokenWithSpan>, Vec<Conflict>) {
    let mut rest = Vec::with_capacity(tokens.len());
    let mut conflicts: Vec<Conflict> = Vec::new();
    let mut element = Element::default();
    let mut depth = 0;
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        if let (1, Some((resolution, after))) = (depth, clause(&tokens, place)) {
            if let Some(conflict) = element.conflict(resolution) {
                match conflicts
                    .last_mut()
                    .filter(|last| last.is_of_the_same(&conflict))
                {
                    Some(last) => last.clause = format!("{}, {}", last.clause, conflict.clause),
                    None => conflicts.push(conflict),
                }
            }
            place = after;
            continue;
        }
        match (&token.token, depth) {
            (Token::LParen, 0) | (Token::Comma, 1) => element = Element::default(),
            (other, _) => element.read(other, depth),
        }
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        rest.push(token.clone());
        place += 1;
    }
    (rest, conflicts)
}

impl Conflict {
    fn is_of_the_same(&self, other: &Conflict) -> bool {
        (self.part, &self.name) == (other.part, &other.name)
    }
}

/// A column or table constraint, as far as it was read.
#[derive(Default)]
struct Element {
    text: String,
    /// Its first two tokens.
    words: Vec<Token>,
    /// The last constraint that was read in it.
    constraint: &'static str,
}

impl Element {
    fn read(&mut self, token: &Token, depth: i32) {
        if let Token::Whitespace(_) = token {
            self.text.push(' ');
            return;
        }
        self.text.push_str(&token.to_string());
        if self.words.len() < 2 {
            self.words.push(token.clone());
        }
        if depth == 1 {
            self.constraint = match keyword(token) {
                Some(Keyword::NOT) => "NOT NULL",
                Some(Keyword::NULL) if self.constraint == "NOT NULL" => "NOT NULL",
                Some(Keyword::NULL | Keyword::CHECK) => "",
                Some(Keyword::PRIMARY) => "PRIMARY KEY",
                Some(Keyword::UNIQUE) => "UNIQUE",
                _ => self.constraint,
            };
        }
    }

    fn conflict(&self, resolution: &str) -> Option<Conflict> {
        if self.constraint.is_empty() || resolution.eq_ignore_ascii_case("abort") {
            return None;
        }
        let (part, name) = match self.words.first().and_then(keyword) {
            Some(Keyword::CONSTRAINT) => (Part::Named, self.words.get(1).map(value)),
            Some(Keyword::PRIMARY | Keyword::UNIQUE) => {
                let words: Vec<&str> = self.text.split_whitespace().collect();
                (Part::Named, Some(words.join(" ")))
            }
            _ => (Part::Column, self.words.first().map(value)),
        };
        Some(Conflict {
            part,
            name: name?,
            clause: format!(
                "{} ON CONFLICT {}",
                self.constraint,
                resolution.to_ascii_uppercase()
            ),
        })
    }
}

/// The resolution of the clause that begins here, and the index after it.
fn clause(tokens: &[TokenWithSpan], place: usize) -> Option<(&str, usize)> {
    let mut words = tokens
        .iter()
        .enumerate()
        .skip(place)
        .filter(|(_, token)| !matches!(token.token, Token::Whitespace(_)));
    let mut next = || words.next().map(|(place, token)| (place, &token.token));
    let (begin, on) = next()?;
    let is_clause = begin == place
        && keyword(on) == Some(Keyword::ON)
        && keyword(next()?.1) == Some(Keyword::CONFLICT);
    match next()? {
        (end, Token::Word(resolution)) if is_clause => Some((&resolution.value, end + 1)),
        _ => None,
    }
}

/// The keyword of an unquoted word.
fn keyword(token: &Token) -> Option<Keyword> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.keyword),
        _ => None,
    }
}

fn value(token: &Token) -> String {
    match token {
        Token::Word(word) => word.value.clone(),
        other => other.to_string(),
    }
}
