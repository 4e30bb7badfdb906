//! Where the names in an application's SQL are looked up.
//!
//! A name without a schema means the first one of that name on the `search_path`. The default, `"$user", public`,
//! lets whoever may create a schema called like a role put a view in front of a table, and a role or a database may
//! be set to look into `public` before `pg_catalog`. So each connection is told: the catalog, then the application's
//! schemas, then the session's temporary tables.
//!
//! The catalog is not written down. One that is not written down is searched first
//! (<https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH>), and the first one that is
//! written down is where `CREATE TABLE` makes its table.

use sqlx::postgres::PgConnectOptions;

use crate::model::error::{Error, ErrorKind, Result};

/// The name of the setting.
pub(crate) const SETTING: &str = "search_path";

/// The most bytes of a name; Postgres cuts a longer one.
const MOST_BYTES: usize = 63;

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
    /// [`Setting`](ErrorKind::Setting) if there are none, or one whose name no schema of an application can have.
    pub(crate) fn over(schemas: &[String]) -> Result<Self> {
        let mut distinct: Vec<String> = Vec::with_capacity(schemas.len());
        for schema in schemas {
            // `$user` stands for another name in quotes as well, and the names with `pg_` are Postgres's own. Line
            // breaks would end the option of the connection that carries the path.
            let is_special = schema == "$user" || schema.starts_with("pg_");
            if schema.is_empty()
                || schema.len() > MOST_BYTES
                || schema.chars().any(char::is_control)
                || is_special
            {
                return Err(no_schema(schema));
            }
            if !distinct.contains(schema) {
                distinct.push(schema.clone());
            }
        }
        if distinct.is_empty() {
            return Err(no_schema(""));
        }
        let value = format!("{}, pg_temp", listed(&distinct));
        Ok(SearchPath {
            schemas: distinct,
            value,
        })
    }

    /// The path over schemas that are separated by commas.
    ///
    /// # Errors
    /// As [`over`](Self::over), and for a quote that does not end.
    #[cfg(feature = "migrate")]
    pub(crate) fn over_list(list: &str) -> Result<Self> {
        let schemas = names(list).ok_or_else(|| no_schema(list))?;
        SearchPath::over(&schemas)
    }

    /// The schemas, in their order.
    pub(crate) fn schemas(&self) -> &[String] {
        &self.schemas
    }

    /// What the setting is set to.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// The value as a literal of SQL.
    pub(crate) fn literal(&self) -> String {
        literal(&self.value)
    }

    /// A statement that sets it for the transaction. Not a `SET`, which would spell the value in its own way.
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

/// Refuses options of a URL that set another path: one of the two would win in silence.
///
/// # Errors
/// The reason.
pub(crate) fn refuse_another(options: &PgConnectOptions) -> Result<(), String> {
    let options = options.get_options().unwrap_or_default();
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

/// The names with commas between them, each in quotes.
pub(crate) fn listed(schemas: &[String]) -> String {
    let quoted = |schema: &String| format!("\"{}\"", schema.replace('"', "\"\""));
    let quoted: Vec<String> = schemas.iter().map(quoted).collect();
    quoted.join(", ")
}

/// A text as a literal of SQL.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The names of a list; those in quotes may hold commas, and a quote as two. `None` if a quote does not end.
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
                    let (part, behind) = inside.split_once('"')?;
                    name.push_str(part);
                    match behind.strip_prefix('"') {
                        Some(behind) => {
                            name.push('"');
                            inside = behind;
                        }
                        None => {
                            rest = behind.trim_start();
                            break;
                        }
                    }
                }
                name
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (name, behind) = rest.split_at(end);
                rest = behind;
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

fn no_schema(found: &str) -> Error {
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
    fn temporary_tables_come_last_and_each_name_is_quoted() -> Result<()> {
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
    fn a_name_that_stands_for_something_else_is_refused() {
        let long = "s".repeat(MOST_BYTES + 1);
        for name in ["", "$user", "pg_catalog", "pg_temp", "a\0b", "a\nb", &long] {
            let refused = path(&["public", name]).err();
            let kind = refused.as_ref().map(Error::kind);
            assert!(matches!(kind, Some(ErrorKind::Setting { .. })), "{name}");
        }
        assert!(path(&[]).is_err());
    }

    #[cfg(feature = "migrate")]
    #[test]
    fn a_list_is_read_as_it_is_written() {
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
