//! Finds and renames columns in SQL.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Statement, VisitMut, VisitorMut};

use super::{read, statement, tokens};
use crate::fingerprint::ident;
use crate::model::engine::Engine;

/// Whether the expression names the column; `true` if it cannot be parsed.
pub(crate) fn mentions(engine: Engine, sql: &str, column: &str) -> bool {
    let Ok(mut expression) = read(engine, sql) else {
        return true;
    };
    let mut mentions = false;
    each_column(&mut expression, |name| mentions |= is(engine, name, column));
    mentions
}

/// The expression after the rename of a column.
pub(crate) fn renamed(engine: Engine, sql: &str, from: &str, to: &str) -> String {
    let Ok(mut expression) = read(engine, sql) else {
        return sql.to_owned();
    };
    match rename(engine, &mut expression, from, to) {
        true => expression.to_string(),
        false => sql.to_owned(),
    }
}

/// A CREATE INDEX of SQLite after the rename of a column.
pub(crate) fn with_column_renamed(index: &str, from: &str, to: &str) -> String {
    rewritten(index, |statement| {
        rename(Engine::Sqlite, statement, from, to)
    })
}

/// A CREATE INDEX of SQLite after the rename of its table.
pub(crate) fn with_table_renamed(index: &str, to: &str) -> String {
    rewritten(index, |statement| match statement {
        Statement::CreateIndex(create) => {
            create.table_name = ObjectName(vec![ObjectNamePart::Identifier(written(to))]);
            true
        }
        _ => false,
    })
}

fn rewritten(sql: &str, change: impl FnOnce(&mut Statement) -> bool) -> String {
    let Ok(Ok(mut statement)) = tokens(Engine::Sqlite, sql).map(statement) else {
        return sql.to_owned();
    };
    match change(&mut statement) {
        true => statement.to_string(),
        false => sql.to_owned(),
    }
}

/// Renames a column and returns whether it was there.
fn rename(engine: Engine, what: &mut impl VisitMut, from: &str, to: &str) -> bool {
    let mut was_there = false;
    each_column(what, |name| {
        if is(engine, name, from) {
            *name = written(to);
            was_there = true;
        }
    });
    was_there
}

fn written(name: &str) -> Ident {
    match ident::name(name) == name {
        true => Ident::new(name),
        false => Ident::with_quote('"', name),
    }
}

fn is(engine: Engine, ident: &Ident, column: &str) -> bool {
    match (engine, ident.quote_style) {
        (Engine::Sqlite, _) => ident.value.eq_ignore_ascii_case(column),
        (Engine::Postgres, Some(_)) => ident.value == column,
        (Engine::Postgres, None) => ident.value.to_lowercase() == column,
    }
}

fn each_column(what: &mut impl VisitMut, then: impl FnMut(&mut Ident)) {
    let _: ControlFlow<()> = what.visit(&mut Columns(then));
}

struct Columns<F>(F);

impl<F: FnMut(&mut Ident)> VisitorMut for Columns<F> {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        let name = match expression {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last_mut(),
            _ => None,
        };
        if let Some(name) = name {
            (self.0)(name);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_rename_leaves_functions_of_the_same_name_alone() {
        let sql = "date(date, '+0 days') = date AND \"Date\" <> 'date'";
        assert_eq!(
            renamed(Engine::Sqlite, sql, "date", "day"),
            "date(day, '+0 days') = day AND day <> 'date'"
        );
        assert_eq!(
            renamed(Engine::Postgres, sql, "date", "order"),
            "date(\"order\", '+0 days') = \"order\" AND \"Date\" <> 'date'"
        );
        assert_eq!(renamed(Engine::Sqlite, sql, "time", "day"), sql);
        assert!(mentions(Engine::Sqlite, "length(icon) = 1", "icon"));
        assert!(!mentions(Engine::Sqlite, "icon(length) = 'icon'", "icon"));
    }

    #[test]
    fn renames_in_an_index_change_only_its_table_and_columns() {
        let sql = "CREATE UNIQUE INDEX name ON things (name COLLATE NOCASE DESC, lower(name)) WHERE name > 'name'";
        assert_eq!(
            with_table_renamed(&with_column_renamed(sql, "name", "title"), "order"),
            "CREATE UNIQUE INDEX name ON \"order\"(title COLLATE NOCASE DESC, lower(title)) WHERE title > 'name'"
        );
    }
}
