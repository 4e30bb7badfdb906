//! SQLite ignores the case of ASCII letters in names.

use std::collections::BTreeMap;

use crate::fingerprint::schema::Schema;

/// Changes the names of a SQLite database to the wanted spelling.
pub(crate) fn as_expected(required: &Schema, actual: &mut Schema) {
    let engine = actual.engine;
    for (name, wanted) in &required.tables {
        respell(&mut actual.tables, name);
        respell(&mut actual.unread, name);
        let own = |other: &str| other.eq_ignore_ascii_case(name);
        for other in actual.others.iter_mut().filter(|other| own(&other.table)) {
            other.table.clone_from(name);
        }
        let keys = actual.tables.values_mut();
        let keys = keys.flat_map(|table| &mut table.foreign_keys);
        for key in keys.filter(|key| own(&key.references)) {
            key.references.clone_from(name);
            for column in &mut key.referenced_columns {
                let mut columns = wanted.columns.iter();
                if let Some(own) = columns.find(|own| own.name.eq_ignore_ascii_case(column)) {
                    column.clone_from(&own.name);
                }
            }
        }
        let Some(found) = actual.tables.get_mut(name) else {
            continue;
        };
        for column in &wanted.columns {
            let is_it = |other: &str| other.eq_ignore_ascii_case(&column.name);
            let spelled = found.columns.iter().find(|other| is_it(&other.name));
            let spelled = spelled.map(|other| other.name.clone());
            if let Some(other) = spelled.filter(|other| *other != column.name) {
                found.rename_column(engine, &other, &column.name);
            }
        }
        for index in wanted.indexes.keys() {
            respell(&mut found.indexes, index);
            respell(&mut found.index_sql, index);
        }
    }
}

fn respell<T>(things: &mut BTreeMap<String, T>, name: &str) {
    let mut names = things.keys();
    let other = names
        .find(|other| other.eq_ignore_ascii_case(name))
        .cloned();
    if let Some(thing) = other.and_then(|other| things.remove(&other)) {
        things.insert(name.to_owned(), thing);
    }
}
