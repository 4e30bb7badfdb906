//! SQL that a script names, as in `CHECK (catamaran_v1.uuid(id))` and `CALL catamaran_v1.create_application_role(app)`.
//!
//! The name has a version, and the text of a version never changes: a new release of the library sends the same text for
//! the same script, and computes the same checksum.

mod v1;

use std::borrow::Cow;

use crate::model::engine::Engine;
use crate::sql::custom::calls;
#[cfg(feature = "doctor")]
use crate::sql::identifier;

const PREFIX: &str = "catamaran_v";

/// The text with the SQL that it names.
///
/// # Errors
/// The first name that cannot be replaced, and why.
pub(super) fn expanded(engine: Engine, text: &str) -> Result<Cow<'_, str>, String> {
    let mut expanded = String::new();
    let mut from = 0;
    for call in calls(engine, text) {
        let Some(version) = call.schema.strip_prefix(PREFIX) else {
            continue;
        };
        let sql = match version {
            "1" if call.is_statement => v1::statement(engine, &call.function, &call.arguments),
            "1" => v1::sql(engine, &call.function, &call.arguments),
            _ => Err("is of a version that this library does not have".to_owned()),
        };
        let sql = sql.map_err(|reason| format!("{}.{} {reason}", call.schema, call.function))?;
        expanded.push_str(&text[from..call.span.start]);
        expanded.push_str(&sql);
        from = call.span.end;
    }
    if from == 0 {
        return Ok(text.into());
    }
    expanded.push_str(&text[from..]);
    Ok(expanded.into())
}

/// The statement that creates the application's role, makes the current role a member, and lets it use the schema.
#[cfg(feature = "fingerprint")]
pub(crate) fn create_application_role(role: &str) -> String {
    v1::create_application_role(role)
}

/// The text with names instead of what they stand for. [`expanded`] gives the same text again.
#[cfg(feature = "doctor")]
pub(crate) fn abbreviated(engine: Engine, text: &str) -> Cow<'_, str> {
    let short = match v1::role_created_by(text) {
        Some(role) => format!(
            "CALL catamaran_v1.create_application_role({})",
            identifier(&role)
        ),
        None => with_named_checks(engine, text).replace(v1::CALLER, "catamaran_v1.caller()"),
    };
    match expanded(engine, &short) {
        Ok(same) if same == text => short.into(),
        _ => text.into(),
    }
}

#[cfg(feature = "doctor")]
fn with_named_checks(engine: Engine, text: &str) -> String {
    const CHECK: &str = "CHECK (";
    let mut short = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(CHECK) {
        let (before, condition) = rest.split_at(at + CHECK.len());
        short.push_str(before);
        let name = v1::checks(engine).find_map(|(name, arguments, template)| {
            let column = column(condition, &template)?;
            let length = template.replace("{c}", column).len();
            Some((format!("catamaran_v1.{name}({column}{arguments})"), length))
        });
        rest = match name {
            Some((call, length)) => {
                short.push_str(&call);
                &condition[length..]
            }
            None => condition,
        };
    }
    short.push_str(rest);
    short
}

/// The column of a condition in parentheses, if it is what the template says of a column.
#[cfg(feature = "doctor")]
fn column<'t>(condition: &'t str, template: &str) -> Option<&'t str> {
    let (before, _) = template.split_once("{c}")?;
    let rest = condition.strip_prefix(before)?;
    let length = match rest.strip_prefix('"') {
        Some(quoted) => quoted.find('"')? + 2,
        None => rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?,
    };
    let column = rest.get(..length).filter(|column| !column.is_empty())?;
    let whole = format!("{})", template.replace("{c}", column));
    condition.starts_with(&whole).then_some(column)
}

#[cfg(test)]
mod tests;
