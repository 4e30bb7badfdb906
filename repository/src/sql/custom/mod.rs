//! SQL of the application's own, read once for everything that is asked about it.

mod control;
mod lexer;
mod star;

pub(crate) use control::Trace;
#[cfg(feature = "migrate")]
pub(crate) use control::leading_control;

use crate::model::engine::Engine;
use lexer::{Lexer, Token};

/// A text of the application's own. What may not stand in it is told in `control`, what stands for columns in
/// `star`, what takes values in `parameters`.
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

    /// How many values its parameters take: as many as the highest number says, or as there are parameters
    /// without one.
    ///
    /// # Errors
    /// The first parameter that has a name, or the number 0: the drivers know neither.
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
    fn parameters_are_counted_by_their_highest_number() {
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
            // A cast is a name to SQLite.
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
