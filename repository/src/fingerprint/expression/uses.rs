//! What an expression of Postgres uses outside of what Postgres brings.

use sqlparser::tokenizer::{Token, Word};

use super::tokens;
use crate::model::engine::Engine;

/// A function, an operator, a type or a relation that somebody made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) kind: Kind,
    pub(crate) schema: String,
    pub(crate) name: String,
    /// As Postgres prints it: `public.evil(text)`.
    pub(crate) said: String,
    /// Whether it lies in the checked schema, and Postgres brings nothing of its name and kind: then the name
    /// alone can mean nothing else.
    pub(crate) is_plain: bool,
    /// Whether what is printed does not say it.
    pub(crate) is_hidden: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Function,
    Operator,
    Type,
    Relation,
}

impl Kind {
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "function" => Some(Kind::Function),
            "operator" => Some(Kind::Operator),
            "type" => Some(Kind::Type),
            "relation" => Some(Kind::Relation),
            _ => None,
        }
    }
}

impl Use {
    /// Looks for it in what is printed with `pg_catalog` alone on the search path. Postgres prints no function behind a
    /// cast, and no operator behind `NULLIF`, `IS DISTINCT FROM` and `CASE x WHEN`.
    pub(crate) fn look_in<'s>(&mut self, mut printed: impl Iterator<Item = &'s str>) {
        // The name of a relation may be a text: nextval('s').
        self.is_hidden = self.kind != Kind::Relation && !printed.any(|sql| self.is_said_in(sql));
    }

    /// Whether the text says it with its schema.
    fn is_said_in(&self, sql: &str) -> bool {
        let Ok(tokens) = tokens(Engine::Postgres, sql) else {
            return false;
        };
        let tokens: Vec<Token> = tokens.into_iter().map(|token| token.token).collect();
        let tokens: Vec<&Token> = tokens.iter().filter(|t| !is_blank(t)).collect();
        let is_said = |place: usize| {
            let after = tokens.get(place + 2..).unwrap_or_default();
            is_name(tokens[place], &self.schema)
                && tokens.get(place + 1) == Some(&&Token::Period)
                && match self.kind {
                    Kind::Operator => operator(after) == self.name,
                    _ => after.first().is_some_and(|name| is_name(name, &self.name)),
                }
        };
        (0..tokens.len()).any(is_said)
    }

    /// Whether words that somebody wrote name it, with its schema or without.
    pub(crate) fn is_named_in(&self, sql: &str) -> bool {
        let Ok(tokens) = tokens(Engine::Postgres, sql) else {
            return false;
        };
        match self.kind {
            Kind::Operator => self.is_said_in(sql),
            _ => tokens.iter().any(|token| is_name(&token.token, &self.name)),
        }
    }
}

fn is_blank(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_))
}

fn is_name(token: &Token, name: &str) -> bool {
    match token {
        Token::Word(Word {
            value,
            quote_style: None,
            ..
        }) => value.to_lowercase() == name,
        Token::Word(Word { value, .. }) => value == name,
        _ => false,
    }
}

/// What stands before the parenthesis that ends `OPERATOR(public.>=)`.
fn operator(tokens: &[&Token]) -> String {
    let name = tokens.iter().take_while(|token| ***token != Token::RParen);
    name.map(ToString::to_string).collect()
}
