//! Tokens of custom SQL, by the rules of the engine. The contents of literals and comments are no tokens.

use std::borrow::Cow;

use crate::model::engine::Engine;

/// A token of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sql) enum Token<'s> {
    /// A keyword or a name, in lower case.
    Word(Cow<'s, str>),
    /// A name in quotes, with its case.
    Quoted(Cow<'s, str>),
    /// A parameter: `?`, `?1`, `$1`, and on SQLite also `:name`, `@name`, `#name` and `$name`.
    Parameter(&'s str),
    /// The end of a statement.
    Semicolon,
    /// Anything else, by its first character: the quote of a literal, the first digit of a number.
    Other(char),
}

/// Reads the tokens of a text. On Postgres it assumes `standard_conforming_strings = on`, which each connection
/// asserts.
pub(in crate::sql) struct Lexer<'s> {
    rest: &'s str,
    engine: Engine,
    /// Whether a byte order mark between tokens is a space.
    skips_marks: bool,
    /// Whether the previous token is a literal with escapes. A literal directly after it continues it.
    after_escapes: bool,
}

impl<'s> Lexer<'s> {
    pub(in crate::sql) fn new(engine: Engine, sql: &'s str) -> Self {
        Lexer {
            rest: sql,
            engine,
            // As SQLite reads it. Postgres reads it as a letter.
            skips_marks: engine == Engine::Sqlite,
            after_escapes: false,
        }
    }

    /// The next token, and the length of its text in bytes.
    pub(in crate::sql) fn next_with_length(&mut self) -> Option<(Token<'s>, usize)> {
        self.skip_space_and_comments();
        let before = self.rest.len();
        let token = self.next()?;
        Some((token, before - self.rest.len()))
    }

    /// Reads the text of files, in which a byte order mark between tokens is a space on both engines.
    #[cfg(feature = "migrate")]
    pub(super) fn of_files(engine: Engine, sql: &'s str) -> Self {
        Lexer {
            skips_marks: true,
            ..Self::new(engine, sql)
        }
    }

    /// The text after the next spaces and comments, which are consumed.
    #[cfg(feature = "migrate")]
    pub(super) fn next_text(&mut self) -> &'s str {
        self.skip_space_and_comments();
        self.rest
    }

    /// Consumes this many bytes, whatever they are.
    #[cfg(feature = "migrate")]
    pub(super) fn consume(&mut self, bytes: usize) {
        self.take(bytes);
    }

    /// The text that is not yet consumed.
    #[cfg(feature = "migrate")]
    pub(super) fn rest(&self) -> &'s str {
        self.rest
    }

    fn is_postgres(&self) -> bool {
        self.engine == Engine::Postgres
    }

    /// Consumes a number of bytes.
    fn take(&mut self, bytes: usize) -> &'s str {
        let (taken, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Consumes the text up to and including `end`, or all of it if there is no end.
    fn take_past(&mut self, end: &str) {
        self.rest = match self.rest.find(end) {
            Some(at) => &self.rest[at + end.len()..],
            None => "",
        };
    }

    fn skip_space_and_comments(&mut self) {
        loop {
            // Both engines read the other spaces of Unicode as letters.
            self.rest = self
                .rest
                .trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
            if let Some(rest) = self.rest.strip_prefix('\u{feff}')
                && self.skips_marks
            {
                self.rest = rest;
            } else if self.rest.starts_with("--") {
                // On Postgres a carriage return ends a line as well.
                let ends: &[char] = if self.is_postgres() {
                    &['\n', '\r']
                } else {
                    &['\n']
                };
                self.rest = self.rest.find(ends).map_or("", |at| &self.rest[at..]);
            } else if self.rest.starts_with("/*") {
                self.skip_comment();
            } else {
                return;
            }
        }
    }

    /// Skips a comment. Comments nest on Postgres, and do not on SQLite.
    fn skip_comment(&mut self) {
        self.take(2);
        if !self.is_postgres() {
            return self.take_past("*/");
        }
        let mut depth = 1;
        while depth > 0 && !self.rest.is_empty() {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
            } else {
                let next = self.rest.chars().next().map_or(0, char::len_utf8);
                self.take(next);
            }
        }
    }

    /// Reads up to the closing quote. A doubled quote is part of the contents.
    fn quoted(&mut self, close: char, escapes: bool) -> Cow<'s, str> {
        let all = self.rest;
        let mut chars = all.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && escapes {
                chars.next();
            } else if c == close {
                if chars.next_if(|(_, next)| *next == close).is_some() {
                    continue;
                }
                self.rest = &all[at + close.len_utf8()..];
                let inner = &all[..at];
                let doubled: String = [close, close].iter().collect();
                return match inner.contains(&doubled) {
                    true => inner
                        .replace(&doubled, close.encode_utf8(&mut [0; 4]))
                        .into(),
                    false => inner.into(),
                };
            }
        }
        self.rest = "";
        all.into()
    }

    /// The tag of a dollar-quoted literal that starts here, with both dollar signs.
    fn dollar_tag(&self) -> Option<&'s str> {
        let inner = self.rest.strip_prefix('$')?;
        let end = inner.find('$')?;
        let tag = &inner[..end];
        let is_name = !tag.starts_with(|c: char| c.is_ascii_digit())
            && tag
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii());
        is_name.then(|| &self.rest[..end + 2])
    }

    /// The length in bytes of a parameter that starts here.
    fn parameter(&self) -> Option<usize> {
        let first = self.rest.chars().next()?;
        let inner = &self.rest[first.len_utf8()..];
        let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
        match (self.engine, first) {
            (Engine::Postgres, '$') if digits > 0 => Some(1 + digits),
            (Engine::Sqlite, '?') => Some(1 + digits),
            (Engine::Sqlite, '$' | ':' | '@' | '#') => Some(1 + variable(inner)),
            _ => None,
        }
    }
}

/// The length in bytes of the name of a SQLite parameter. As in Tcl, it may contain `::`, and end with parentheses
/// around anything but space: <https://sqlite.org/lang_expr.html#varparam>.
fn variable(name: &str) -> usize {
    let mut at = 0;
    let mut is_named = false;
    while let Some(c) = name[at..].chars().next() {
        if in_word(c) {
            is_named = true;
            at += c.len_utf8();
        } else if name[at..].starts_with("::") {
            at += 2;
        } else if c == '(' && is_named {
            let ends = |c: char| c == ')' || c.is_ascii_whitespace() || c == '\u{b}';
            return match name[at + 1..].find(ends) {
                Some(end) => at + 1 + end + usize::from(name[at + 1 + end..].starts_with(')')),
                None => name.len(),
            };
        } else {
            break;
        }
    }
    at
}

fn begins_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn in_word(c: char) -> bool {
    begins_word(c) || c.is_ascii_digit() || c == '$'
}

impl<'s> Iterator for Lexer<'s> {
    type Item = Token<'s>;

    fn next(&mut self) -> Option<Token<'s>> {
        self.skip_space_and_comments();
        let continues = std::mem::take(&mut self.after_escapes);
        let first = self.rest.chars().next()?;
        if begins_word(first) {
            let end = self
                .rest
                .find(|c: char| !in_word(c))
                .unwrap_or(self.rest.len());
            let word = self.take(end);
            if self.is_postgres() && word.eq_ignore_ascii_case("e") && self.rest.starts_with('\'') {
                self.take(1);
                self.quoted('\'', true);
                self.after_escapes = true;
                return Some(Token::Other('\''));
            }
            return Some(Token::Word(
                match word.bytes().any(|b| b.is_ascii_uppercase()) {
                    true => word.to_ascii_lowercase().into(),
                    false => word.into(),
                },
            ));
        }
        if self.is_postgres()
            && let Some(tag) = self.dollar_tag()
        {
            self.take(tag.len());
            self.take_past(tag);
            return Some(Token::Other('$'));
        }
        if let Some(length) = self.parameter() {
            return Some(Token::Parameter(self.take(length)));
        }
        self.take(first.len_utf8());
        Some(match first {
            ';' => Token::Semicolon,
            '\'' => {
                self.quoted('\'', continues);
                self.after_escapes = continues;
                Token::Other('\'')
            }
            '"' => Token::Quoted(self.quoted('"', false)),
            '`' if !self.is_postgres() => Token::Quoted(self.quoted('`', false)),
            '[' if !self.is_postgres() => {
                let name = self.rest;
                self.take_past("]");
                let end = name.len() - self.rest.len();
                Token::Quoted(name[..end].trim_end_matches(']').into())
            }
            other => Token::Other(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words and semicolons, separated by spaces; quoted names in quotes.
    fn words(engine: Engine, sql: &str) -> String {
        let words = Lexer::new(engine, sql).filter_map(|token| match token {
            Token::Word(word) => Some(word.into_owned()),
            Token::Quoted(name) => Some(format!("\"{name}\"")),
            Token::Semicolon => Some(";".to_owned()),
            Token::Parameter(_) | Token::Other(_) => None,
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn literals_and_comments_are_skipped_on_both_engines() {
        for (sql, expected) in [
            (
                "SELECT 'it''s; COMMIT' -- ; END\n; Commit",
                "select ; commit",
            ),
            ("/* a; */ x /* b */", "x"),
            ("SELECT \"a\"\"b\" . c", "select \"a\"b\" c"),
            ("SELECT 'never ends; COMMIT", "select"),
            ("", ""),
        ] {
            for engine in Engine::ALL {
                assert_eq!(words(engine, sql), expected, "{engine}: {sql}");
            }
        }
    }

    #[test]
    fn sql_is_tokenised_by_the_rules_of_each_engine() {
        for (sql, postgres, sqlite) in [
            ("/* /* */ x */ y", "y", "x y"),
            ("-- a\rCOMMIT", "commit", ""),
            ("$$; COMMIT$$; a", "; a", "; commit$$ ; a"),
            ("$t$ $$ ; $t$ a $1$x$;$x$", "a", "; a ;"),
            ("$1('); COMMIT; --'", "", "; commit ;"),
            (
                ":a::b(\"); COMMIT; --\"",
                "a b \"); COMMIT; --\"",
                "; commit ;",
            ),
            ("@a(' '); COMMIT; --'", "a ; commit ;", ""),
            ("?1'; COMMIT; ?'", "", ""),
            // Characters that look like spaces and are letters.
            (
                "\u{a0}$$; COMMIT; --$$",
                "\u{a0}$$ ; commit ;",
                "\u{a0}$$ ; commit ;",
            ),
            ("\u{feff}COMMIT", "\u{feff}commit", "commit"),
            (r"E'\'; COMMIT; ' a", "a", "e ; commit ;"),
            ("E'a'\n'\\''; COMMIT; --'", "; commit ;", "e"),
            ("'a\\''; COMMIT; --'", "", ""),
            ("`a` [b c]", "a b c", "\"a\" \"b c\""),
            ("a$b$c$b$", "a$b$c$b$", "a$b$c$b$"),
        ] {
            assert_eq!(words(Engine::Postgres, sql), postgres, "{sql}");
            assert_eq!(words(Engine::Sqlite, sql), sqlite, "{sql}");
        }
    }
}
