//! The types of columns in version 1: how each is stored on each engine, and read again. A migration that was released
//! relies on it, so these texts never change.

use catamaran::migrate::data::v1::{DateTime, JsonValue, NaiveDate, NaiveTime, Numeric, Utc, Uuid};
use catamaran::migrate::up;

use super::*;
use crate::support::given::twins;

twins!(each_type_is_stored_as_ever_and_read_again);

const COLUMNS: [&str; 14] = [
    "c_uuid",
    "c_text",
    "c_bool",
    "c_i16",
    "c_i32",
    "c_i64",
    "c_f32",
    "c_f64",
    "c_time",
    "c_date",
    "c_time_of_day",
    "c_bytes",
    "c_json",
    "c_numeric",
];

const SQLITE: [&str; 14] = [
    "TEXT", "TEXT", "INTEGER", "INTEGER", "INTEGER", "INTEGER", "REAL", "REAL", "TEXT", "TEXT",
    "TEXT", "BLOB", "TEXT", "INTEGER",
];

const POSTGRES: [&str; 14] = [
    "uuid",
    "text",
    "boolean",
    "smallint",
    "integer",
    "bigint",
    "real",
    "double precision",
    "timestamptz",
    "date",
    "time",
    "bytea",
    "jsonb",
    "numeric(12,2)",
];

/// As SQLite stores them.
const STORED_ON_SQLITE: [&str; 14] = [
    "0198c0de-0000-7000-8000-000000000001",
    "é'\"$1?",
    "1",
    "-7",
    "70000",
    "9007199254740993",
    "0.5",
    "0.1",
    "2026-01-02T03:04:05.678901Z",
    "2026-02-28",
    "23:59:59.000001",
    "x'00ff'",
    "{\"a\":[1,null],\"b\":\"c\"}",
    "-1250",
];

/// As Postgres prints them.
const STORED_ON_POSTGRES: [&str; 14] = [
    "0198c0de-0000-7000-8000-000000000001",
    "é'\"$1?",
    "true",
    "-7",
    "70000",
    "9007199254740993",
    "0.5",
    "0.1",
    "2026-01-02 03:04:05.678901+00",
    "2026-02-28",
    "23:59:59.000001",
    "\\x00ff",
    "{\"a\": [1, null], \"b\": \"c\"}",
    "-12.50",
];

/// The values of each type.
#[derive(Debug, PartialEq)]
struct All(
    Uuid,
    String,
    bool,
    i16,
    i32,
    i64,
    f32,
    f64,
    DateTime<Utc>,
    NaiveDate,
    NaiveTime,
    Vec<u8>,
    JsonValue,
    Numeric<12, 2>,
);

fn all() -> Result<All, Error> {
    Ok(All(
        "0198c0de-0000-7000-8000-000000000001".parse()?,
        "é'\"$1?".to_owned(),
        true,
        -7,
        70_000,
        9_007_199_254_740_993,
        0.5,
        0.1,
        // Truncated to microseconds.
        "2026-01-02T03:04:05.678901999Z".parse()?,
        "2026-02-28".parse()?,
        "23:59:59.000001".parse()?,
        vec![0, 255],
        serde_json::json!({"b": "c", "a": [1, null]}),
        "-12.5".parse()?,
    ))
}

async fn write_and_read(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let All(a, b, c, d, e, f, g, h, i, j, k, l, m, n) = all()?;
    let values = [
        a.into(),
        b.into(),
        c.into(),
        d.into(),
        e.into(),
        f.into(),
        g.into(),
        h.into(),
        i.into(),
        j.into(),
        k.into(),
        l.into(),
        m.into(),
        n.into(),
    ];
    let nulls = [
        None::<Uuid>.into(),
        None::<String>.into(),
        None::<bool>.into(),
        None::<i16>.into(),
        None::<i32>.into(),
        None::<i64>.into(),
        None::<f32>.into(),
        None::<f64>.into(),
        None::<DateTime<Utc>>.into(),
        None::<NaiveDate>.into(),
        None::<NaiveTime>.into(),
        None::<Vec<u8>>.into(),
        None::<JsonValue>.into(),
        None::<Numeric<12, 2>>.into(),
    ];
    batch.insert("everything", COLUMNS, [values, nulls]).await?;

    let rows = batch
        .select("SELECT * FROM everything WHERE c_uuid = $1", [a.into()])
        .await?;
    let row = &rows[0];
    let read = All(
        row.get("c_uuid")?,
        row.get("c_text")?,
        row.get("c_bool")?,
        row.get("c_i16")?,
        row.get("c_i32")?,
        row.get("c_i64")?,
        row.get("c_f32")?,
        row.get("c_f64")?,
        row.get("c_time")?,
        row.get("c_date")?,
        row.get("c_time_of_day")?,
        row.get("c_bytes")?,
        row.get("c_json")?,
        row.get("c_numeric")?,
    );
    let mut expected = all()?;
    expected.8 = "2026-01-02T03:04:05.678901Z".parse()?;
    assert_eq!(read, expected);

    let rows = batch
        .select("SELECT * FROM everything WHERE c_uuid IS NULL", [])
        .await?;
    let row = &rows[0];
    assert_eq!(row.get::<Option<Uuid>>("c_uuid")?, None);
    assert_eq!(row.get::<Option<String>>("c_text")?, None);
    assert_eq!(row.get::<Option<bool>>("c_bool")?, None);
    assert_eq!(row.get::<Option<i16>>("c_i16")?, None);
    assert_eq!(row.get::<Option<i32>>("c_i32")?, None);
    assert_eq!(row.get::<Option<i64>>("c_i64")?, None);
    assert_eq!(row.get::<Option<f32>>("c_f32")?, None);
    assert_eq!(row.get::<Option<f64>>("c_f64")?, None);
    assert_eq!(row.get::<Option<DateTime<Utc>>>("c_time")?, None);
    assert_eq!(row.get::<Option<NaiveDate>>("c_date")?, None);
    assert_eq!(row.get::<Option<NaiveTime>>("c_time_of_day")?, None);
    assert_eq!(row.get::<Option<Vec<u8>>>("c_bytes")?, None);
    assert_eq!(row.get::<Option<JsonValue>>("c_json")?, None);
    assert_eq!(row.get::<Option<Numeric<12, 2>>>("c_numeric")?, None);
    let error = row.get::<i64>("c_i64").expect_err("NULL is no number");
    assert!(error.to_string().contains("`c_i64`"), "{error}");
    Ok(Next::Done)
}

async fn each_type_is_stored_as_ever_and_read_again(url: &str) {
    let (types, stored) = match url.starts_with("sqlite") {
        true => (SQLITE, STORED_ON_SQLITE),
        false => (POSTGRES, STORED_ON_POSTGRES),
    };
    let columns = COLUMNS
        .iter()
        .zip(types)
        .map(|(name, ty)| format!("{name} {ty}"));
    let columns = columns.collect::<Vec<_>>().join(", ");
    let create = Script::new().sql(format!("CREATE TABLE everything ({columns})"));
    given([
        step("m1", create),
        step(
            "m2",
            Script::data_v1("source", |batch| Box::pin(write_and_read(batch))),
        ),
    ]);
    up::<Given>(url).await.expect("up");
    let db = connect(url).await;
    for (column, stored) in COLUMNS.iter().zip(stored) {
        let sql = match (url.starts_with("sqlite"), *column) {
            (true, "c_bytes") => {
                "SELECT lower(quote(c_bytes)) FROM everything WHERE c_uuid IS NOT NULL".to_owned()
            }
            _ => format!("SELECT CAST({column} AS text) FROM everything WHERE c_uuid IS NOT NULL"),
        };
        assert_eq!(texts(&db, &sql).await, [stored], "{column}");
    }
}
