//! Columns that are not named.

/// Whether the text selects or returns `*`.
///
/// Rows are read by position, and a driver keeps a statement with the columns that it had at first: after a
/// migration by another process a `*` would give other columns than were asked for.
pub(crate) fn has_star(sql: &str) -> bool {
    let mut before = String::new();
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let token = match c {
            '\'' | '"' | '`' => quoted(rest, c),
            '-' if rest.starts_with("--") => {
                rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest.split_once("*/").map_or("", |(_, rest)| rest);
                continue;
            }
            c if c.is_whitespace() => {
                rest = rest.trim_start();
                continue;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                &rest[..end.unwrap_or(rest.len())]
            }
            c => &rest[..c.len_utf8()],
        };
        let introduces = ["SELECT", "DISTINCT", "ALL", "RETURNING", ",", "."];
        if token == "*" && introduces.contains(&before.as_str()) {
            return true;
        }
        before = token.to_ascii_uppercase();
        rest = &rest[token.len()..];
    }
    false
}

/// From the quote to the one that closes it; a doubled one is another quoted text beside it.
fn quoted(rest: &str, quote: char) -> &str {
    let inner = &rest[quote.len_utf8()..];
    let end = inner.find(quote).map_or(rest.len(), |end| end + 2);
    &rest[..end]
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
            assert_eq!(has_star(sql), star, "{sql}");
        }
    }
}
