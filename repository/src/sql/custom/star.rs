//! Finds `*` in custom SQL.

use super::CustomSql;
use super::lexer::Token;

/// First words of statements in which `TABLE t` means `SELECT * FROM t`. In others it is a kind of object.
const ROW_STATEMENTS: [&str; 8] = [
    "select", "with", "insert", "update", "delete", "merge", "values", "table",
];

impl CustomSql<'_> {
    /// Whether the statement selects or returns `*`, or contains a `TABLE` query, which means the same.
    ///
    /// Rows are read by position, and a driver caches a statement with its columns. After a migration by another
    /// process, a `*` could return other columns than the code expects.
    pub(crate) fn has_star(&self) -> bool {
        let opens = |token: &Token<'_>| matches!(token, Token::Semicolon | Token::Other('('));
        let begin = self.tokens.iter().position(|token| !opens(token));
        let tokens = &self.tokens[begin.unwrap_or(self.tokens.len())..];
        let is = |at: Option<usize>, wanted: &[&str]| {
            let token = at.and_then(|at| tokens.get(at));
            matches!(token, Some(Token::Word(word)) if wanted.contains(&word.as_ref()))
        };
        let reads_rows = is(Some(0), &ROW_STATEMENTS);
        let mut starts_column = false;
        // For each open parenthesis: whether it starts the list of a DISTINCT ON.
        let mut lists = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            starts_column = match token {
                Token::Other('*') if starts_column => return true,
                Token::Word(word) if reads_rows && word == "table" => return true,
                Token::Word(word) => {
                    ["select", "distinct", "all", "returning"].contains(&word.as_ref())
                }
                Token::Other('(') => {
                    lists.push(
                        is(at.checked_sub(1), &["on"]) && is(at.checked_sub(2), &["distinct"]),
                    );
                    false
                }
                Token::Other(')') => lists.pop().unwrap_or(false),
                token => matches!(token, Token::Other(',' | '.')),
            };
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::engine::Engine;

    #[test]
    fn a_star_is_distinguished_from_a_product_a_count_and_a_literal() {
        for (sql, star) in [
            ("SELECT * FROM habits", true),
            ("select distinct\n * from habits", true),
            ("SELECT id, h.* FROM habits AS h", true),
            ("SELECT `h`.* FROM habits AS h", true),
            ("UPDATE habits SET name = 'a' RETURNING *", true),
            ("SELECT /* all */ * FROM habits", true),
            ("SELECT DISTINCT ON (user_id, (name)) * FROM habits", true),
            ("TABLE habits", true),
            ("(TABLE habits)", true),
            ("SELECT id FROM a UNION ALL TABLE b", true),
            ("WITH a AS (TABLE b) SELECT id FROM a", true),
            ("SELECT DISTINCT ON (a * 2) (b) * c FROM t", false),
            ("CREATE TABLE t (a int)", false),
            ("LOCK TABLE t", false),
            ("SELECT \"table\" FROM t", false),
            (
                "SELECT count(*), amount * 2, 'SELECT * FROM' FROM habits -- SELECT *",
                false,
            ),
            ("SELECT (a + b) * c FROM t", false),
            ("SELECT 'it''s', 3 * 4", false),
            ("SELECT 'open", false),
            ("", false),
        ] {
            // Backticks quote a name only on SQLite.
            for engine in Engine::ALL {
                if engine == Engine::Sqlite || !sql.contains('`') {
                    assert_eq!(
                        CustomSql::read(engine, sql).has_star(),
                        star,
                        "{engine}: {sql}"
                    );
                }
            }
        }
    }
}
