//! The effect of a type change on the values of a column.

use super::types::Type;
use crate::model::engine::Engine;

const FRACTION: &str = "fractions of numbers";
const LAST_DIGITS: &str = "the last digits of long numbers";
const SPELLING: &str = "the spelling of numbers ('007' becomes 7)";

/// The information that a fix's cast loses, if any. A value that cannot be cast makes the fix fail, and nothing is
/// lost.
pub(crate) fn of_another_type(engine: Engine, from: &str, to: &str) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => sqlite(from, to),
        Engine::Postgres => postgres(&Type::read(from), &Type::read(to)),
    }
}

fn sqlite(from: &str, to: &str) -> Option<&'static str> {
    match (from, to) {
        ("TEXT", "INTEGER" | "INT" | "REAL") => Some(SPELLING),
        ("INTEGER" | "INT", "REAL") | ("REAL", "TEXT") => Some(LAST_DIGITS),
        _ => None,
    }
}

/// The cast of a column's values on Postgres; `None` if there is none.
///
/// Times are read and written in UTC, so that the result does not depend on the session's time zone.
pub(crate) fn cast(column: &str, from: &str, to: &str) -> Option<String> {
    let (found, wanted) = (Type::read(from), Type::read(to));
    let is_instant = |ty: &Type<'_>| ty.name == "timestamp" && ty.with_zone;
    let is_time = |ty: &Type<'_>| matches!(ty.name, "timestamp" | "date");
    Some(match (found.name, wanted.name) {
        ("timestamp", _) if !found.with_zone && is_instant(&wanted) => {
            format!("{column} AT TIME ZONE 'UTC'")
        }
        ("date", _) if is_instant(&wanted) => {
            format!("{column}::timestamp AT TIME ZONE 'UTC'")
        }
        (_, "timestamp" | "date" | "time") if is_instant(&found) && !is_instant(&wanted) => {
            format!("({column} AT TIME ZONE 'UTC')::{to}")
        }
        (_, "boolean") if found.is_number() => format!("{column} <> 0"),
        ("boolean", _) if wanted.is_number() => format!("{column}::integer::{to}"),
        _ if found.name == wanted.name || found.is_text() || wanted.is_text() => {
            format!("{column}::{to}")
        }
        _ if found.is_number() && wanted.is_number() || is_time(&found) && is_time(&wanted) => {
            format!("{column}::{to}")
        }
        ("timestamp", "time") | ("json", "jsonb") | ("jsonb", "json") => format!("{column}::{to}"),
        _ => return None,
    })
}

fn postgres(from: &Type<'_>, to: &Type<'_>) -> Option<&'static str> {
    if from == to {
        return None;
    }
    let is_narrower = to.is_narrower(from);
    match (from.name, to.name) {
        ("double precision" | "real" | "numeric", _) if to.is_whole() => Some(FRACTION),
        ("numeric", "numeric") if is_narrower => Some(FRACTION),
        ("double precision" | "real", "numeric") => Some(LAST_DIGITS),
        ("numeric" | "double precision" | "bigint", "real")
        | ("numeric" | "bigint", "double precision")
        | ("integer", "real") => Some(LAST_DIGITS),
        (_, "boolean") if from.is_number() => Some("the values of numbers (all but 0 become true)"),
        ("timestamp", "date") => Some("the time of day"),
        ("timestamp", "time") => Some("the date"),
        ("timestamp", "timestamp") if from.with_zone && !to.with_zone => {
            Some("the zone (a time is written as in UTC)")
        }
        ("timestamp", "timestamp") | ("time", "time") if is_narrower => {
            Some("fractions of seconds")
        }
        (_, "character varying" | "character") if is_narrower => {
            Some("what exceeds the length of the type")
        }
        ("character", "text" | "character varying") => Some("spaces at the end of texts"),
        (_, "boolean") if from.is_text() => Some("the spelling of booleans ('yes' becomes true)"),
        (_, "timestamp") if from.is_text() && to.with_zone => {
            Some("the zone in which a time was written")
        }
        _ if from.is_text() && to.is_number() => Some(SPELLING),
        ("bytea", _) if to.is_text() => {
            Some("the text in the bytes (they are written in hexadecimal)")
        }
        ("json", "jsonb") => Some("the spaces and the order of keys"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cast_depends_on_the_time_zone_of_a_session() {
        let cast = |from, to| cast("x", from, to);
        let (instant, local) = ("timestamp with time zone", "timestamp without time zone");
        for (from, to, sql) in [
            (local, instant, "x AT TIME ZONE 'UTC'"),
            (
                "timestamp(3) without time zone",
                "timestamp(3) with time zone",
                "x AT TIME ZONE 'UTC'",
            ),
            ("date", instant, "x::timestamp AT TIME ZONE 'UTC'"),
            (instant, "date", "(x AT TIME ZONE 'UTC')::date"),
            (
                "timestamp(3) with time zone",
                local,
                "(x AT TIME ZONE 'UTC')::timestamp without time zone",
            ),
            (
                "timestamp(3) with time zone",
                instant,
                "x::timestamp with time zone",
            ),
            (instant, "text", "x::text"),
            ("smallint", "boolean", "x <> 0"),
            ("boolean", "bigint", "x::integer::bigint"),
            ("date", local, "x::timestamp without time zone"),
        ] {
            assert_eq!(cast(from, to).as_deref(), Some(sql), "{from} {to}");
        }
        for (from, to) in [
            ("bigint", instant),
            ("date", "boolean"),
            ("uuid", "bigint"),
            ("jsonb", "boolean"),
        ] {
            assert_eq!(cast(from, to), None, "{from} {to}");
        }
    }

    #[test]
    fn a_loss_is_reported_exactly_where_a_type_change_loses_data() {
        let postgres = |from, to| of_another_type(Engine::Postgres, from, to);
        for (from, to) in [
            ("double precision", "bigint"),
            ("numeric(10,2)", "integer"),
            ("numeric", "numeric(10,2)"),
            ("numeric", "double precision"),
            ("double precision", "real"),
            ("integer", "boolean"),
            ("timestamp with time zone", "date"),
            ("timestamp with time zone", "timestamp without time zone"),
            ("timestamp with time zone", "timestamp(0) with time zone"),
            ("text", "character varying(64)"),
            ("character varying(64)", "character varying(8)"),
            ("character(3)", "text"),
            ("json", "jsonb"),
        ] {
            assert!(postgres(from, to).is_some(), "{from} {to}");
        }
        for (from, to) in [
            ("bigint", "integer"),
            ("integer", "bigint"),
            ("text", "uuid"),
            ("uuid", "text"),
            ("timestamp without time zone", "timestamp with time zone"),
            ("character varying(64)", "text"),
            ("character varying(8)", "character varying(64)"),
            ("numeric(10,2)", "numeric(12,2)"),
            ("boolean", "integer"),
            ("jsonb", "text"),
            ("date", "timestamp with time zone"),
        ] {
            assert_eq!(postgres(from, to), None, "{from} {to}");
        }
        let sqlite = |from, to| of_another_type(Engine::Sqlite, from, to);
        assert!(sqlite("TEXT", "INTEGER").is_some());
        assert_eq!(sqlite("REAL", "INTEGER"), None);
        assert_eq!(sqlite("INTEGER", "TEXT"), None);
    }
}
