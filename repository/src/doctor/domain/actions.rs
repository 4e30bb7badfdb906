//! The actions of foreign keys that no write can carry out.

use super::OnTable;
use crate::fingerprint::code::Code;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::model::domain::description::TableDescription;
use crate::model::domain::{Action, ForeignKey, Table};

/// A reference that is set to NULL must not have a column that cannot be NULL: both engines set all of its columns, and
/// the write of the parent fails with `NotNull`.
pub(super) fn set_null(on: &mut OnTable<'_>, table: &Table, described: Option<&TableDescription>) {
    let is_nullable = |column: &str| {
        let is_managed = table.owner == Some(column) || table.primary_key.columns.contains(&column);
        let described = described.and_then(|described| described.column(column));
        !is_managed && described.is_none_or(|column| column.nullable)
    };
    for key in table.foreign_keys {
        let mut columns = key.columns.iter();
        let Some(column) = columns.find(|column| !is_nullable(column)) else {
            continue;
        };
        for event in events(key) {
            let name = key.name;
            let nullable = key.columns.iter().copied().filter(|one| is_nullable(one));
            let nullable: Vec<&str> = nullable.collect();
            let before = match &*nullable {
                [] => String::new(),
                columns => format!(
                    ", and let the application set {} to NULL (patch_where) before it {}s the row of {}",
                    columns.join(", "),
                    event,
                    key.references
                ),
            };
            let fix = Fix::Words(format!(
                "let {name} be NO ACTION or CASCADE on {event}, in the migrations too{before}"
            ));
            let found = format!("SET NULL over {column}, which cannot be NULL");
            let sides = ("columns that can be NULL", found.as_str());
            on.say(Part::Named, name, Code::DomainSetNull, sides, fix);
        }
    }
}

/// The events on which the key sets its columns to NULL.
fn events(key: &ForeignKey) -> impl Iterator<Item = &'static str> {
    let actions = [("delete", key.on_delete), ("update", key.on_update)];
    let set = actions.into_iter();
    set.filter_map(|(event, action)| (action == Action::SetNull).then_some(event))
}
