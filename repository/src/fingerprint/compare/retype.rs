//! Compares the type of a column, and recreates what depends on it.

use super::columns::{altered, altering};
use super::{OnTable, TableFix, access_control, constraints, indexes, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl;
use crate::fingerprint::ddl::loss;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{Column, ForeignKey};
use crate::fingerprint::statement::{Phase, Statement, Work};
use crate::model::engine::Engine;

/// The statements that change a column, with the policies and foreign keys that read it dropped and recreated.
pub(crate) fn without_readers(
    on: &OnTable<'_>,
    column: &str,
    sql: impl IntoIterator<Item = Statement>,
) -> Vec<Statement> {
    let is_its = |key: &ForeignKey| {
        let refers =
            key.references == on.name && key.referenced_columns.iter().any(|name| name == column);
        refers
            || on.found.foreign_keys.contains(key) && key.columns.iter().any(|name| name == column)
    };
    let mut all: Vec<Statement> = sql.into_iter().collect();
    all.extend(access_control::recreated_policies(on, column));
    all.extend(on.recreated_foreign_keys(is_its));
    all
}

/// The statements that recreate the checks and indexes whose expressions depend on the column's type.
fn recreated_checks_and_indexes(on: &OnTable<'_>, column: &str) -> Vec<Statement> {
    let mut all = Vec::new();
    for check in &on.wanted.checks {
        let found = on
            .found
            .checks
            .iter()
            .find(|found| found.name == check.name);
        if let Some(found) = found
            && check.condition.mentions(Engine::Postgres, column)
        {
            let drop = constraints::dropped(Phase::DropCheck, on.name, found.name.as_deref());
            all.extend(drop);
            let add = ddl::check(on.wanted, check);
            all.push(ddl::added(Phase::AddCheck, on.name, &add));
        }
    }
    for (name, index) in &on.wanted.indexes {
        let speaks_of_it =
            index.keys.iter().any(|key| !key.is_column()) || index.predicate.is_some();
        if on.found.indexes.contains_key(name)
            && speaks_of_it
            && index.mentions(Engine::Postgres, column)
        {
            let create = ddl::create_index(on.wanted, on.name, name, index);
            all.push(indexes::drop(name));
            all.push(indexes::made(name, create));
        }
    }
    all
}

pub(crate) fn compare(on: &mut OnTable<'_>, wanted: &Column, found: &Column, collate: &str) {
    let (name, ty) = (wanted.name.as_str(), wanted.ty.as_str());
    let cast = match on.all.engine {
        Engine::Postgres => loss::cast(&ident::name(name), &found.ty, ty),
        // The table is rebuilt.
        Engine::Sqlite => Some(String::new()),
    };
    let table_fix: TableFix<'_> = match (cast, on.module()) {
        (None, None) => Fix::Words(format!(
            "Postgres has no cast from {} to {ty}: convert the values of {}.{name} by hand (SELECT DISTINCT {} FROM {} lists \
             them)",
            found.ty,
            on.name,
            ident::name(name),
            ident::name(on.name)
        ))
        .into(),
        (cast, _) => {
            let cast = cast.unwrap_or_default();
            // A default of the old type prevents the change.
            let default = found.default.as_ref().map(|_| "DROP DEFAULT".to_owned());
            let retype = format!("TYPE {ty}{collate} USING {cast}");
            let set = wanted.default.as_ref();
            let set = set.map(|default| format!("SET DEFAULT {default}"));
            let retype = (retype, Work::Retype);
            let default = default.map(|action| (action, Work::Alter));
            let set = set.map(|action| (action, Work::Alter));
            let actions = default.into_iter().chain([retype]).chain(set);
            let alter = actions.map(|(action, work)| altering(on, name, &action, work));
            let alter: Vec<_> = alter.collect();
            let mut sql = without_readers(on, name, alter);
            sql.extend(recreated_checks_and_indexes(on, name));
            let table_fix = altered(on, wanted, sql, |wanted, column| {
                column.ty.clone_from(&wanted.ty);
                column.collation.clone_from(&wanted.collation);
                column.default.clone_from(&wanted.default);
                column.copied.clone_from(&wanted.copied);
            });
            let loses = loss::of_another_type(on.all.engine, &found.ty, ty);
            table_fix.losing(loses.map(|what| format!("{what} in {}.{name}", on.name)))
        }
    };
    on.column(name, Code::ColumnType, sides(ty, &found.ty), table_fix);
}
