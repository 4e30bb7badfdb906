//! The migrations that SeaORM has recorded.

use super::{Row, Unreadable};

/// What is told of them.
#[derive(Clone, Debug)]
pub(in super::super) enum Applied {
    /// By name, in order; none in a database that SeaORM never migrated.
    Names(Vec<String>),
    /// The role may not read them.
    NotPermitted,
}

/// What the catalog tells; `None` where its rows say that there are some and not which: then [`NAMES`] does.
pub(in super::super) fn told(rows: &[Row]) -> Result<Option<Applied>, Unreadable> {
    let Some(row) = rows.iter().find(|row| row.kind == "history") else {
        return Ok(Some(Applied::Names(Vec::new())));
    };
    Ok(match row.text(0)?.as_str() {
        "names" => Some(Applied::Names(row.texts(1)?)),
        "not permitted" => Some(Applied::NotPermitted),
        _ => None,
    })
}

/// The names in order, of a database that has the table.
pub(in super::super) const NAMES: &str = "SELECT version FROM seaql_migrations ORDER BY version";

/// What a role needs that may not read them.
pub(in super::super) const NOT_PERMITTED: &str =
    "the role may not read which migrations are applied; grant it SELECT on seaql_migrations";
