//! What a run needs before it begins.

use std::collections::HashSet;

use super::AgreeError;
use super::lab::Targets;
use super::shape::Shape;
use crate::model::domain::{Action, Domain};
use crate::model::engine::Engine;

/// Fails if the run would compare nothing, or not what was asked.
pub(super) fn check(
    domain: &Domain,
    shapes: &[Shape],
    targets: Targets,
    operations: u64,
) -> Result<(), AgreeError> {
    match fault(domain, shapes, targets, operations) {
        Some(reason) => Err(AgreeError::Setup { reason }),
        None => Ok(()),
    }
}

fn fault(domain: &Domain, shapes: &[Shape], targets: Targets, operations: u64) -> Option<String> {
    if shapes.is_empty() {
        return Some("the run has no record; add one with EnginesAgree::record".to_owned());
    }
    if operations == 0 {
        return Some("the run has no operations".to_owned());
    }
    let engines = (targets.sqlite.engine(), targets.postgres.engine());
    if engines != (Engine::Sqlite, Engine::Postgres) {
        return Some(format!(
            "the targets are databases of {} and {}; give one of SQLite and one of Postgres, in this order",
            engines.0, engines.1
        ));
    }
    let mut seen = HashSet::new();
    for shape in shapes {
        let (record, table) = (shape.record, shape.table.name);
        if !seen.insert(table) {
            return Some(format!("the run has two records of the table {table}"));
        }
        if domain.table(table).is_none() {
            return Some(format!(
                "the domain has no table {table}, which is that of {record}"
            ));
        }
        if shape.table.generated_key {
            return Some(format!(
                "{record} has an id that the database generates: after a rollback the engines go on with different \
                 ids; leave {record} out"
            ));
        }
        let mut keys = shape.table.foreign_keys.iter();
        let changes_rows = |action| {
            matches!(
                action,
                Action::Cascade | Action::SetNull | Action::SetNullOf(_)
            )
        };
        if let Some(key) = keys.find(|key| changes_rows(key.on_update)) {
            return Some(format!(
                "the foreign key {} of {table} changes rows ON UPDATE, which the model does not follow; \
                 leave {record} out",
                key.name
            ));
        }
    }
    None
}
