//! The reference domain's migrations with edits.

use std::borrow::Cow;
use std::cell::RefCell;

use catamaran::Engine;
use catamaran::migrate::{Script, TwinMigration};

/// What is different about the history right now.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    pub engine: Option<Engine>,
    /// `(a statement of a migration, what stands there instead)`; an empty one is lost.
    pub written: Option<(String, String)>,
    /// Statements of further migrations.
    pub added: Vec<String>,
}

thread_local! {
    /// A history has no value to be told by. Each thread runs one check at a time, on a runtime of its own.
    static EDITS: RefCell<Edits> = RefCell::default();
}

/// Makes the history differ, on this thread.
pub fn edit(edits: Edits) {
    EDITS.set(edits);
}

/// The edited history.
pub struct Edited;

impl catamaran::migrate::History for Edited {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let edits = EDITS.with_borrow(Clone::clone);
        let mut migrations: Vec<Box<dyn TwinMigration>> = Vec::new();
        for inner in <migration::History as catamaran::migrate::History>::migrations() {
            migrations.push(Box::new(Rewritten {
                inner,
                edits: edits.clone(),
            }));
        }
        if !edits.added.is_empty() {
            migrations.push(Box::new(Added(edits)));
        }
        migrations
    }
}

struct Rewritten {
    inner: Box<dyn TwinMigration>,
    edits: Edits,
}

impl Rewritten {
    fn rewrite(&self, engine: Engine, script: Script) -> Script {
        let (Some(written), true) = (&self.edits.written, self.edits.engine == Some(engine)) else {
            return script;
        };
        if let Some(reason) = script.reason() {
            return Script::nothing(reason.to_owned());
        }
        let (from, to) = written;
        let statements = script
            .statements(engine)
            .filter_map(|sql| match sql == from.as_str() {
                true => (!to.is_empty()).then(|| to.clone()),
                false => Some(Cow::into_owned(sql)),
            });
        statements.fold(Script::new(), |script, sql| script.sql(sql))
    }
}

impl TwinMigration for Rewritten {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn sqlite_up(&self) -> Script {
        self.rewrite(Engine::Sqlite, self.inner.sqlite_up())
    }

    fn sqlite_down(&self) -> Script {
        self.inner.sqlite_down()
    }

    fn postgres_up(&self) -> Script {
        self.rewrite(Engine::Postgres, self.inner.postgres_up())
    }

    fn postgres_down(&self) -> Script {
        self.inner.postgres_down()
    }
}

struct Added(Edits);

impl Added {
    fn script(&self, engine: Engine) -> Script {
        match self.0.engine {
            Some(one) if one == engine => {
                let statements = self.0.added.iter().cloned();
                statements.fold(Script::new(), |script, sql| script.sql(sql))
            }
            _ => Script::nothing("the other engine is left alone"),
        }
    }
}

impl TwinMigration for Added {
    fn name(&self) -> &'static str {
        "m29991231_000001_added"
    }

    fn sqlite_up(&self) -> Script {
        self.script(Engine::Sqlite)
    }

    fn sqlite_down(&self) -> Script {
        Script::nothing("there is no way back")
    }

    fn postgres_up(&self) -> Script {
        self.script(Engine::Postgres)
    }

    fn postgres_down(&self) -> Script {
        Script::nothing("there is no way back")
    }
}
