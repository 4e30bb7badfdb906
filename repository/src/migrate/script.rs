//! The statements of a migration.

use std::borrow::Cow;

use crate::sql::custom::leading_control;

/// The statements of one migration, in one direction, on one engine, in the order in which they run.
///
/// The text must never change after a release: write identifiers out, and use no entity and no constant that may
/// change. Statements of sea-query are passed as text, for example
/// `.sql(Table::create()…to_string(SqliteQueryBuilder))`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    statements: Vec<Cow<'static, str>>,
    reason: Option<Cow<'static, str>>,
}

impl Script {
    /// A script without statements. Add them with [`sql`](Self::sql).
    pub fn new() -> Self {
        Self::default()
    }

    /// A script that intentionally does nothing on this engine, for the given reason.
    ///
    /// The plan prints the reason as a comment. An empty script without a reason is an error
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

    /// The statements, without surrounding white space and without a final semicolon.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().map(|text| trim(text))
    }

    /// The reason why the script does nothing, if there is one.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The reason why the script is invalid, if it is.
    pub(super) fn fault(&self) -> Option<String> {
        if self.statements.is_empty() && self.reason.is_none() {
            return Some(
                "the script is empty: add a statement, or use Script::nothing(reason)".to_owned(),
            );
        }
        for (index, statement) in self.statements().enumerate() {
            let number = index + 1;
            if statement.is_empty() {
                return Some(format!("statement {number} is empty"));
            }
            if let Some(control) = leading_control(statement) {
                return Some(format!(
                    "statement {number} is {control}: remove it, as the migrations run in one transaction"
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
    fn empty_script_without_a_reason_is_invalid() {
        assert!(Script::new().fault().is_some());
        assert_eq!(Script::nothing("a server has no outbox").fault(), None);
    }

    #[test]
    fn script_with_transaction_control_after_a_comment_is_invalid() {
        let fault = Script::new()
            .sql("SELECT 1")
            .sql("-- done\n commit;")
            .fault();
        assert_eq!(
            fault.as_deref(),
            Some("statement 2 is COMMIT: remove it, as the migrations run in one transaction")
        );
    }

    #[test]
    fn script_with_a_block_that_contains_begin_is_valid() {
        assert_eq!(Script::new().sql("DO $$ BEGIN NULL; END $$").fault(), None);
    }

    #[test]
    fn final_semicolon_is_not_part_of_the_statement() {
        let script = Script::new().sql("  SELECT 1 ;\n");
        assert_eq!(script.statements().collect::<Vec<_>>(), ["SELECT 1"]);
    }
}
