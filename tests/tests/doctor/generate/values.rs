//! A column of another type: both engines end with the same values, or nothing is generated.

use catamaran::Engine;
use catamaran::domain::{Domain, PrimaryKey, Table, TableSource, TableTypes, TypedColumn};
use catamaran::testing::DatabaseOptions;
use suite::observer;

use super::{History, SO_FAR, built, generate};
use crate::databases::Migrated;

/// The table of things, with a column of this type.
fn things(ty: &'static str) -> &'static Domain {
    things_with("value", ty)
}

fn things_with(column: &'static str, ty: &'static str) -> &'static Domain {
    let types: &'static TableTypes = Box::leak(Box::new(TableTypes {
        table: "things",
        columns: vec![TypedColumn::new("id", "uuid"), TypedColumn::new(column, ty)].leak(),
    }));
    let table = Table {
        name: "things",
        columns: vec!["id", column].leak(),
        primary_key: PrimaryKey {
            name: "pk_things",
            columns: &["id"],
        },
        ..Table::BLANK
    };
    Box::leak(Box::new(Domain {
        tables: vec![table].leak(),
        sources: vec![TableSource::types(types)].leak(),
        ..Domain::BLANK
    }))
}

/// A change of type, and what becomes of a value: what SQLite and Postgres store before and after it.
struct Case {
    from: &'static str,
    to: &'static str,
    before: [&'static str; 2],
    after: [&'static str; 2],
}

const fn case(
    [from, to]: [&'static str; 2],
    before: [&'static str; 2],
    after: [&'static str; 2],
) -> Case {
    Case {
        from,
        to,
        before,
        after,
    }
}

const CASES: &[Case] = &[
    case(
        ["numeric(12,2)", "numeric(12,3)"],
        ["1250", "12.50"],
        ["12500", "12.500"],
    ),
    case(
        ["numeric(12,2)", "numeric(14,2)"],
        ["-1", "-0.01"],
        ["-1", "-0.01"],
    ),
    case(
        ["numeric(12,3)", "numeric(12,2)"],
        ["-12345", "-12.345"],
        ["-1235", "-12.35"],
    ),
    case(["bigint", "numeric(12,2)"], ["5", "5"], ["500", "5.00"]),
    case(["numeric(12,2)", "bigint"], ["1250", "12.50"], ["13", "13"]),
    case(["boolean", "text"], ["1", "true"], ["true", "true"]),
    case(["text", "boolean"], ["'false'", "'false'"], ["0", "false"]),
    case(["bigint", "text"], ["-7", "-7"], ["-7", "-7"]),
    case(
        ["date", "timestamptz"],
        ["'2024-02-29'", "'2024-02-29'"],
        ["2024-02-29T00:00:00.000000Z", "2024-02-29 00:00:00+00"],
    ),
    case(
        ["timestamptz", "date"],
        [
            "'2024-02-29T23:59:59.999999Z'",
            "'2024-02-29T23:59:59.999999Z'",
        ],
        ["2024-02-29", "2024-02-29"],
    ),
];

/// Generates the change of a column, runs it over a row with the value, and compares what becomes of it.
async fn assert_converted(one: &Case, column: &'static str) {
    let so_far = built(things(one.from)).await;
    let wanted = things_with(column, one.to);
    let generated = generate(so_far.clone(), wanted, |doctor| match column {
        "value" => doctor,
        _ => doctor.renamed("things.value", column),
    })
    .await;
    let what = format!("{} -> {} in {column}", one.from, one.to);
    let generated = generated.unwrap_or_else(|error| panic!("{what}: {error}"));
    let generated = generated.expect("a change");
    for (place, engine) in Engine::ALL.into_iter().enumerate() {
        SO_FAR.set(so_far.clone());
        let options = DatabaseOptions::new().template_contents(one.from);
        let database = match engine {
            Engine::Sqlite => options.sqlite_file::<History>().await,
            Engine::Postgres => options.postgres::<History>().await,
        };
        let database = Migrated::at(database.expect("a database")).await;
        let id = "00000000-0000-4000-8000-000000000001";
        let value = one.before[place];
        let insert = format!("INSERT INTO things (id, value) VALUES ('{id}', {value})");
        database.run(&insert).await.expect("a row");
        for sql in generated.suggestion.up(engine) {
            let ran = database.run(sql).await;
            ran.unwrap_or_else(|error| panic!("{what} on {engine}: {error}"));
        }
        let sql = format!("SELECT CAST({column} AS TEXT) FROM things");
        let values = observer::texts(&database.connection, &sql).await;
        let values = values.expect("the rows");
        assert_eq!(values, [one.after[place]], "{what} on {engine}");
    }
}

#[tokio::test]
async fn values_of_a_column_of_another_type_are_the_same_on_both_engines() {
    for one in CASES {
        assert_converted(one, "value").await;
    }
}

#[tokio::test]
async fn values_of_a_column_of_another_type_and_another_name_are_the_same_on_both_engines() {
    for one in CASES {
        assert_converted(one, "amount").await;
    }
}

#[tokio::test]
async fn a_change_of_type_that_the_engines_convert_differently_is_left_to_people() {
    for (from, to) in [
        ("text", "numeric(12,2)"),
        ("numeric(12,2)", "text"),
        ("double", "numeric(12,2)"),
        ("double", "real"),
        ("bigint", "real"),
        ("numeric(12,2)", "double"),
        // The way back: fractions of 8 bytes.
        ("real", "double"),
        ("timestamptz", "text"),
        ("json", "text"),
    ] {
        let so_far = built(things(from)).await;
        let generated = generate(so_far, things(to), |doctor| doctor).await;
        let generated = generated.unwrap_or_else(|error| panic!("{from} -> {to}: {error}"));
        let suggestion = generated.expect("something to do").suggestion;
        assert!(
            suggestion.files().is_empty(),
            "{from} -> {to}: {suggestion}"
        );
        let mut left = suggestion.by_hand.iter();
        assert!(
            left.any(|words| words.starts_with("things.value: from ")),
            "{from} -> {to}: {suggestion}"
        );
    }
}
