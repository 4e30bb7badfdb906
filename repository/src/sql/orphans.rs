//! The query that finds the rows whose foreign key has no parent.

use super::identifier;
use crate::model::engine::Engine;

/// A foreign key, for the query of its orphans. The columns are in the order of the key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reference<'a> {
    pub(crate) engine: Engine,
    /// The schema of both tables, if it has to be named.
    pub(crate) schema: Option<&'a str>,
    pub(crate) child: &'a str,
    pub(crate) columns: &'a [String],
    pub(crate) parent: &'a str,
    pub(crate) referenced: &'a [String],
}

impl Reference<'_> {
    /// Selects `output` of each orphan, whose alias is `c`. A key that is NULL in part refers to nothing.
    pub(crate) fn orphans(&self, output: &str) -> String {
        // A foreign key of SQLite compares by affinity and collation of the parent's column alone
        // (https://sqlite.org/foreignkeys.html#fk_basics). The operator removes the affinity of the child's.
        let own = match self.engine {
            Engine::Sqlite => "+c",
            Engine::Postgres => "c",
        };
        let given: Vec<String> = (self.columns.iter())
            .map(|column| format!("c.{} IS NOT NULL", identifier(column)))
            .collect();
        let same: Vec<String> = (self.columns.iter().zip(self.referenced))
            .map(|(column, other)| {
                format!("p.{} = {own}.{}", identifier(other), identifier(column))
            })
            .collect();
        format!(
            "SELECT {output} FROM {} c WHERE {} AND NOT EXISTS (SELECT 1 FROM {} p WHERE {})",
            self.table(self.child),
            given.join(" AND "),
            self.table(self.parent),
            same.join(" AND ")
        )
    }

    fn table(&self, name: &str) -> String {
        match self.schema {
            Some(schema) => format!("{}.{}", identifier(schema), identifier(name)),
            None => identifier(name),
        }
    }
}
