//! A history that a test writes itself.

use std::cell::RefCell;

use catamaran::migrate::{History, Script, TwinMigration};

/// A migration with the same scripts on both engines.
#[derive(Clone)]
pub struct Step {
    pub name: &'static str,
    pub up: Script,
    pub down: Script,
}

/// A migration whose way back does nothing.
pub fn step(name: &'static str, up: Script) -> Step {
    Step {
        name,
        up,
        down: Script::nothing("not tested here"),
    }
}

impl TwinMigration for Step {
    fn name(&self) -> &'static str {
        self.name
    }
    fn sqlite_up(&self) -> Script {
        self.up.clone()
    }
    fn sqlite_down(&self) -> Script {
        self.down.clone()
    }
    fn postgres_up(&self) -> Script {
        self.up.clone()
    }
    fn postgres_down(&self) -> Script {
        self.down.clone()
    }
}

thread_local! {
    /// A test and its runtime have one thread.
    static STEPS: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
}

/// The migrations that the test has given last.
pub struct Given;

/// Gives the migrations.
pub fn given(steps: impl IntoIterator<Item = Step>) {
    STEPS.with_borrow_mut(|given| *given = steps.into_iter().collect());
}

impl Given {
    /// The migrations that were given.
    pub fn steps() -> Vec<Step> {
        STEPS.with_borrow(Clone::clone)
    }
}

impl History for Given {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        STEPS.with_borrow(|steps| {
            let boxed = steps.iter().map(|step| Box::new(step.clone()) as _);
            boxed.collect()
        })
    }
}

/// Two tests of one function, which gets the URL of an empty database.
macro_rules! twins {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let file = crate::support::SqliteFile::new();
                super::$name(&format!("{}?mode=rwc", file.url())).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                let database = crate::support::PostgresDatabase::new().await;
                super::$name(&database.url()).await;
            })+
        }
    };
}
pub(crate) use twins;
