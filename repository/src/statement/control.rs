//! Statements that would end or split a transaction, or change who it runs as.

/// The first words of statements that belong to whoever holds the transaction.
const CONTROL: [&str; 10] = [
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ROLLBACK",
    "ABORT",
    "SAVEPOINT",
    "RELEASE",
    "PREPARE",
    "DISCARD",
];

/// The words of the first statement in the text that controls a transaction or its role, if any.
///
/// Statements are told apart by their semicolons, whether or not one stands in a literal: a text that is
/// refused for that can be sent with the literal as a parameter. A text with a `$$` body is one statement.
pub(crate) fn control_words(sql: &str) -> Option<String> {
    match sql.contains("$$") {
        true => leading_control(sql),
        false => sql.split(';').find_map(leading_control),
    }
}

/// The words with which the statement begins, if they control a transaction or its role.
pub(crate) fn leading_control(statement: &str) -> Option<String> {
    let mut words = Words(statement);
    let first = words.next()?.to_ascii_uppercase();
    if CONTROL.contains(&first.as_str()) {
        return Some(first);
    }
    let mut second = words.next()?.to_ascii_uppercase();
    if second == "LOCAL" {
        second = words.next()?.to_ascii_uppercase();
    }
    let of_role = ["ROLE", "SESSION"].contains(&second.as_str());
    (of_role && ["SET", "RESET"].contains(&first.as_str())).then(|| format!("{first} {second}"))
}

/// The words of a statement, comments passed over.
struct Words<'s>(&'s str);

impl<'s> Iterator for Words<'s> {
    type Item = &'s str;

    fn next(&mut self) -> Option<&'s str> {
        loop {
            self.0 = self.0.trim_start();
            if let Some(comment) = self.0.strip_prefix("--") {
                self.0 = comment.split_once('\n').map_or("", |(_, after)| after);
            } else if let Some(comment) = self.0.strip_prefix("/*") {
                self.0 = comment.split_once("*/").map_or("", |(_, after)| after);
            } else {
                break;
            }
        }
        let end = self
            .0
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_is_found_behind_comments_and_other_statements() {
        for (sql, found) in [
            ("commit", Some("COMMIT")),
            ("  -- done\n /* really */ commit;", Some("COMMIT")),
            ("DELETE FROM a; rollback", Some("ROLLBACK")),
            ("SET LOCAL ROLE boss", Some("SET ROLE")),
            ("reset role", Some("RESET ROLE")),
            ("SET LOCAL lock_timeout = 5", None),
            ("DO $$ BEGIN NULL; END IF; END $$", None),
            ("SELECT 1", None),
            ("", None),
        ] {
            assert_eq!(control_words(sql).as_deref(), found, "{sql}");
        }
    }
}
