//! The actions of foreign keys that no write can carry out.

use super::OnTable;
use crate::fingerprint::code::Code;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::model::domain::description::TableDescription;
use crate::model::domain::{Action, ForeignKey, Table};

/// A reference that is set to NULL must not have a column that cannot be NULL: the write of the parent fails with
/// `NotNull`. If only some of its columns are set to NULL, they have to be columns of the key, and Postgres sets them on
/// a delete alone.
pub(super) fn set_null(on: &mut OnTable<'_>, table: &Table, described: Option<&TableDescription>) {
    let is_nullable = |column: &str| {
        let is_managed = table.owner == Some(column) || table.primary_key.columns.contains(&column);
        let described = described.and_then(|described| described.column(column));
        !is_managed && described.is_none_or(|column| column.nullable)
    };
    for key in table.foreign_keys {
        for (event, action, columns) in events(key) {
            let nullable = key.columns.iter().copied().filter(|one| is_nullable(one));
            let nullable: Vec<&str> = nullable.collect();
            let Some(found) = problem(key, event, action, columns, is_nullable) else {
                continue;
            };
            let name = key.name;
            let advice = match (&*nullable, event) {
                ([_, ..], "delete") => format!("SetNullOf(&{nullable:?})"),
                _ => "NO ACTION or CASCADE".to_owned(),
            };
            let fix = Fix::Words(format!(
                "let {name} be {advice} on {event}, in the migrations too"
            ));
            let sides = ("columns of the key that can be NULL", found.as_str());
            on.say(Part::Named, name, Code::DomainSetNull, sides, fix);
        }
    }
}

/// Why the columns of the key cannot be set to NULL on the event.
fn problem(
    key: &ForeignKey,
    event: &str,
    action: Action,
    columns: &[&str],
    is_nullable: impl Fn(&str) -> bool,
) -> Option<String> {
    let is_of_some = matches!(action, Action::SetNullOf(_));
    if is_of_some && event == "update" {
        return Some("SET NULL of some columns, which Postgres has only on delete".to_owned());
    }
    if columns.is_empty() {
        return Some("SET NULL of no column".to_owned());
    }
    let of_others = columns.iter().find(|column| !key.columns.contains(column));
    if let Some(column) = of_others {
        return Some(format!("SET NULL over {column}, which is not in the key"));
    }
    let column = columns.iter().find(|column| !is_nullable(column))?;
    Some(format!("SET NULL over {column}, which cannot be NULL"))
}

/// The events on which the key sets columns to NULL, with the columns.
fn events(
    key: &ForeignKey,
) -> impl Iterator<Item = (&'static str, Action, &'static [&'static str])> {
    let (columns, actions) = (
        key.columns,
        [("delete", key.on_delete), ("update", key.on_update)],
    );
    actions
        .into_iter()
        .filter_map(move |(event, action)| match action {
            Action::SetNull => Some((event, action, columns)),
            Action::SetNullOf(columns) => Some((event, action, columns)),
            Action::NoAction | Action::Restrict | Action::Cascade => None,
        })
}
