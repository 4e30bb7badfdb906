//! SQL expressions, compared by their meaning and not by their spelling.
//!
//! They are parsed by `sqlparser`. Postgres prints an expression with its own casts, parentheses and aliases, and no
//! text pattern can distinguish `(a OR b) AND c` from `a OR (b AND c)`.

mod ambiguous;
mod build;
pub(crate) mod names;
mod node;
mod opaque;
mod plannable;
mod resolve;
mod sqlite;
mod uses;

use std::fmt;

use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{Dialect, PostgreSqlDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError};

pub(crate) use node::Node;
pub(crate) use plannable::can_be_planned;
pub(crate) use resolve::Names;
pub(crate) use uses::{Kind, Use};

use crate::model::engine::Engine;

/// An expression: its SQL and its canonical form. Two are equal if their canonical forms are.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    sql: String,
    node: Node,
    is_condition: bool,
    /// The user-defined objects that it uses, as Postgres has recorded them.
    uses: Vec<Use>,
    /// The result of sample rows, compared with the wanted expression.
    sample_result: Option<SampleResult>,
}

/// How a sample row shows that two conditions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleResult {
    /// It accepts a row that the wanted one refuses.
    Weaker,
    /// It refuses a row that the wanted one accepts.
    Stronger,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Eq for Expression {}

/// The shortest form of a number that a column of this decimal type stores.
fn decimal(node: &Node, ty: &str) -> Option<String> {
    if !ty.starts_with("numeric") {
        return None;
    }
    let number = match node {
        Node::Number(number) => number,
        Node::Cast(inner, cast) if cast == "numeric" || cast == ty => match &**inner {
            Node::Number(number) | Node::Text(number) => number,
            _ => return None,
        },
        _ => return None,
    };
    let number: rust_decimal::Decimal = number.parse().ok()?;
    Some(number.normalize().to_string())
}

impl Expression {
    /// A condition of a check, a predicate or a policy. One that cannot be parsed is equal only to its own text.
    pub(crate) fn condition(engine: Engine, sql: &str) -> Self {
        Expression {
            sql: sql.to_owned(),
            node: parse(engine, sql).normalized(),
            is_condition: true,
            uses: Vec::new(),
            sample_result: None,
        }
    }

    /// A value: a default, or a key of an index.
    pub(crate) fn scalar(engine: Engine, sql: &str) -> Self {
        Expression {
            sql: sql.to_owned(),
            node: parse(engine, sql),
            is_condition: false,
            uses: Vec::new(),
            sample_result: None,
        }
    }

    /// Sets the objects that it uses. If its text does not name one of them, it is equal to no written expression.
    pub(crate) fn using(mut self, uses: Vec<Use>) -> Self {
        self.uses = uses;
        self.node = self.with_hidden(self.node.clone());
        self
    }

    fn with_hidden(&self, node: Node) -> Node {
        let hidden = self.hidden();
        hidden.fold(node, |node, one| {
            Node::Operator(format!("uses {}", one.printed), vec![node])
        })
    }

    fn hidden(&self) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(|one| one.is_hidden)
    }

    /// The user-defined objects that it uses.
    pub(crate) fn uses(&self) -> &[Use] {
        &self.uses
    }

    /// A user-defined object that it uses and that the other expression does not name.
    pub(crate) fn use_not_named_in(&self, other: &Expression) -> Option<&Use> {
        let is_not_named = |one: &&Use| one.is_hidden || !one.is_named_in(&other.sql);
        self.uses.iter().find(is_not_named)
    }

    /// Resolves its names against the columns and types of its table.
    pub(crate) fn resolve(&mut self, names: &Names<'_>) {
        let Some(node) = names.node(&self.sql) else {
            return;
        };
        let node = match self.is_condition {
            true => names.normalized(node.normalized()),
            false => node,
        };
        self.node = self.with_hidden(node);
    }

    pub(crate) fn sample_result(&self) -> Option<SampleResult> {
        self.sample_result
    }

    pub(crate) fn set_sample_result(&mut self, sample_result: Option<SampleResult>) {
        self.sample_result = sample_result;
    }

    /// The value as one of that type: a literal needs no cast to it, and a decimal number no zeros at its end.
    pub(crate) fn of_type(mut self, ty: &str) -> Self {
        if let Some(number) = decimal(&self.node, ty) {
            self.node = Node::Number(number);
        } else if let Node::Cast(inner, cast) = &self.node
            && cast == ty
            && matches!(**inner, Node::Text(_))
        {
            self.node = (**inner).clone();
        }
        self
    }

    /// The SQL as it was written.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// The canonical form.
    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// Whether the other holds wherever this one does. Derived from equal parts, narrower bounds and shorter lists;
    /// `false` if unknown.
    pub(crate) fn implies(&self, other: &Expression) -> bool {
        self.node.implies(&other.node)
    }

    /// Whether it names the column.
    pub(crate) fn mentions(&self, engine: Engine, column: &str) -> bool {
        names::mentions(engine, &self.sql, column)
    }

    /// The conjunction of both.
    pub(crate) fn and(&self, other: &Expression) -> Self {
        Expression {
            sql: format!("({}) AND ({})", self.sql, other.sql),
            node: Node::all([self.node.clone(), other.node.clone()]),
            is_condition: true,
            uses: Vec::new(),
            sample_result: None,
        }
    }

    /// The expression after the rename of a column.
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
            sample_result: self.sample_result,
        }
    }
}

impl fmt::Display for Expression {
    /// The SQL as it was written, with a comment for the objects that it does not name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql)?;
        let hidden: Vec<&str> = self.hidden().map(|one| one.printed.as_str()).collect();
        match hidden.is_empty() {
            true => Ok(()),
            false => {
                let hidden = hidden.join(", ").replace(['*', '\n'], " ");
                write!(f, " /* by {hidden} */")
            }
        }
    }
}

/// The first part of a condition that the engines evaluate differently, with the reason.
pub(crate) fn read_in_two_ways(sql: &str) -> Option<String> {
    ambiguous::in_both(sql)
}

/// The parser's dialect of an engine.
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

/// The tokens of a text, without white space and comments, and words in lower case without their quotes. The text itself
/// if it has no tokens of SQL.
pub(crate) fn words_and_symbols(engine: Engine, sql: &str) -> Vec<String> {
    let Ok(tokens) = tokens(engine, sql) else {
        return vec![sql.to_owned()];
    };
    let tokens = tokens.into_iter().filter_map(|token| match token.token {
        Token::Whitespace(_) => None,
        Token::Word(word) => Some(word.value.to_lowercase()),
        other => Some(other.to_string()),
    });
    tokens.collect()
}

/// The tokens of a text. The tokenizer reads `0xff`, a number of SQLite, as `X'ff'`, a byte; it becomes a number again.
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
        // 64 bits in two's complement (<https://sqlite.org/lang_expr.html#hexint>).
        if let (Some('0'), Ok(bits)) = (first, u64::from_str_radix(digits, 16)) {
            token.token = Token::Number(bits.cast_signed().to_string(), false);
        }
    }
    Ok(tokens)
}

/// The first statement of the tokens, in SQLite's dialect.
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
    // A valid prefix is not enough.
    parser.expect_token(&Token::EOF)?;
    Ok(expression)
}

#[cfg(test)]
mod tests;
