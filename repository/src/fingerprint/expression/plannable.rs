//! Decides which expressions Postgres may plan.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, Visit, Visitor};
use sqlparser::tokenizer::{Token, Word};

use super::{Expression, build, read, tokens};
use crate::model::engine::Engine;

/// Keywords that begin a query.
const QUERIES: [&str; 4] = ["SELECT", "VALUES", "TABLE", "WITH"];

/// Whether it names nothing outside `pg_catalog`, and its plan contains all of it. A plan leaves out the collations of
/// columns, and the right side of a comparison with a subquery other than `(SELECT value)`.
pub(crate) fn can_be_planned(expression: &Expression) -> bool {
    let sql = expression.sql();
    if expression.uses().iter().any(|one| one.is_hidden) {
        return false;
    }
    let Ok(tokens) = tokens(Engine::Postgres, sql) else {
        return false;
    };
    let tokens: Vec<Token> = tokens.into_iter().map(|token| token.token).collect();
    let words = tokens.iter().filter_map(plain);
    let is_there = |wanted: &str| words.clone().any(|word| word.eq_ignore_ascii_case(wanted));
    let is_of_the_catalog = |before: &Token| plain(before) == Some("pg_catalog");
    let mut pairs = tokens.windows(2);
    let is_qualified = pairs.any(|pair| pair[1] == Token::Period && !is_of_the_catalog(&pair[0]));
    let has_queries = QUERIES.iter().any(|word| is_there(word));
    !is_qualified && !is_there("COLLATE") && (!has_queries || has_values_alone(sql))
}

/// An unquoted word.
fn plain(token: &Token) -> Option<&str> {
    match token {
        Token::Word(Word {
            value,
            quote_style: None,
            ..
        }) => Some(value),
        _ => None,
    }
}

fn has_values_alone(sql: &str) -> bool {
    let Ok(expression) = read(Engine::Postgres, sql) else {
        return false;
    };
    let mut queries = Queries::default();
    expression.visit(&mut queries).is_continue() && queries.all == queries.values
}

#[derive(Default)]
struct Queries {
    all: usize,
    values: usize,
}

impl Visitor for Queries {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.all += 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Subquery(query) if build::scalar_of(query).is_some() => self.values += 1,
            Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } if is_query(right) => {
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn is_query(expression: &Expr) -> bool {
    match expression {
        Expr::Nested(inner) => is_query(inner),
        other => matches!(other, Expr::Subquery(_)),
    }
}
