//! SQL expressions, compared by what they say and not by how they are spelled.
//!
//! Parsed by `sqlparser`: Postgres prints back what it stored, with casts, parentheses and aliases of its
//! own, and no pattern over text tells `(a OR b) AND c` from `a OR (b AND c)`.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;

use catamaran::Engine;
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Ident, ObjectNamePart, Select, SelectItem,
    UnaryOperator, Value, VisitMut, VisitorMut,
};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

/// What holds: every one of some parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition(BTreeSet<Conjunct>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Conjunct {
    text: String,
    /// `(column, is a lower bound, value)` of a comparison with a whole number.
    bound: Option<(String, bool, i64)>,
}

impl Condition {
    /// Reads a condition. What the parser does not know is kept as text, equal only to itself.
    pub fn parse(engine: Engine, sql: &str) -> Self {
        let mut parts = BTreeSet::new();
        match normalised(engine, sql) {
            Some(expression) => conjuncts(&expression, &mut parts),
            None => {
                let text = format!("(not understood) {sql}");
                parts.insert(Conjunct { text, bound: None });
            }
        }
        Condition(parts)
    }

    /// Whether all of the other's parts hold where this one does, as far as equal parts and narrower bounds tell.
    pub fn implies(&self, other: &Condition) -> bool {
        other
            .0
            .iter()
            .all(|theirs| self.0.iter().any(|mine| mine.implies(theirs)))
    }
}

impl Conjunct {
    fn implies(&self, other: &Conjunct) -> bool {
        let narrower = match (&self.bound, &other.bound) {
            (Some((a, true, mine)), Some((b, true, theirs))) => a == b && mine >= theirs,
            (Some((a, false, mine)), Some((b, false, theirs))) => a == b && mine <= theirs,
            _ => false,
        };
        narrower || self.text == other.text
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = self.0.iter().map(|part| part.text.as_str()).collect();
        f.write_str(&parts.join(" AND "))
    }
}

/// A default in one spelling: `'local'`, `0`, `false`.
pub fn scalar(engine: Engine, sql: &str) -> String {
    normalised(engine, sql).map_or_else(|| sql.to_owned(), |expression| expression.to_string())
}

/// What reads the engine's SQL.
pub fn dialect(engine: Engine) -> &'static dyn Dialect {
    match engine {
        Engine::Sqlite => &SQLiteDialect {},
        Engine::Postgres => &PostgreSqlDialect {},
    }
}

fn normalised(engine: Engine, sql: &str) -> Option<Expr> {
    let mut parser = Parser::new(dialect(engine)).try_with_sql(sql).ok()?;
    let mut expression = parser.parse_expr().ok()?;
    // Half an expression is none.
    parser
        .expect_token(&sqlparser::tokenizer::Token::EOF)
        .ok()?;
    let _ = expression.visit(&mut Normaliser);
    Some(expression)
}

fn conjuncts(expression: &Expr, into: &mut BTreeSet<Conjunct>) {
    match expression {
        Expr::Nested(inner) => conjuncts(inner, into),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            conjuncts(left, into);
            conjuncts(right, into);
        }
        other => {
            into.insert(Conjunct {
                text: other.to_string(),
                bound: bound(other),
            });
        }
    }
}

fn bound(expression: &Expr) -> Option<(String, bool, i64)> {
    let Expr::BinaryOp { left, op, right } = expression else {
        return None;
    };
    let lower = match op {
        BinaryOperator::GtEq => true,
        BinaryOperator::LtEq => false,
        _ => return None,
    };
    match (&**left, &**right) {
        (Expr::Identifier(column), Expr::Value(value)) => match &value.value {
            Value::Number(number, _) => Some((column.value.clone(), lower, number.parse().ok()?)),
            _ => None,
        },
        _ => None,
    }
}

/// Takes away what an engine adds or a writer may leave out, and puts parentheses around every operator.
struct Normaliser;

impl VisitorMut for Normaliser {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(ident) => plain(ident),
            Expr::Function(function) => {
                for part in &mut function.name.0 {
                    if let ObjectNamePart::Identifier(ident) = part {
                        plain(ident);
                    }
                }
            }
            Expr::Nested(inner) => *expression = (**inner).clone(),
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr,
            } => {
                if let Some(number) = number_of(expr) {
                    *expression = Expr::value(Value::Number(format!("-{number}"), false));
                }
            }
            Expr::Cast {
                kind,
                expr,
                data_type,
                ..
            } => match literal_of(expr) {
                Some(literal) => {
                    if let Some(value) = uncast(literal, data_type) {
                        *expression = Expr::value(value);
                    }
                }
                None => *kind = CastKind::DoubleColon,
            },
            Expr::Between {
                expr,
                negated: false,
                low,
                high,
            } => {
                let from = binary(expr.clone(), BinaryOperator::GtEq, low.clone());
                let to = binary(expr.clone(), BinaryOperator::LtEq, high.clone());
                *expression = binary(Box::new(from), BinaryOperator::And, Box::new(to));
            }
            Expr::BinaryOp { left, op, right } => {
                *expression =
                    Expr::Nested(Box::new(binary(left.clone(), op.clone(), right.clone())));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            if let SelectItem::ExprWithAlias { expr, .. } = item {
                *item = SelectItem::UnnamedExpr(expr.clone());
            }
        }
        ControlFlow::Continue(())
    }
}

fn plain(ident: &mut Ident) {
    match ident.quote_style.take() {
        Some(_) => {}
        None => ident.value = ident.value.to_lowercase(),
    }
}

fn binary(left: Box<Expr>, op: BinaryOperator, right: Box<Expr>) -> Expr {
    Expr::BinaryOp { left, op, right }
}

fn literal_of(expression: &Expr) -> Option<&Value> {
    match expression {
        Expr::Value(value) => Some(&value.value),
        _ => None,
    }
}

fn number_of(expression: &Expr) -> Option<&str> {
    match literal_of(expression)? {
        Value::Number(number, _) => Some(number),
        _ => None,
    }
}

/// The literal without the type that Postgres prints after it, where nothing is lost by that.
fn uncast(literal: &Value, ty: &DataType) -> Option<Value> {
    match (literal, ty) {
        (Value::SingleQuotedString(text), DataType::Integer(_) | DataType::BigInt(_)) => {
            Some(Value::Number(text.clone(), false))
        }
        (
            Value::SingleQuotedString(_),
            DataType::Text | DataType::Date | DataType::Timestamp(..),
        ) => Some(literal.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(sql: &str) -> Condition {
        Condition::parse(Engine::Postgres, sql)
    }

    #[test]
    fn what_postgres_prints_back_is_what_was_written() {
        for (written, printed) in [
            ("deleted_at IS NULL", "(deleted_at IS NULL)"),
            (
                "user_id = (SELECT nullif(current_setting('a', true), '')::uuid)",
                "(user_id = ( SELECT (NULLIF(current_setting('a'::text, true), ''::text))::uuid AS \"nullif\"))",
            ),
            ("n BETWEEN -1 AND 7", "((n >= '-1'::integer) AND (n <= 7))"),
            ("a AND (b OR c)", "(((b OR c)) AND a)"),
        ] {
            assert_eq!(postgres(written), postgres(printed));
        }
        assert_eq!(scalar(Engine::Postgres, "'local'::text"), "'local'");
        assert_eq!(scalar(Engine::Postgres, "'0'::bigint"), "0");
    }

    #[test]
    fn what_means_something_else_differs() {
        for (one, other) in [
            ("(a OR b) AND c", "a OR (b AND c)"),
            ("a = 'X'", "a = 'x'"),
            ("a IS NULL", "a IS NOT NULL"),
            ("a = b::uuid", "a = b"),
            ("a = b", "a = b OR true"),
        ] {
            assert_ne!(postgres(one), postgres(other));
        }
    }

    #[test]
    fn a_narrower_condition_implies_a_wider_one() {
        let int = postgres("n BETWEEN -2147483648 AND 2147483647");
        assert!(postgres("n BETWEEN 1 AND 127").implies(&int));
        assert!(postgres("n >= 1 AND n <= 127 AND n <> 5").implies(&int));
        assert!(!postgres("n >= 1").implies(&int));
        assert!(!postgres("m BETWEEN 1 AND 127").implies(&int));
        assert!(!postgres("n BETWEEN 1 AND 127 OR true").implies(&int));
    }
}
