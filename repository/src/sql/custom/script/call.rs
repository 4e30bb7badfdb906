//! Calls of functions and procedures in a schema: `catamaran_v1.uuid(id)`, `CALL catamaran_v1.a(b)`.

use std::ops::Range;

use crate::model::engine::Engine;
use crate::sql::custom::lexer::{Lexer, Token};

/// A call of a function or procedure that is named with its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call<'s> {
    /// The bytes of the call in the text, with the word `CALL`.
    pub(crate) span: Range<usize>,
    /// Whether it is `CALL`, a statement.
    pub(crate) is_statement: bool,
    /// The schema, in lower case.
    pub(crate) schema: String,
    /// The function, in lower case.
    pub(crate) function: String,
    /// The texts of the arguments.
    pub(crate) arguments: Vec<&'s str>,
}

/// The calls in a text, from left to right, without those in the arguments of another. Literals, comments and names in
/// quotes have none.
pub(crate) fn calls(engine: Engine, sql: &str) -> Vec<Call<'_>> {
    let mut lexer = Lexer::of_files(engine, sql);
    let mut tokens: Vec<(Token<'_>, Range<usize>)> = Vec::new();
    loop {
        let start = sql.len() - lexer.next_text().len();
        let Some(token) = lexer.next() else { break };
        tokens.push((token, start..sql.len() - lexer.rest().len()));
    }
    let mut calls = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match call(sql, &tokens[at..]) {
            Some((call, length)) => {
                calls.push(call);
                at += length;
            }
            None => at += 1,
        }
    }
    calls
}

/// The call that the tokens begin with, and the number of its tokens.
fn call<'s>(sql: &'s str, tokens: &[(Token<'_>, Range<usize>)]) -> Option<(Call<'s>, usize)> {
    let (is_statement, start) = match tokens.first()? {
        (Token::Word(word), span) => (word == "call", span.start),
        _ => return None,
    };
    let [
        (Token::Word(schema), _),
        (Token::Other('.'), _),
        (Token::Word(function), _),
        (Token::Other('('), _),
        rest @ ..,
    ] = &tokens[usize::from(is_statement)..]
    else {
        return None;
    };
    let mut arguments = Vec::new();
    let mut argument: Option<Range<usize>> = None;
    let mut depth = 0_usize;
    for (index, (token, span)) in rest.iter().enumerate() {
        match token {
            Token::Other(')') if depth == 0 => {
                arguments.extend(argument.map(|range| &sql[range]));
                let call = Call {
                    span: start..span.end,
                    is_statement,
                    schema: schema.to_string(),
                    function: function.to_string(),
                    arguments,
                };
                let before = 4 + usize::from(is_statement);
                return Some((call, before + index + 1));
            }
            Token::Other(',') if depth == 0 => {
                arguments.push(argument.take().map_or("", |range| &sql[range]));
                continue;
            }
            Token::Other('(') => depth += 1,
            Token::Other(')') => depth -= 1,
            _ => {}
        }
        let start = argument.map_or(span.start, |range| range.start);
        argument = Some(start..span.end);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_outside_of_literals_and_comments_are_found_with_their_arguments() {
        let sql = "CHECK (a.B( x,\"y,)\", f(1, 2) )) -- a.c(1)\n AND 'a.d(1)' = a.e() OR f(1)";
        for engine in Engine::ALL {
            let found = calls(engine, sql);
            let texts: Vec<&str> = found.iter().map(|call| &sql[call.span.clone()]).collect();
            assert_eq!(texts, ["a.B( x,\"y,)\", f(1, 2) )", "a.e()"], "{engine}");
            assert_eq!(found[0].function, "b");
            assert_eq!(found[0].arguments, ["x", "\"y,)\"", "f(1, 2)"]);
            assert_eq!(found[1].arguments, [""; 0]);
        }
        let statement = &calls(Engine::Postgres, "call a.b(c); a.d()")[0];
        assert_eq!(
            (statement.span.clone(), statement.is_statement),
            (0..11, true)
        );
        assert_eq!(calls(Engine::Postgres, "DO $$ a.b(1) $$"), []);
        assert_eq!(calls(Engine::Sqlite, "a.b(1"), []);
    }
}
