//! Migrations from lists of statements.

use catamaran::migrate::Script;

use super::given;
pub use super::given::{Given, Step};

/// A migration whose way back does nothing.
pub fn step(name: &'static str, up: &[&str]) -> Step {
    given::step(name, script(up))
}

impl Step {
    /// The same migration with a way back.
    #[must_use]
    pub fn down(mut self, down: &[&str]) -> Self {
        self.down = script(down);
        self
    }
}

/// Sets the migrations of [`Given`].
pub fn given(steps: &[Step]) {
    given::given(steps.iter().cloned());
}

fn script(statements: &[&str]) -> Script {
    let statements = statements.iter().map(ToString::to_string);
    statements.fold(Script::new(), Script::sql)
}
