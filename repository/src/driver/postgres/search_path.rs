//! The `search_path`, which each connection sets.
//!
//! A name without a schema is looked up along the `search_path`. With the default, `"$user", public`, a user who may
//! create a schema with the name of a role can put a view in front of a table. A role or a database may also have a
//! setting with `public` before `pg_catalog`. So each connection sets this order: the catalog, the application's
//! schemas, the session's temporary tables.
//!
//! The value omits the catalog. If it is omitted, it is searched first
//! (<https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH>), and `CREATE TABLE` uses the
//! first schema in the value.

use sqlx::postgres::PgConnectOptions;

use super::server::Server;
#[cfg(feature = "migrate")]
use crate::driver::DEFAULT_SCHEMA;
use crate::model::error::{Error, ErrorKind, Result};

/// The name of the setting.
pub(crate) const SETTING: &str = "search_path";

/// The maximum length of a name in bytes. Postgres truncates longer ones.
const MAX_BYTES: usize = 63;

/// The value of `search_path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SearchPath {
    schemas: Vec<String>,
    value: String,
}

impl SearchPath {
    /// The path over these schemas.
    ///
    /// # Errors
    /// [`Setting`](ErrorKind::Setting) if the list is empty, or has a name that is reserved or invalid.
    pub(crate) fn over(schemas: &[String]) -> Result<Self> {
        let mut distinct: Vec<String> = Vec::with_capacity(schemas.len());
        for schema in schemas {
            // `$user` is replaced by a role name even in quotes, and names with `pg_` are reserved. A line break would
            // end the connection option that carries the path.
            let is_special = schema == "$user" || schema.starts_with("pg_");
            if schema.is_empty()
                || schema.len() > MAX_BYTES
                || schema.chars().any(char::is_control)
                || is_special
            {
                return Err(invalid_schemas(schema));
            }
            if !distinct.contains(schema) {
                distinct.push(schema.clone());
            }
        }
        if distinct.is_empty() {
            return Err(invalid_schemas(""));
        }
        let value = format!("{}, pg_temp", listed(&distinct));
        Ok(SearchPath {
            schemas: distinct,
            value,
        })
    }

    /// The path over a list of schemas, separated by commas. An empty list, as that of an empty variable, is that of the
    /// default schema.
    ///
    /// # Errors
    /// As [`over`](Self::over), and for an unclosed quote.
    #[cfg(feature = "migrate")]
    pub(crate) fn over_list(list: &str) -> Result<Self> {
        if list.trim().is_empty() {
            return SearchPath::over(&[DEFAULT_SCHEMA.to_owned()]);
        }
        let schemas = names(list).ok_or_else(|| invalid_schemas(list))?;
        SearchPath::over(&schemas)
    }

    /// The schemas, in order.
    pub(crate) fn schemas(&self) -> &[String] {
        &self.schemas
    }

    /// The value of the setting.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// The value as an SQL literal.
    pub(crate) fn literal(&self) -> String {
        literal(&self.value)
    }

    /// A statement that sets it for the transaction. It is no `SET`, because that normalises the value.
    pub(crate) fn set_locally(&self) -> String {
        self.set(true)
    }

    /// A statement that sets it for the session.
    #[cfg(feature = "migrate")]
    pub(crate) fn set_for_session(&self) -> String {
        self.set(false)
    }

    fn set(&self, locally: bool) -> String {
        let value = self.literal();
        format!("SELECT pg_catalog.set_config('{SETTING}', {value}, {locally})")
    }
}

/// Checks that the options of a URL set no other path, since one of the two would silently win.
///
/// # Errors
/// What to do instead.
pub(crate) fn refuse_another(server: &Server) -> Result<(), String> {
    let options = server.options().and_then(PgConnectOptions::get_options);
    let options = options.unwrap_or_default();
    // `--search-path=..` is the same as `-c search_path=..`.
    let names = options.to_ascii_lowercase().replace('-', "_");
    match names.contains(SETTING) {
        false => Ok(()),
        true => Err(
            "its options (or PGOPTIONS) set search_path: name the application's schemas with StoreOptions::schemas, \
             ConnectOptions::schema or --database-schema instead"
                .to_owned(),
        ),
    }
}

/// The names in quotes, separated by commas.
pub(crate) fn listed(schemas: &[String]) -> String {
    let quoted = |schema: &String| format!("\"{}\"", schema.replace('"', "\"\""));
    let quoted: Vec<String> = schemas.iter().map(quoted).collect();
    quoted.join(", ")
}

/// A text as an SQL literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The names of a list. A name in quotes may contain commas and doubled quotes. `None` if a quote is not closed.
#[cfg(feature = "migrate")]
fn names(list: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = list.trim();
    loop {
        let name = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut name = String::new();
                let mut inside = quoted;
                loop {
                    let (part, after) = inside.split_once('"')?;
                    name.push_str(part);
                    match after.strip_prefix('"') {
                        Some(after) => {
                            name.push('"');
                            inside = after;
                        }
                        None => {
                            rest = after.trim_start();
                            break;
                        }
                    }
                }
                name
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                rest = after;
                name.trim_end().to_owned()
            }
        };
        names.push(name);
        if rest.is_empty() {
            return Some(names);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

fn invalid_schemas(found: &str) -> Error {
    ErrorKind::Setting {
        name: SETTING,
        wanted: "a list of the application's schemas".to_owned(),
        found: format!("\"{found}\""),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(schemas: &[&str]) -> Result<SearchPath> {
        let schemas: Vec<String> = schemas.iter().map(|schema| (*schema).to_owned()).collect();
        SearchPath::over(&schemas)
    }

    #[test]
    fn the_search_path_quotes_each_schema_and_ends_with_temporary_tables() -> Result<()> {
        assert_eq!(path(&["public"])?.value(), r#""public", pg_temp"#);
        let odd = path(&["Ada's", r#"a", "b"#, "Ada's"])?;
        assert_eq!(odd.value(), r#""Ada's", "a"", ""b", pg_temp"#);
        assert_eq!(
            odd.set_locally(),
            r#"SELECT pg_catalog.set_config('search_path', '"Ada''s", "a"", ""b", pg_temp', true)"#
        );
        Ok(())
    }

    #[test]
    fn a_search_path_refuses_reserved_and_invalid_names() {
        let long = "s".repeat(MAX_BYTES + 1);
        for name in ["", "$user", "pg_catalog", "pg_temp", "a\0b", "a\nb", &long] {
            let refused = path(&["public", name]).err();
            let kind = refused.as_ref().map(Error::kind);
            assert!(matches!(kind, Some(ErrorKind::Setting { .. })), "{name}");
        }
        assert!(path(&[]).is_err());
    }

    #[cfg(feature = "migrate")]
    #[test]
    fn a_list_of_schemas_round_trips() {
        let read = |list: &str| names(list).unwrap_or_default();
        assert_eq!(read("public"), ["public"]);
        assert_eq!(read(" App , extensions"), ["App", "extensions"]);
        assert_eq!(read(r#""a, ""b""","c" "#), [r#"a, "b""#, "c"]);
        assert_eq!(read("a,,b"), ["a", "", "b"]);
        let odd = vec!["x\"y".to_owned(), "a,b".to_owned(), " s ".to_owned()];
        assert_eq!(read(&listed(&odd)), odd);
        for broken in [r#""a"#, r#""a"b"#] {
            assert_eq!(names(broken), None, "{broken}");
        }
    }
}
