//! Columns that are not named.

use crate::engine::Engine;

use super::lexer::{Lexer, Token};

/// Whether the text selects or returns `*`.
///
/// Rows are read by position, and a driver keeps a statement with the columns that it had at first: after a
/// migration by another process a `*` would give other columns than were asked for.
pub(crate) fn has_star(engine: Engine, sql: &str) -> bool {
    let mut introduced = false;
    for token in Lexer::new(engine, sql) {
        if introduced && token == Token::Other('*') {
            return true;
        }
        introduced = match &token {
            Token::Word(word) => {
                ["select", "distinct", "all", "returning"].contains(&word.as_ref())
            }
            token => matches!(token, Token::Other(',' | '.')),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_told_from_a_product_a_count_and_a_text() {
        for (sql, star) in [
            ("SELECT * FROM habits", true),
            ("select distinct\n * from habits", true),
            ("SELECT id, h.* FROM habits AS h", true),
            ("SELECT `h`.* FROM habits AS h", true),
            ("UPDATE habits SET name = 'a' RETURNING *", true),
            ("SELECT /* all */ * FROM habits", true),
            (
                "SELECT count(*), amount * 2, 'SELECT * FROM' FROM habits -- SELECT *",
                false,
            ),
            ("SELECT (a + b) * c FROM t", false),
            ("SELECT 'it''s', 3 * 4", false),
            ("SELECT 'open", false),
            ("", false),
        ] {
            // Backticks quote a name on SQLite alone.
            for engine in Engine::ALL {
                if engine == Engine::Sqlite || !sql.contains('`') {
                    assert_eq!(has_star(engine, sql), star, "{engine}: {sql}");
                }
            }
        }
    }
}
