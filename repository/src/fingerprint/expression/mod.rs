//! SQL expressions, compared by what they say and not by how they are spelled.
//!
//! Parsed by `sqlparser`: Postgres prints back what it stored, with casts, parentheses and aliases of its
//! own, and no pattern over text tells `(a OR b) AND c` from `a OR (b AND c)`.

mod ambiguous;
mod askable;
mod build;
pub(crate) mod names;
mod node;
mod opaque;
mod resolve;
mod sqlite;
mod uses;

use std::fmt;

use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{Dialect, PostgreSqlDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError};

pub(crate) use askable::can_be_asked;
pub(crate) use node::Node;
pub(crate) use resolve::Names;
pub(crate) use uses::{Kind, Use};

use crate::model::engine::Engine;

/// An expression: how it is written, and what it says. Two are equal if they say the same.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    sql: String,
    node: Node,
    is_condition: bool,
    /// What it uses that somebody made, as Postgres tells.
    uses: Vec<Use>,
    /// What a row has shown of it, beside the one that is wanted.
    shown: Option<Shown>,
}

/// What a row shows that one condition takes and the other refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It takes what should be refused.
    Weaker,
    /// It refuses what should be taken.
    Stronger,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Eq for Expression {}

impl Expression {
    /// A condition: what a check, a predicate or a policy says. What the parser does not know is equal only to
    /// its own text.
    pub(crate) fn condition(engine: Engine, sql: &str) -> Self {
        Expression {
            sql: sql.to_owned(),
            node: parse(engine, sql).settled(),
            is_condition: true,
            uses: Vec::new(),
            shown: None,
        }
    }

    /// A value: a default, or what an index sorts by.
    pub(crate) fn scalar(engine: Engine, sql: &str) -> Self {
        Expression {
            sql: sql.to_owned(),
            node: parse(engine, sql),
            is_condition: false,
            uses: Vec::new(),
            shown: None,
        }
    }

    /// The same, knowing what it uses. What its text does not say makes it another expression than any that is written.
    pub(crate) fn using(mut self, uses: Vec<Use>) -> Self {
        self.uses = uses;
        self.node = self.with_hidden(self.node.clone());
        self
    }

    fn with_hidden(&self, node: Node) -> Node {
        let hidden = self.hidden();
        hidden.fold(node, |node, one| {
            Node::Operator(format!("uses {}", one.said), vec![node])
        })
    }

    fn hidden(&self) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(|one| one.is_hidden)
    }

    /// What it uses that somebody made.
    pub(crate) fn uses(&self) -> &[Use] {
        &self.uses
    }

    /// What it uses that somebody made, and that the other does not name.
    pub(crate) fn strange_to(&self, other: &Expression) -> Option<&Use> {
        let is_strange = |one: &&Use| one.is_hidden || !one.is_named_in(&other.sql);
        self.uses.iter().find(is_strange)
    }

    /// Takes the names in it for what they are in that table.
    pub(crate) fn resolve(&mut self, names: &Names<'_>) {
        let Some(node) = names.node(&self.sql) else {
            return;
        };
        let node = match self.is_condition {
            true => names.settled(node.settled()),
            false => node,
        };
        self.node = self.with_hidden(node);
    }

    pub(crate) fn shown(&self) -> Option<Shown> {
        self.shown
    }

    pub(crate) fn show(&mut self, shown: Option<Shown>) {
        self.shown = shown;
    }

    /// A value of that type: a literal needs no cast to it.
    pub(crate) fn of_type(mut self, ty: &str) -> Self {
        if let Node::Cast(inner, cast) = &self.node
            && cast == ty
            && matches!(**inner, Node::Text(_))
        {
            self.node = (**inner).clone();
        }
        self
    }

    /// As it was written.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// What it says, in the form that is compared.
    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// Whether the other holds wherever this one does, as far as can be told: by equal parts, narrower bounds
    /// and shorter lists.
    pub(crate) fn implies(&self, other: &Expression) -> bool {
        self.node.implies(&other.node)
    }

    /// Whether it is about the column.
    pub(crate) fn is_about(&self, engine: Engine, column: &str) -> bool {
        names::are_about(engine, &self.sql, column)
    }

    /// Both at once.
    pub(crate) fn and(&self, other: &Expression) -> Self {
        Expression {
            sql: format!("({}) AND ({})", self.sql, other.sql),
            node: Node::all([self.node.clone(), other.node.clone()]),
            is_condition: true,
            uses: Vec::new(),
            shown: None,
        }
    }

    /// The same of a column that has another name.
    pub(crate) fn renamed(&self, engine: Engine, from: &str, to: &str) -> Self {
        Expression {
            sql: names::renamed(engine, &self.sql, from, to),
            node: match engine {
                Engine::Sqlite => {
                    let fold = str::to_ascii_lowercase;
                    self.node.renamed(&fold(from), &fold(to))
                }
                Engine::Postgres => self.node.renamed(from, to),
            },
            is_condition: self.is_condition,
            uses: self.uses.clone(),
            shown: self.shown,
        }
    }
}

impl fmt::Display for Expression {
    /// As it was written; what it hides is a comment behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql)?;
        let hidden: Vec<&str> = self.hidden().map(|one| one.said.as_str()).collect();
        match hidden.is_empty() {
            true => Ok(()),
            false => {
                let hidden = hidden.join(", ").replace(['*', '\n'], " ");
                write!(f, " /* by {hidden} */")
            }
        }
    }
}

/// What the engines read in two ways of a condition that is meant for both; the first, where there is one.
pub(crate) fn read_in_two_ways(sql: &str) -> Option<String> {
    ambiguous::in_both(sql)
}

/// What reads the engine's SQL.
fn dialect(engine: Engine) -> &'static dyn Dialect {
    match engine {
        Engine::Sqlite => &sqlite::Sqlite,
        Engine::Postgres => &PostgreSqlDialect {},
    }
}

fn parse(engine: Engine, sql: &str) -> Node {
    match read(engine, sql) {
        Ok(expression) => build::node(engine, &expression),
        Err(_) => Node::Opaque(sql.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}

/// The tokens of a text. The parser takes `0xff`, a number, for `X'ff'`, a byte.
pub(crate) fn tokens(engine: Engine, sql: &str) -> Result<Vec<TokenWithSpan>, TokenizerError> {
    let mut tokens = Tokenizer::new(dialect(engine), sql).tokenize_with_location()?;
    let lines: Vec<&str> = sql.split('\n').collect();
    for token in &mut tokens {
        let Token::HexStringLiteral(digits) = &token.token else {
            continue;
        };
        let Location { line, column } = token.span.start;
        let line = line
            .checked_sub(1)
            .and_then(|line| lines.get(line as usize));
        let first = line.and_then(|line| line.chars().nth((column as usize).saturating_sub(1)));
        // 64 bits, the first of which is the sign (<https://sqlite.org/lang_expr.html#hexint>).
        if let (Some('0'), Ok(bits)) = (first, u64::from_str_radix(digits, 16)) {
            token.token = Token::Number(bits.cast_signed().to_string(), false);
        }
    }
    Ok(tokens)
}

/// The first statement of SQLite's that the tokens are.
pub(crate) fn statement(tokens: Vec<TokenWithSpan>) -> Result<Statement, ParserError> {
    let mut parser = Parser::new(dialect(Engine::Sqlite)).with_tokens_with_locations(tokens);
    let first = parser.parse_statements()?.into_iter().next();
    first.ok_or_else(|| ParserError::ParserError("it is empty".to_owned()))
}

fn read(engine: Engine, sql: &str) -> Result<Expr, ParserError> {
    let tokens =
        tokens(engine, sql).map_err(|error| ParserError::TokenizerError(error.to_string()))?;
    let mut parser = Parser::new(dialect(engine)).with_tokens_with_locations(tokens);
    let expression = parser.parse_expr()?;
    // Half an expression is none.
    parser.expect_token(&Token::EOF)?;
    Ok(expression)
}

#[cfg(test)]
mod tests;
