use std::any::TypeId;

use sqlparser::ast::{Expr, Statement, UnaryOperator};
use sqlparser::dialect::{Dialect, Precedence, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// SQLite's grammar where `sqlparser` differs: `a IS b`, `a NOT GLOB b`, shifts, and the precedence of operators
/// (<https://sqlite.org/lang_expr.html#operators_and_parse_affecting_attributes>).
#[derive(Debug)]
pub(crate) struct Sqlite;

/// `*`, `/`, `%` bind less than `||`, which binds less than a sign.
const PRODUCT: u8 = 40;
const CONCATENATION: u8 = 45;
const SIGN: u8 = 46;
/// `<`, `<=`, `>`, `>=` bind more than `=` and `IS`.
const ORDER: u8 = 21;
const EQUALITY: u8 = 20;
const BITS: u8 = 23;

impl Dialect for Sqlite {
    fn dialect(&self) -> TypeId {
        SQLiteDialect {}.dialect()
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Between | Precedence::Eq | Precedence::Like | Precedence::Is => EQUALITY,
            // The parser uses this precedence for a sign.
            Precedence::MulDivModOp => SIGN,
            other => SQLiteDialect {}.prec_value(other),
        }
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let precedence = match parser.peek_token_ref().token {
            Token::Lt | Token::LtEq | Token::Gt | Token::GtEq => ORDER,
            Token::Ampersand | Token::Pipe | Token::ShiftLeft | Token::ShiftRight => BITS,
            Token::Mul | Token::Div | Token::Mod => PRODUCT,
            Token::StringConcat | Token::Arrow | Token::LongArrow => CONCATENATION,
            ref token if is_null(token) => EQUALITY,
            _ => return None,
        };
        Some(Ok(precedence))
    }

    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        left: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        if is_null(&parser.peek_token_ref().token) {
            parser.next_token();
            return Some(Ok(Expr::IsNull(Box::new(left.clone()))));
        }
        if parser.peek_keyword(Keyword::IS) {
            return is(parser, left, precedence);
        }
        let is_matched =
            |word: &Token| matches!(word, Token::Word(word) if MATCHES.contains(&word.keyword));
        if parser.peek_keyword(Keyword::NOT) && is_matched(&parser.peek_nth_token_ref(1).token) {
            parser.next_token();
            let matched = SQLiteDialect {}.parse_infix(parser, left, precedence)?;
            // In parentheses, since a prefix NOT would bind less.
            return Some(matched.map(|matched| {
                let expr = Box::new(matched);
                let op = UnaryOperator::Not;
                Expr::Nested(Box::new(Expr::UnaryOp { op, expr }))
            }));
        }
        SQLiteDialect {}.parse_infix(parser, left, precedence)
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        SQLiteDialect {}.is_delimited_identifier_start(ch)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        SQLiteDialect {}.identifier_quote_style(identifier)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        SQLiteDialect {}.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        SQLiteDialect {}.is_identifier_part(ch)
    }

    fn parse_statement(&self, parser: &mut Parser<'_>) -> Option<Result<Statement, ParserError>> {
        SQLiteDialect {}.parse_statement(parser)
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        SQLiteDialect {}.supports_filter_during_aggregation()
    }

    fn supports_in_empty_list(&self) -> bool {
        SQLiteDialect {}.supports_in_empty_list()
    }

    fn supports_asc_desc_in_column_definition(&self) -> bool {
        SQLiteDialect {}.supports_asc_desc_in_column_definition()
    }

    fn supports_notnull_operator(&self) -> bool {
        SQLiteDialect {}.supports_notnull_operator()
    }

    fn supports_comma_separated_trim(&self) -> bool {
        SQLiteDialect {}.supports_comma_separated_trim()
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        SQLiteDialect {}.supports_numeric_literal_underscores()
    }
}

const MATCHES: [Keyword; 3] = [Keyword::GLOB, Keyword::MATCH, Keyword::REGEXP];

/// `ISNULL`, which is no keyword of the parser.
fn is_null(token: &Token) -> bool {
    matches!(token, Token::Word(word)
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("isnull"))
}

/// `left IS right` with an expression on the right; the parser itself reads `IS NULL`, `IS TRUE` and others.
fn is(parser: &mut Parser<'_>, left: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
    let negated = matches!(
        &parser.peek_nth_token_ref(1).token,
        Token::Word(word) if word.keyword == Keyword::NOT
    );
    let known = [
        Keyword::NULL,
        Keyword::TRUE,
        Keyword::FALSE,
        Keyword::DISTINCT,
    ];
    if matches!(
        &parser.peek_nth_token_ref(1 + usize::from(negated)).token,
        Token::Word(word) if known.contains(&word.keyword)
    ) {
        return None;
    }
    parser.next_token();
    if negated {
        parser.next_token();
    }
    let right = parser.parse_subexpr(precedence).map(Box::new);
    let left = Box::new(left.clone());
    Some(right.map(|right| match negated {
        true => Expr::IsDistinctFrom(left, right),
        false => Expr::IsNotDistinctFrom(left, right),
    }))
}
