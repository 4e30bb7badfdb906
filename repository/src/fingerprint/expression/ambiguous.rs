//! Finds SQL that both engines accept but evaluate differently.

use std::ops::ControlFlow;

use sqlparser::ast::{DataType, Expr, Value, Visit, Visitor};

use super::read;
use crate::model::engine::Engine;

/// Functions with the same name and different behaviour.
const FUNCTIONS: [(&str, &str); 8] = [
    ("current_timestamp", CLOCK),
    ("current_date", CLOCK),
    ("current_time", CLOCK),
    ("date", "SQLite's gives a text, Postgres's a date"),
    ("time", "SQLite's gives a text, Postgres's a time"),
    (
        "format",
        "SQLite's is printf, Postgres's supports %s, %I and %L",
    ),
    ("round", "SQLite rounds 2.5 to 3, Postgres a double to 2"),
    (
        "random",
        "SQLite's is a whole number, Postgres's between 0 and 1",
    ),
];

const CLOCK: &str = "SQLite's clock gives a text, Postgres's a point in time";

/// The first part of an expression that the engines evaluate differently, with the reason.
pub(crate) fn in_both(sql: &str) -> Option<String> {
    let expression = match read(Engine::Sqlite, sql) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("{sql}: it cannot be parsed: {error}")),
    };
    match expression.visit(&mut Finder) {
        ControlFlow::Break(found) => Some(found),
        ControlFlow::Continue(()) => None,
    }
}

struct Finder;

impl Visitor for Finder {
    type Break = String;

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<String> {
        let reason = match expression {
            Expr::Like {
                pattern,
                escape_char,
                ..
            } if !is_read_alike(pattern, escape_char.is_some()) => {
                "SQLite's LIKE ignores the case of ASCII letters, and \\ is no escape character"
            }
            Expr::Substring {
                substring_from: Some(from),
                ..
            } if !is_positive(from) => {
                "SQLite counts a negative start from the end, Postgres from before the text"
            }
            Expr::Cast {
                expr, data_type, ..
            } if !matches!(**expr, Expr::Value(_)) && !is_text(data_type) => {
                "SQLite reads a numeric prefix and truncates, Postgres rounds and refuses other texts"
            }
            Expr::Function(function) => {
                let name = function.name.to_string().to_lowercase();
                let known = FUNCTIONS.iter().find(|(known, _)| *known == name);
                match known {
                    Some((_, reason)) => reason,
                    None => return ControlFlow::Continue(()),
                }
            }
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break(format!("{expression}: {reason}"))
    }
}

fn is_read_alike(pattern: &Expr, is_escaped: bool) -> bool {
    let Expr::Value(value) = pattern else {
        return false;
    };
    match &value.value {
        Value::SingleQuotedString(text) => {
            let differs = |c: char| c.is_ascii_alphabetic() || c == '\\' && !is_escaped;
            !text.contains(differs)
        }
        _ => false,
    }
}

fn is_positive(number: &Expr) -> bool {
    match number {
        Expr::Value(value) => matches!(&value.value, Value::Number(number, _) if number != "0"),
        _ => false,
    }
}

fn is_text(ty: &DataType) -> bool {
    matches!(
        ty,
        DataType::Text | DataType::Varchar(_) | DataType::CharacterVarying(_)
    )
}
