//! Custom SQL of the application, tokenised once for all checks.

mod control;
pub(super) mod lexer;
#[cfg(feature = "migrate")]
mod script;
mod star;

pub(crate) use control::Trace;
#[cfg(all(feature = "migrate", feature = "sqlite"))]
pub(crate) use script::RESTORED_PRAGMAS;
#[cfg(all(feature = "migrate", feature = "postgres"))]
pub(crate) use script::Rebuilt;
#[cfg(feature = "migrate")]
pub(crate) use script::{IndexWork, Part, Piece, Pieces, calls, text};

use crate::model::engine::Engine;
use lexer::{Lexer, Token};

/// The tokens of custom SQL. `control` checks what it may do, `star` finds `*`, and `parameters` counts parameters.
pub(crate) struct CustomSql<'s> {
    engine: Engine,
    tokens: Vec<Token<'s>>,
}

impl<'s> CustomSql<'s> {
    pub(crate) fn read(engine: Engine, sql: &'s str) -> Self {
        CustomSql {
            engine,
            tokens: Lexer::new(engine, sql).collect(),
        }
    }

    /// The number of values to bind: the highest number of a parameter, or the count of parameters without a number.
    ///
    /// # Errors
    /// The first parameter that has a name or the number 0. The drivers support neither.
    pub(crate) fn parameters(&self) -> Result<usize, &'s str> {
        let mut highest = 0;
        let mut unnumbered = 0;
        for token in &self.tokens {
            match *token {
                Token::Parameter("?") => unnumbered += 1,
                Token::Parameter(parameter) => match parameter[1..].parse::<usize>() {
                    Ok(number) if number > 0 && !parameter.starts_with([':', '@', '#']) => {
                        highest = highest.max(number);
                    }
                    _ => return Err(parameter),
                },
                _ => {}
            }
        }
        Ok(highest.max(unnumbered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_custom_sql_are_counted_by_their_highest_number() {
        for (sql, postgres, sqlite) in [
            ("SELECT '$1 ?', \"?\" -- ? $1", Ok(0), Ok(0)),
            ("SELECT ?, ?", Ok(0), Ok(2)),
            ("SELECT ?2, ?1, ?2", Ok(0), Ok(2)),
            ("SELECT $1, $3::text, $1", Ok(3), Ok(3)),
            ("SELECT a ? 'b' AND $1", Ok(1), Ok(1)),
            ("SELECT $0", Err("$0"), Err("$0")),
            ("SELECT :name", Ok(0), Err(":name")),
            ("SELECT @1", Ok(0), Err("@1")),
            ("SELECT $1(2)", Ok(1), Err("$1(2)")),
        ] {
            assert_eq!(
                CustomSql::read(Engine::Postgres, sql).parameters(),
                postgres,
                "{sql}"
            );
            // SQLite reads a cast as the name of a parameter.
            if !sql.contains("::") {
                assert_eq!(
                    CustomSql::read(Engine::Sqlite, sql).parameters(),
                    sqlite,
                    "{sql}"
                );
            }
        }
    }
}
