//! A history that a test writes: its scripts are the same on both engines.

use std::cell::RefCell;

use catamaran::migrate::{History, Script, TwinMigration};

/// A migration: its name, and the statements of both directions.
#[derive(Clone, Debug)]
pub struct Step {
    name: &'static str,
    up: Vec<String>,
    down: Vec<String>,
}

pub fn step(name: &'static str, up: &[&str]) -> Step {
    Step {
        name,
        up: up.iter().map(ToString::to_string).collect(),
        down: Vec::new(),
    }
}

impl Step {
    #[must_use]
    pub fn down(mut self, down: &[&str]) -> Self {
        self.down = down.iter().map(ToString::to_string).collect();
        self
    }
}

fn script(statements: &[String]) -> Script {
    let statements = statements.iter().cloned();
    match statements.len() {
        0 => Script::nothing("not tested here"),
        _ => statements.fold(Script::new(), Script::sql),
    }
}

impl TwinMigration for Step {
    fn name(&self) -> &'static str {
        self.name
    }
    fn sqlite_up(&self) -> Script {
        script(&self.up)
    }
    fn sqlite_down(&self) -> Script {
        script(&self.down)
    }
    fn postgres_up(&self) -> Script {
        script(&self.up)
    }
    fn postgres_down(&self) -> Script {
        script(&self.down)
    }
}

thread_local! {
    static GIVEN: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
}

/// Sets the migrations of [`Given`] in this thread, in which the test runs.
pub fn given(steps: &[Step]) {
    GIVEN.with_borrow_mut(|given| *given = steps.to_vec());
}

/// The history of the last call of [`given`].
pub struct Given;

impl History for Given {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let steps = GIVEN.with_borrow(Clone::clone);
        let steps = steps.into_iter();
        steps
            .map(|step| Box::new(step) as Box<dyn TwinMigration>)
            .collect()
    }
}
