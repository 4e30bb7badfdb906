//! The user-defined objects that an expression of Postgres uses.

use sqlparser::tokenizer::{Token, Word};

use super::tokens;
use crate::model::engine::Engine;

/// A user-defined function, operator, type or relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) kind: Kind,
    pub(crate) schema: String,
    pub(crate) name: String,
    /// Its name as Postgres prints it: `public.evil(text)`.
    pub(crate) printed: String,
    /// Whether it is in the checked schema and Postgres has no built-in object of its kind and name. Its name is then
    /// unambiguous without the schema.
    pub(crate) is_unambiguous: bool,
    /// Whether the printed expression does not name it.
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
    /// Searches the expressions as printed with `pg_catalog` alone on the search path. Postgres prints no function for
    /// a cast, and no operator for `NULLIF`, `IS DISTINCT FROM` and `CASE x WHEN`.
    pub(crate) fn look_in<'s>(&mut self, mut printed: impl Iterator<Item = &'s str>) {
        // A relation may be named by a text: nextval('s').
        self.is_hidden = self.kind != Kind::Relation && !printed.any(|sql| self.is_said_in(sql));
    }

    /// Whether the text names it with its schema.
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

    /// Whether a written text names it, with or without its schema.
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

/// The operator before the closing parenthesis of `OPERATOR(public.>=)`.
fn operator(tokens: &[&Token]) -> String {
    let name = tokens.iter().take_while(|token| ***token != Token::RParen);
    name.map(ToString::to_string).collect()
}
