//! `docs/src/engines.md`: how the engines differ, generated from [`Capabilities`], the type matrix and the table
//! of faults in `docs/src/errors.md`, which a suite compares with what the databases return.
//!
//! `CATAMARAN_WRITE_DOCS=1 cargo test -p suite --all-features --test conformance engines_page` writes the page.

use std::fmt::Write;

use catamaran::{Capabilities, Engine};
use suite::generated::type_table;

/// The name of each field of the capabilities, with its value.
fn fields(capabilities: Capabilities) -> Vec<(String, String)> {
    let shown = format!("{capabilities:#?}");
    let field = |line: &str| {
        let (name, value) = line.trim().trim_end_matches(',').split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    shown.lines().filter_map(field).collect()
}

/// The question that a field answers.
fn question(field: &str) -> &'static str {
    match field {
        "writers" => "How many units of work write at the same time?",
        "isolation" => "How is a unit that writes isolated by default?",
        "locks" => "What does a lock hold against other writers?",
        "statement_clock" => "Who enforces the statement timeout?",
        "row_level_security" => "Does the database itself separate owners?",
        "ends_idle_units" => "Does the database end a unit that idles for the statement timeout?",
        "migrations_block_readers" => "Does a migration block readers of its tables?",
        "in_memory" => "Can a store keep its database in memory?",
        other => panic!("`engines_page::question` does not describe the capability {other}"),
    }
}

/// What a value of a field means to a caller.
fn meaning(field: &str, value: &str) -> &'static str {
    match (field, value) {
        ("writers", "One") => "One. Others wait in the order in which they came.",
        ("writers", "Many") => "As many as there are connections, on different rows.",
        ("isolation", "Serializable") => "Serializable.",
        ("isolation", "ReadCommitted") => "Read committed. `serializable()` asks for more.",
        ("locks", "Database") => "The database, from the beginning of the unit.",
        ("locks", "Rows") => "The locked rows.",
        ("statement_clock", "Library") => "The library. A wait for a lock is not cut short.",
        ("statement_clock", "Server") => "The server. A wait for a lock counts.",
        ("row_level_security", "false") => "No. Every statement has the owner's predicate.",
        ("row_level_security", "true") => "Yes. Every statement also has the owner's predicate.",
        ("ends_idle_units", "true") => "Yes. The next call is `ConnectionLost`.",
        ("migrations_block_readers", "true") => "Yes, for at most the reader's `lock_timeout`.",
        ("in_memory", "true") => "Yes, for one store.",
        (_, "false") => "No.",
        _ => panic!("`engines_page::meaning` does not describe {field} = {value}"),
    }
}

fn capabilities() -> String {
    let mut text = String::from(
        "| `Capabilities` | question | SQLite | Postgres |\n| --- | --- | --- | --- |\n",
    );
    let sqlite = fields(Engine::Sqlite.capabilities());
    let postgres = fields(Engine::Postgres.capabilities());
    for ((field, here), (_, there)) in sqlite.iter().zip(&postgres) {
        let (here, there) = (meaning(field, here), meaning(field, there));
        // Writing to a `String` does not fail.
        let _ = writeln!(
            text,
            "| `{field}` | {} | {here} | {there} |",
            question(field)
        );
    }
    text
}

/// The rows of the table of faults, each as its cells.
fn faults(errors: &str) -> Vec<Vec<&str>> {
    errors
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells.len() == 6 && cells[1].starts_with('`'))
        .collect()
}

/// The faults that one engine lacks, with the reason. `errors` is the text of the page that lists every fault.
fn one_sided(errors: &str) -> String {
    let mut text = String::from("| fault | kind | only on | reason |\n| --- | --- | --- | --- |\n");
    for cells in faults(errors) {
        let reason = |cell: &str| Some(cell.strip_prefix("– (")?.strip_suffix(')')?.to_owned());
        let (engine, reason) = match (reason(cells[2]), reason(cells[3])) {
            (Some(reason), None) => ("SQLite", reason),
            (None, Some(reason)) => ("Postgres", reason),
            _ => continue,
        };
        // Writing to a `String` does not fail.
        let _ = writeln!(
            text,
            "| {} | {} | {engine} | {reason} |",
            cells[0], cells[1]
        );
    }
    text
}

/// The kinds that each engine reports by codes of its own, with these codes.
fn codes(errors: &str) -> String {
    let mut text = String::from("| kind | SQLSTATE | SQLite |\n| --- | --- | --- |\n");
    let mut rows: Vec<(&str, Vec<String>, Vec<String>)> = Vec::new();
    for cells in faults(errors) {
        let index = rows.iter().position(|(kind, ..)| *kind == cells[1]);
        let index = index.unwrap_or_else(|| {
            rows.push((cells[1], Vec::new(), Vec::new()));
            rows.len() - 1
        });
        let (_, postgres, sqlite) = &mut rows[index];
        for (cell, codes) in [(cells[2], postgres), (cells[3], sqlite)] {
            for code in cell.split('`').skip(1).step_by(2).map(str::to_owned) {
                if !codes.contains(&code) {
                    codes.push(code);
                }
            }
        }
    }
    for (kind, postgres, sqlite) in rows {
        let listed = |codes: &[String]| match codes {
            [] => "–".to_owned(),
            codes => codes
                .iter()
                .map(|code| format!("`{code}`"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        if !(postgres.is_empty() && sqlite.is_empty()) {
            // Writing to a `String` does not fail.
            let _ = writeln!(
                text,
                "| {kind} | {} | {} |",
                listed(&postgres),
                listed(&sqlite)
            );
        }
    }
    text
}

/// The page, given the text of `errors.md`.
pub fn page(errors: &str) -> String {
    format!(
        "{HEAD}\n{}{TYPES}\n{}{CODES}\n{}{ONE_SIDED}\n{}{TAIL}",
        capabilities(),
        type_table(|native| native.form.map_or("", |_| ", check").to_owned()),
        codes(errors),
        one_sided(errors)
    )
}

const HEAD: &str = "\
# How the engines differ

The same call returns the same values, in the same order, with the same kind of error, on both engines. This page lists
the differences that a caller can still notice. It is generated from the code, and a test fails when it is out of date
(`tests/tests/conformance/engines_page.rs`).

## Behaviour

`store.engine().capabilities()` returns a `Capabilities`, with one field for each difference.
`tests/tests/conformance/capabilities.rs` has a test for each.
";

const TYPES: &str = "
## Types

A record has one type for each field. Each engine stores it in its own column type. Where a column type accepts more
values than the record's, a check narrows it; [the doctor](doctor.md#the-matrix-of-types) has the checks.

Text, bytes and json have at most 1 MiB, or what `#[record(max_bytes = ..)]` says, up to 64 MiB, and 16 MiB for json. The
engines allow about 1 GB for a value, and Postgres 256 MiB for a `jsonb`. [Lengths](errors.md#lengths) has all limits.
";

const CODES: &str = "
## Codes of errors

Callers branch on `ErrorKind`, which is the same on both engines. `Error::code` has the database's own code.
[Errors](errors.md) says what to do for each kind. A dash means that no code of this engine was met in the suites.
";

const ONE_SIDED: &str = "
## Faults of one engine

The suites can cause these on one engine only. The reason is about the other one.
";

const TAIL: &str = "
## What is the same on purpose

- Text sorts by code point: `COLLATE \"C\"` on Postgres, `BINARY` on SQLite.
- NULL sorts last when ascending and first when descending.
- Instants have microseconds. The library's clock sets them, not the database's.
- A text that exceeds Postgres's index limit is refused on SQLite as well; see [Lengths](errors.md#lengths).
- `contains_ignore_ascii_case` folds ASCII letters only, because SQLite folds no others.
";

#[cfg(test)]
mod tests {
    use super::{fields, one_sided, page};
    use suite::generated::{assert_page, read_page};

    #[test]
    fn the_page_about_the_engines_is_generated_from_the_code() {
        assert_page("engines.md", &page(&read_page("errors.md")));
    }

    #[test]
    fn every_capability_differs_between_the_engines() {
        let of = |engine: catamaran::Engine| fields(engine.capabilities());
        let pairs = of(catamaran::Engine::Sqlite)
            .into_iter()
            .zip(of(catamaran::Engine::Postgres));
        let same: Vec<_> = pairs.filter(|(here, there)| here == there).collect();
        assert!(same.is_empty(), "not a difference: {same:?}");
    }

    #[test]
    fn a_fault_that_one_engine_lacks_is_listed_with_its_reason() {
        let errors = "| A fault | `Kind` | `42501` | – (a file has no roles) | no | refuse |\n\
                      | Another | `Kind` | `23505` | `2067` | no | refuse |\n";
        let table = one_sided(errors);
        assert!(
            table.ends_with("| A fault | `Kind` | Postgres | a file has no roles |\n"),
            "{table}"
        );
        assert!(!table.contains("Another"), "{table}");
    }
}
