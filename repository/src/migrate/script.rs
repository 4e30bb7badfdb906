use std::borrow::Cow;

use crate::sql::custom::leading_control;

/// The statements of one migration, in one direction, on one engine, in the order in which they run.
///
/// The text is frozen with the migration: write identifiers out, and use neither an entity nor a constant
/// that may change later. What sea-query builds can be given as text, for example
/// `.sql(Table::create()…to_string(SqliteQueryBuilder))`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    statements: Vec<Cow<'static, str>>,
    reason: Option<Cow<'static, str>>,
}

impl Script {
    /// A script without a statement; add them with [`sql`](Self::sql).
    pub fn new() -> Self {
        Self::default()
    }

    /// A script that deliberately does nothing on this engine, and says why.
    ///
    /// The plan prints the reason as a comment. A script that is empty and gives no reason is refused
    /// ([`MigrateError::History`](super::MigrateError::History)).
    pub fn nothing(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            statements: Vec::new(),
            reason: Some(reason.into()),
        }
    }

    /// Appends one statement. A final semicolon is not needed; the plan prints one.
    #[must_use]
    pub fn sql(mut self, statement: impl Into<Cow<'static, str>>) -> Self {
        self.statements.push(statement.into());
        self
    }

    /// The statements, without surrounding space or a final semicolon.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().map(|text| trim(text))
    }

    /// Why the script does nothing, when that was said.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What is wrong with the script, if anything.
    pub(super) fn fault(&self) -> Option<String> {
        if self.statements.is_empty() && self.reason.is_none() {
            return Some("it is empty: use Script::nothing(reason) if that is meant".to_owned());
        }
        for (index, statement) in self.statements().enumerate() {
            let number = index + 1;
            if statement.is_empty() {
                return Some(format!("statement {number} is empty"));
            }
            if let Some(words) = leading_control(statement) {
                return Some(format!(
                    "statement {number} is {words}: the batch already is one transaction"
                ));
            }
        }
        None
    }
}

fn trim(statement: &str) -> &str {
    statement.trim_matches(|c: char| c.is_whitespace() || c == ';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_script_without_a_reason_is_a_fault() {
        assert!(Script::new().fault().is_some());
        assert_eq!(Script::nothing("a server has no outbox").fault(), None);
    }

    #[test]
    fn transaction_control_is_a_fault_even_behind_a_comment() {
        let fault = Script::new()
            .sql("SELECT 1")
            .sql("-- done\n commit;")
            .fault();
        assert_eq!(
            fault.as_deref(),
            Some("statement 2 is COMMIT: the batch already is one transaction")
        );
    }

    #[test]
    fn a_block_that_says_begin_inside_is_no_fault() {
        assert_eq!(Script::new().sql("DO $$ BEGIN NULL; END $$").fault(), None);
    }

    #[test]
    fn a_final_semicolon_is_not_part_of_the_statement() {
        let script = Script::new().sql("  SELECT 1 ;\n");
        assert_eq!(script.statements().collect::<Vec<_>>(), ["SELECT 1"]);
    }
}
