//! Compares what generates the ids of a table: the counter of SQLite, the sequence of Postgres, and what an entity says.
//!
//! Whether a column of Postgres is an identity column, or a computed one, is compared with the columns.

use super::columns::altered;
use super::{OnTable, Part, TableFix, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::requirements;
use crate::fingerprint::schema::{Column, Generated};
use crate::fingerprint::statement::{Phase, Statement, Work};

pub(crate) fn compare(on: &mut OnTable<'_>) {
    let wanted = on.wanted;
    let Some(key) = wanted.primary_key.columns.first() else {
        return;
    };
    if wanted.autoincrement && !on.found.autoincrement {
        counter(on, key);
    }
    sequence(on, key);
}

/// The key of an entity, or of a SQLite table, is not generated.
fn counter(on: &mut OnTable<'_>, key: &str) {
    if let Some(module) = on.module() {
        let field = on
            .wanted
            .column(key)
            .map_or("", |column| column.field.as_str());
        let fix = Fix::rust(
            format!("in the Model in {module}, instead of its {key}"),
            field,
        );
        let sides = sides(
            requirements::primary_key(true),
            requirements::primary_key(false),
        );
        on.column(key, Code::KeyNotGenerated, sides, fix);
        return;
    }
    if on.found.primary_key.columns != on.wanted.primary_key.columns {
        // It is generated with the key, which has a finding.
        return;
    }
    let fix = on.alter([], |table| table.autoincrement = true);
    let sides = sides("AUTOINCREMENT", "no AUTOINCREMENT");
    on.column(key, Code::KeyNotGenerated, sides, fix);
}

/// Compares the sequence of Postgres: the application's role may use it, and it is not behind the stored ids.
fn sequence(on: &mut OnTable<'_>, key: &str) {
    let (wanted, found) = (on.wanted, on.found);
    if let (Some(needed), Some(role)) = (&wanted.sequence, &on.required.role) {
        let name = found
            .sequence
            .as_ref()
            .map_or(&needed.name, |found| &found.name);
        if needed.usable && !found.sequence.as_ref().is_some_and(|found| found.usable) {
            let privilege = format!("USAGE ON SEQUENCE {name} TO {}", role.name);
            let sql = ddl::sequence_grant(name, &role.name);
            let fix = Fix::sql([Statement::new(Phase::AccessControl, sql)]);
            let sides = sides(&privilege, "nothing");
            on.report((Part::Named, &privilege), Code::GrantMissing, sides, fix);
        }
    }
    if let (true, Some(found)) = (wanted.sequence.is_some(), &found.sequence)
        && let (Some(next), Some(largest)) = (found.next, found.largest)
        && next <= largest
    {
        let set = Statement::new(Phase::AlterColumn, ddl::set_sequence(on.name, key));
        let fix = Fix::sql([set.doing(Work::Beside)]);
        let sides = sides(
            format!("a number above {largest}, the largest id"),
            format!("{next} is the next number"),
        );
        on.column(key, Code::SequenceBehind, sides, fix);
    }
}

/// The fix that makes a generated column an ordinary one; in a down migration also the reverse.
pub(crate) fn generation_fix<'t>(
    on: &OnTable<'_>,
    wanted: &'t Column,
    found: &Column,
) -> TableFix<'t> {
    let (table, name) = (ident::name(on.name), ident::name(&wanted.name));
    let postgres = match (&wanted.generated, &found.generated) {
        (None, Some(generated)) => make_ordinary(on.name, found, generated),
        (Some(Generated::Identity { is_always }), Some(Generated::Identity { .. })) => {
            let when = if *is_always { "ALWAYS" } else { "BY DEFAULT" };
            vec![format!(
                "ALTER TABLE {table} ALTER COLUMN {name} SET GENERATED {when}"
            )]
        }
        (Some(Generated::Identity { is_always }), None) => {
            make_identity(on.name, found, *is_always)
        }
        _ => vec![
            format!("ALTER TABLE {table} DROP COLUMN {name}"),
            format!("ALTER TABLE {table} ADD COLUMN {}", ddl::column(wanted)),
        ],
    };
    // A later SET DEFAULT needs an ordinary column.
    let phase = match wanted.generated {
        None => Phase::DropColumn,
        Some(_) => Phase::AlterColumn,
    };
    let work = match (&wanted.generated, &found.generated) {
        (None, Some(Generated::Computed { is_stored, .. })) if *is_stored => Work::Alter,
        // It is added again.
        (Some(Generated::Computed { .. }), _) | (_, Some(Generated::Computed { .. })) => {
            Work::Rewrite
        }
        _ => Work::Alter,
    };
    let postgres = postgres.into_iter();
    let postgres = postgres.map(|sql| Statement::new(phase, sql).doing(work));
    let is_computed = matches!(wanted.generated, Some(Generated::Computed { .. }));
    let is_written = found.generated.is_none() && is_computed;
    let loses = is_written.then(|| format!("the values of {}.{}", on.name, wanted.name));
    let table_fix = altered(on, wanted, postgres.collect(), |wanted, column| {
        column.generated.clone_from(&wanted.generated);
    });
    table_fix.losing(loses)
}

/// The statements that make an ordinary column of Postgres an identity column, which goes on after its values.
fn make_identity(table: &str, column: &Column, is_always: bool) -> Vec<String> {
    let (own, name) = (ident::name(table), ident::name(&column.name));
    let when = if is_always { "ALWAYS" } else { "BY DEFAULT" };
    // The sequence of a serial column belongs to the column, and would be taken for the one of the identity.
    let of_serial = column.default.is_some().then(|| {
        let body = format!(
            " DECLARE sequence text := pg_catalog.pg_get_serial_sequence({}, {}); BEGIN \
             IF sequence IS NOT NULL THEN EXECUTE 'ALTER TABLE {own} ALTER COLUMN {name} DROP DEFAULT'; \
             EXECUTE 'DROP SEQUENCE ' || sequence; END IF; END ",
            ident::text(&own),
            ident::text(&column.name),
        );
        format!("DO {}", ident::dollar_quoted(&body))
    });
    let add = format!("ALTER TABLE {own} ALTER COLUMN {name} ADD GENERATED {when} AS IDENTITY");
    let set = ddl::set_sequence(table, &column.name);
    of_serial.into_iter().chain([add, set]).collect()
}

/// The statements that make a generated column of Postgres an ordinary one and keep its values.
fn make_ordinary(table: &str, column: &Column, generated: &Generated) -> Vec<String> {
    let (table, name) = (ident::name(table), ident::name(&column.name));
    let (expression, is_stored) = match generated {
        Generated::Identity { .. } => {
            return vec![format!(
                "ALTER TABLE {table} ALTER COLUMN {name} DROP IDENTITY"
            )];
        }
        Generated::Computed {
            expression,
            is_stored,
        } => (expression, *is_stored),
    };
    let drop_expression =
        |name: &str| format!("ALTER TABLE {table} ALTER COLUMN {name} DROP EXPRESSION");
    if is_stored {
        return vec![drop_expression(&name)];
    }
    // A virtual column has no stored values: they are stored in a new column first.
    let kept = Column {
        name: format!("{}__new", column.name),
        generated: Some(Generated::Computed {
            expression: expression.clone(),
            is_stored: true,
        }),
        ..column.clone()
    };
    let new = ident::name(&kept.name);
    vec![
        format!("ALTER TABLE {table} ADD COLUMN {}", ddl::column(&kept)),
        drop_expression(&new),
        format!("ALTER TABLE {table} DROP COLUMN {name}"),
        format!("ALTER TABLE {table} RENAME COLUMN {new} TO {name}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::expression::Expression;
    use crate::model::engine::Engine;

    /// Virtual columns need Postgres 18, which the test servers may not have.
    #[test]
    fn a_virtual_column_is_stored_before_it_becomes_ordinary() {
        let generated = Generated::Computed {
            expression: Expression::scalar(Engine::Postgres, "(size * 2)"),
            is_stored: false,
        };
        let column = Column {
            name: "twice".to_owned(),
            ty: "integer".to_owned(),
            collation: None,
            nullable: false,
            default: None,
            generated: Some(generated.clone()),
            field: String::new(),
            value_type: None,
            copied: None,
        };
        assert_eq!(
            make_ordinary("things", &column, &generated),
            [
                "ALTER TABLE things ADD COLUMN twice__new integer GENERATED ALWAYS AS ((size * 2)) STORED NOT NULL",
                "ALTER TABLE things ALTER COLUMN twice__new DROP EXPRESSION",
                "ALTER TABLE things DROP COLUMN twice",
                "ALTER TABLE things RENAME COLUMN twice__new TO twice",
            ]
        );
    }
}
