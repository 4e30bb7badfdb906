//! Identifiers and string literals of SQL, quoted where needed.

pub(crate) use crate::sql::identifier as name;

/// A string literal.
pub(crate) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Identifiers, separated by commas.
pub(crate) fn names(list: &[String]) -> String {
    list.iter()
        .map(|item| name(item))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A collation, with or without its schema.
pub(crate) fn collation(collation: &str) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    match collation.split_once('.') {
        Some((schema, name)) => format!("{}.{}", quoted(schema), quoted(name)),
        None => quoted(collation),
    }
}

/// A dollar-quoted string of Postgres, with a delimiter that is not in the text.
pub(crate) fn dollar_quoted(text: &str) -> String {
    let mut quote = "$$".to_owned();
    while text.contains(&quote) {
        quote.insert(1, '_');
    }
    format!("{quote}{text}{quote}")
}

/// A role. `PUBLIC` is a keyword, not an identifier.
pub(crate) fn role(role: &str) -> String {
    match role {
        "PUBLIC" => "PUBLIC".to_owned(),
        other => name(other),
    }
}
