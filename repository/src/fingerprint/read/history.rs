//! Reads the migrations that are recorded in `seaql_migrations`, or in the table that a history has instead.

use std::collections::BTreeMap;

use super::Unreadable;
use super::fields::Row;
use crate::fingerprint::ident;
use crate::migrate::HistoryTable;
use crate::store::history_table::HISTORY;

/// The recorded migrations.
#[derive(Clone, Debug)]
pub(crate) enum Applied {
    /// The rows; empty if SeaORM never migrated the database.
    Rows(Recorded),
    /// The role may not read them.
    NotPermitted,
}

/// The rows of the history table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    /// The migrations by name, in order.
    pub(crate) names: Vec<String>,
    /// Rows with an invalid or a repeated name.
    pub(crate) odd: Vec<OddRow>,
    /// The checksums of what was applied, by name. Empty if the role may not read them.
    pub(crate) checksums: BTreeMap<String, String>,
}

/// A row that no migrator writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OddRow {
    /// Its name, escaped to one line.
    pub(crate) name: String,
    pub(crate) found: &'static str,
    /// A condition of both engines that selects the rows, if there is one.
    pub(crate) rows: Option<&'static str>,
}

/// The history in the rows of the catalog query; `None` if only [`NAMES`] can read it.
pub(super) fn in_catalog(rows: &[Row]) -> Result<Option<Applied>, Unreadable> {
    let Some(row) = rows.iter().find(|row| row.kind == "history") else {
        return Ok(Some(Applied::Rows(Recorded::default())));
    };
    Ok(match row.text(0)?.as_str() {
        "names" => Some(recorded(&row.texts(1)?)),
        "not permitted" => Some(Applied::NotPermitted),
        _ => None,
    })
}

/// Reads the history of a SQLite database that has the table. The values are hexadecimal, since they may not be text,
/// and followed by their number of rows.
pub(super) const NAMES: &str = "
    SELECT CASE typeof(version) WHEN 'null' THEN 'null' WHEN 'text' THEN 'x' ELSE 'b' END
        || coalesce(hex(CAST(version AS BLOB)), '') || ' ' || count(*)
    FROM seaql_migrations GROUP BY typeof(version), CAST(version AS BLOB)";

/// Reads the checksums of a SQLite database that has their table, as `6d31 checksum`: those whose row in the history is
/// the one that they were written with.
pub(super) const CHECKSUMS: &str = r#"
    SELECT hex(CAST(k.version AS BLOB)) || ' ' || k.checksum
    FROM "seaql_migrations_checksums" k
    JOIN "seaql_migrations" h ON h.version = k.version AND h.applied_at = k.applied_at"#;

/// A query with the table of a history instead of `seaql_migrations`.
pub(super) fn with_table(sql: &str, table: HistoryTable) -> String {
    let mut pieces = sql.split(HISTORY);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // Between quotes it is a literal or a quoted identifier already.
        match text.ends_with(['\'', '"']) {
            true => text.push_str(table.name()),
            false => text.push_str(&ident::name(table.name())),
        }
        text.push_str(piece);
    }
    text
}

/// Reads checksums from lines of [`CHECKSUMS`].
pub(super) fn checksums(lines: &[String]) -> BTreeMap<String, String> {
    let pairs = lines.iter().filter_map(|line| line.split_once(' '));
    let pairs = pairs.filter_map(|(name, checksum)| {
        let name = String::from_utf8(unhex(name)).ok()?;
        Some((name, checksum.to_owned()))
    });
    pairs.collect()
}

/// Names are shorter than this many characters.
const LONGEST: usize = 450;

/// Reads the history from values in hexadecimal: `x6d31 1`.
pub(super) fn recorded(words: &[String]) -> Applied {
    let mut recorded = Recorded::default();
    for word in words {
        let (value, count) = word.split_once(' ').unwrap_or((word, "1"));
        let text = value.strip_prefix('x').map(unhex);
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
        let odd = |name: &str, found, rows| OddRow {
            name: name.to_owned(),
            found,
            rows,
        };
        recorded.odd.extend(match &text {
            None if value.starts_with("null") => {
                Some(odd("NULL", "a row without a name", Some("version IS NULL")))
            }
            None => Some(odd(value, "a name that is not text", None)),
            Some(name) if name.is_empty() => Some(odd("''", "an empty name", Some("version = ''"))),
            Some(name) if name.chars().any(char::is_control) => Some(odd(
                &name.escape_debug().to_string(),
                "a name with control characters",
                None,
            )),
            Some(name) if name.chars().count() >= LONGEST => {
                let begin: String = name.chars().take(40).collect();
                Some(odd(&format!("{begin}.."), "a name that is too long", None))
            }
            Some(name) if count != "1" => Some(odd(name, "more than one row of this name", None)),
            Some(_) => None,
        });
        let is_name = |name: &String| {
            let is_long = name.chars().count() >= LONGEST;
            !name.is_empty() && !is_long && !name.chars().any(char::is_control)
        };
        recorded.names.extend(text.filter(is_name));
    }
    recorded.names.sort();
    Applied::Rows(recorded)
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    let pairs = pairs.filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs
        .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
        .collect()
}

/// The reason if the role may not read the history.
pub(crate) fn not_permitted(table: HistoryTable) -> String {
    format!(
        "the role may not read which migrations are applied; grant it SELECT on {}",
        ident::name(table.name())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_history_row_does_not_hide_the_other_rows() {
        let words = [
            "x6d32 1", "x 1", "null 1", "bff00 1", "x6d31 2", "xff 1", "x6d0a 1",
        ];
        let Applied::Rows(recorded) = recorded(&words.map(str::to_owned)) else {
            panic!("rows");
        };
        assert_eq!(recorded.names, ["m1", "m2"]);
        let odd: Vec<&str> = recorded.odd.iter().map(|odd| odd.name.as_str()).collect();
        assert_eq!(odd, ["''", "NULL", "bff00", "m1", "xff", "m\\n"]);
    }

    #[test]
    fn the_table_of_a_history_is_quoted_where_a_query_names_it() {
        let table = HistoryTable::named("order").expect("a name");
        for (sql, expected) in [
            ("FROM seaql_migrations h", "FROM \"order\" h"),
            ("= 'seaql_migrations'", "= 'order'"),
            ("'DROP TABLE seaql_migrations'", "'DROP TABLE \"order\"'"),
            ("= 'seaql_migrations_checksums'", "= 'order_checksums'"),
            ("\"seaql_migrations_checksums\"", "\"order_checksums\""),
        ] {
            assert_eq!(with_table(sql, table), expected);
        }
        assert_eq!(with_table(NAMES, HistoryTable::default()), NAMES);
    }
}
