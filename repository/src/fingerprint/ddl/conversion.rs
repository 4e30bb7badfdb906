//! How SQLite converts the values of a column whose type changes, so that it has the same values as Postgres.
//!
//! Both engines store a type in a form of their own: a decimal is a number of Postgres and a count of its smallest unit in
//! SQLite. So the types of Postgres say what the values mean.

use super::types::Type;

/// The expression of SQLite for the values of a column, whose type on Postgres was `from` and becomes `to`. It is the column
/// itself if both types have the same form, or if SQLite refuses what it would store otherwise.
///
/// `None` if SQLite has no expression for what the cast of Postgres gives.
pub(crate) fn expression(column: &str, from: &str, to: &str) -> Option<String> {
    let (from, to) = (Type::read(from), Type::read(to));
    if let (Some(before), Some(after)) = (scale(&from), scale(&to)) {
        return Some(scaled(column, before, after));
    }
    let is = |ty: &Type<'_>, names: &[&str]| names.contains(&ty.name);
    let is_float = |ty: &Type<'_>| is(ty, &["real", "double precision"]);
    let has_text_form = |ty: &Type<'_>| ty.is_text() || is(ty, &["uuid"]);
    match (from.name, to.name) {
        // A number of SQLite has 8 bytes. Few of these are numbers of 4 bytes, and SQLite does not round to one.
        (before, "real") if !matches!(before, "real" | "smallint") => None,
        ("boolean", _) if to.is_text() => Some(format!(
            "CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
        )),
        (_, "boolean") if from.is_text() => Some(format!(
            "CASE {column} WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE {column} END"
        )),
        ("date", "timestamp") => Some(format!("{column} || 'T00:00:00.000000Z'")),
        ("timestamp", "date") => Some(format!("substr({column}, 1, instr({column}, 'T') - 1)")),
        (before, after) if before == after && before != "numeric" => Some(column.to_owned()),
        ("json", "jsonb") | ("jsonb", "json") => Some(column.to_owned()),
        _ if has_text_form(&from) && has_text_form(&to) => Some(column.to_owned()),
        _ if from.is_whole() && (is_float(&to) || to.is_text()) => Some(column.to_owned()),
        _ if from.is_text() && (to.is_whole() || is_float(&to)) => Some(column.to_owned()),
        _ if is_float(&from) && (to.is_whole() || is_float(&to)) => Some(column.to_owned()),
        _ if from.is_text() && is(&to, &["date", "timestamp", "json", "jsonb"]) => {
            Some(column.to_owned())
        }
        ("boolean", _) | (_, "boolean") if from.is_whole() || to.is_whole() => {
            Some(column.to_owned())
        }
        _ => None,
    }
}

/// The digits after the point that are stored, if the type is a number that SQLite stores as a whole one.
fn scale(ty: &Type<'_>) -> Option<u32> {
    match ty.name {
        _ if ty.is_whole() => Some(0),
        "numeric" => {
            let (_, scale) = ty.bounds?.split_once(',')?;
            scale.trim().parse().ok()
        }
        _ => None,
    }
}

/// Both with as many digits after the point as said. Postgres rounds half away from zero.
fn scaled(column: &str, before: u32, after: u32) -> String {
    if after >= before {
        return match unit(after - before) {
            1 => column.to_owned(),
            unit => format!("{column} * {unit}"),
        };
    }
    let unit = unit(before - after);
    let half = unit / 2;
    format!("({column} + CASE WHEN {column} < 0 THEN -{half} ELSE {half} END) / {unit}")
}

/// The library's decimals have at most 18 digits.
fn unit(digits: u32) -> u64 {
    10_u64.saturating_pow(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_sqlite_become_what_postgres_casts_to() {
        for (from, to, sql) in [
            ("numeric(12,2)", "numeric(12,3)", "x * 10"),
            ("numeric(12,2)", "numeric(14,2)", "x"),
            (
                "numeric(12,3)",
                "numeric(12,2)",
                "(x + CASE WHEN x < 0 THEN -5 ELSE 5 END) / 10",
            ),
            ("bigint", "numeric(12,2)", "x * 100"),
            (
                "numeric(12,2)",
                "integer",
                "(x + CASE WHEN x < 0 THEN -50 ELSE 50 END) / 100",
            ),
            ("integer", "bigint", "x"),
            ("integer", "text", "x"),
            ("text", "jsonb", "x"),
            (
                "boolean",
                "text",
                "CASE x WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
            ),
            (
                "date",
                "timestamp with time zone",
                "x || 'T00:00:00.000000Z'",
            ),
            (
                "timestamp with time zone",
                "date",
                "substr(x, 1, instr(x, 'T') - 1)",
            ),
        ] {
            assert_eq!(
                expression("x", from, to).as_deref(),
                Some(sql),
                "{from} {to}"
            );
        }
        for (from, to) in [
            ("numeric(12,2)", "text"),
            ("text", "numeric(12,2)"),
            ("double precision", "numeric(12,2)"),
            ("double precision", "text"),
            ("double precision", "real"),
            ("numeric(12,2)", "double precision"),
            ("integer", "real"),
            ("text", "real"),
            ("timestamp with time zone", "text"),
            ("jsonb", "text"),
            ("bytea", "text"),
            ("numeric", "numeric(12,2)"),
        ] {
            assert_eq!(expression("x", from, to), None, "{from} {to}");
        }
    }
}
