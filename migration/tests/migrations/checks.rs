//! Values that the constraints of the two schemas refuse.

use catamaran::migrate::up;
use migration::History;
use sea_orm::{DatabaseConnection, DbBackend};

use crate::support;

const ID: &str = "01890000-0000-7000-8000-00000000000a";
const TIME: &str = "2026-01-02T03:04:05.678901Z";

/// A row that both engines take, with one column changed.
async fn insert(
    db: &DatabaseConnection,
    table: &str,
    column: &str,
    value: &str,
) -> Result<Vec<String>, String> {
    let common = [
        ("id", ID),
        ("user_id", ID),
        ("created_at", TIME),
        ("updated_at", TIME),
        ("version", "1"),
    ];
    let own: &[(&str, &str)] = match table {
        "habits" => &[("name", "run"), ("cadence", "daily")],
        "habit_entries" => &[("habit_id", ID), ("date", "2026-01-02")],
        "reminders" => &[
            ("habit_id", ID),
            ("time_local", "07:30"),
            ("days_of_week", "127"),
            ("timezone", "UTC"),
        ],
        "devices" => &[("platform", "linux")],
        _ => &[
            ("table_name", "habits"),
            ("row_id", ID),
            ("operation", "insert"),
            ("payload", "{}"),
        ],
    };
    let mut row: Vec<(&str, &str)> = common.iter().chain(own).copied().collect();
    row.retain(|(name, _)| *name != column && (table != "outbox" || *name != "user_id"));
    row.push((column, value));
    let names: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
    let values: Vec<String> = row
        .iter()
        .map(|(_, value)| match *value {
            "NULL" => "NULL".to_owned(),
            value => format!("'{value}'"),
        })
        .collect();
    let sql = format!(
        "INSERT INTO {table} ({}) VALUES ({}) RETURNING coalesce('' || {column}, 'NULL')",
        names.join(", "),
        values.join(", ")
    );
    support::run(db, "BEGIN").await;
    if table == "habit_entries" || table == "reminders" {
        support::run(
            db,
            &format!("INSERT INTO habits (id, user_id, name, cadence, created_at, updated_at, version) VALUES ('{ID}', '{ID}', 'run', 'daily', '{TIME}', '{TIME}', 1)"),
        )
        .await;
    }
    let outcome = support::try_texts(db, &sql).await;
    support::run(db, "ROLLBACK").await;
    outcome.map_err(|error| error.to_string())
}

/// `sqlite_only` cases are those that Postgres refuses by type, without a constraint.
const REFUSED: &[(&str, &str, &str, bool)] = &[
    ("habits", "id", "01890000-0000-7000-8000-00000000000A", true),
    ("habits", "id", "01890000-0000-7000-8000-00000000000", true),
    (
        "habits",
        "id",
        "01890000-0000-7000-8000-00000000000aa",
        true,
    ),
    (
        "habits",
        "id",
        "01890000000070008000-00000000000a----",
        true,
    ),
    (
        "habits",
        "user_id",
        "01890000_0000_7000_8000_00000000000a",
        true,
    ),
    ("habits", "created_at", "2026-01-02T03:04:05Z", true),
    (
        "habits",
        "created_at",
        "2026-01-02T03:04:05.678901+00:00",
        true,
    ),
    ("habits", "created_at", "2026-01-02 03:04:05.678901Z", true),
    ("habits", "updated_at", "0000-01-02T03:04:05.678901Z", true),
    ("habits", "deleted_at", "2026-01-02T03:04:65.678901Z", true),
    ("habits", "version", "0", false),
    ("habits", "is_archived", "2", true),
    ("habits", "sort_order", "2147483648", true),
    ("habit_entries", "date", "2026-02-30", true),
    ("habit_entries", "date", "2026-1-2", true),
    ("habit_entries", "date", "0000-12-31", true),
    ("habit_entries", "version", "-1", false),
    ("reminders", "time_local", "24:00", false),
    ("reminders", "time_local", "7:30", false),
    ("reminders", "time_local", "07:30:00", false),
    ("reminders", "days_of_week", "0", false),
    ("reminders", "days_of_week", "128", false),
    ("reminders", "is_enabled", "-1", true),
    ("devices", "platform", "", false),
    (
        "devices",
        "platform",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        false,
    ),
    ("devices", "last_sync_at", "yesterday", true),
    ("outbox", "operation", "replace", true),
    ("outbox", "row_id", "x", true),
    ("outbox", "attempts", "-2147483649", true),
];

const TAKEN: &[(&str, &str, &str)] = &[
    ("habits", "deleted_at", "NULL"),
    ("habits", "created_at", "0001-01-01T00:00:00.000000Z"),
    ("habits", "created_at", "9999-12-31T23:59:59.999999Z"),
    ("habits", "sort_order", "-2147483648"),
    ("habit_entries", "date", "2028-02-29"),
    ("habit_entries", "date", "0001-01-01"),
    ("habit_entries", "date", "9999-12-31"),
    ("habit_entries", "amount", "9223372036854775807"),
    ("reminders", "time_local", "23:59"),
    ("reminders", "days_of_week", "1"),
    (
        "devices",
        "platform",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ),
    ("devices", "last_sync_at", "NULL"),
    ("outbox", "operation", "delete"),
];

async fn checks(db: &DatabaseConnection) {
    let sqlite = db.get_database_backend() == DbBackend::Sqlite;
    for (table, column, value, sqlite_only) in REFUSED {
        if *sqlite_only && !sqlite {
            continue;
        }
        let error = insert(db, table, column, value).await.expect_err(value);
        let name = format!("ck_{table}__{column}");
        assert!(error.contains(&name), "{name}: {value:?}: {error}");
    }
    for (table, column, value) in TAKEN {
        if *table != "outbox" || sqlite {
            insert(db, table, column, value)
                .await
                .unwrap_or_else(|error| panic!("{table}.{column} {value}: {error}"));
        }
    }
}

#[tokio::test]
async fn sqlite_refuses_values_out_of_form_or_range() {
    let file = support::SqliteFile::new();
    up::<History>(&file.url()).await.expect("up");
    let db = support::connect(&file.url()).await;
    checks(&db).await;
    // A NUL hides what follows it from length() and GLOB, but not from the length in bytes.
    let id = format!("{ID}' || char(0) || 'x");
    let error = insert(&db, "habits", "id", &id).await.expect_err("a NUL");
    assert!(error.contains("ck_habits__id"), "{error}");
    let error = insert(&db, "habits", "sort_order", "many")
        .await
        .expect_err("STRICT");
    assert!(
        error.contains("cannot store TEXT value in INTEGER column"),
        "{error}"
    );
}

#[tokio::test]
async fn postgres_refuses_values_out_of_form_or_range() {
    let database = support::PostgresDatabase::new().await;
    up::<History>(&database.url()).await.expect("up");
    let db = support::connect(&database.url()).await;
    checks(&db).await;
    for (table, column, value) in [
        ("habits", "created_at", "infinity"),
        ("habits", "updated_at", "10000-01-01 00:00:00+00"),
        ("habits", "deleted_at", "-infinity"),
        ("devices", "last_sync_at", "0001-01-01 00:00:00+00 BC"),
        ("habit_entries", "date", "infinity"),
        ("habit_entries", "date", "0001-12-31 BC"),
    ] {
        let error = insert(&db, table, column, value).await.expect_err(value);
        assert!(error.contains(&format!("ck_{table}__{column}")), "{error}");
    }
}

/// Both engines refuse two living rows of one day, and accept a deleted one beside a living one.
async fn one_live_entry_for_a_day(db: &DatabaseConnection) {
    support::run(
        db,
        &format!("INSERT INTO habits (id, user_id, name, cadence, created_at, updated_at, version) VALUES ('{ID}', '{ID}', 'run', 'daily', '{TIME}', '{TIME}', 1)"),
    )
    .await;
    let entry = |id: u8, deleted: &str| {
        format!(
            "INSERT INTO habit_entries (id, user_id, habit_id, date, created_at, updated_at, version, deleted_at) VALUES ('01890000-0000-7000-8000-0000000000{id:02}', '{ID}', '{ID}', '2026-01-02', '{TIME}', '{TIME}', 1, {deleted}) RETURNING source"
        )
    };
    let deleted = format!("'{TIME}'");
    for (id, deleted) in [(1, deleted.as_str()), (2, &deleted), (3, "NULL")] {
        support::texts(db, &entry(id, deleted)).await;
    }
    let error = support::try_texts(db, &entry(4, "NULL"))
        .await
        .expect_err("a second live row");
    assert!(
        error.to_string().to_lowercase().contains("unique"),
        "{error}"
    );
    support::run(db, "DELETE FROM habits").await;
    assert_eq!(
        support::texts(db, "SELECT source FROM habit_entries").await,
        [""; 0],
        "cascade"
    );
}

#[tokio::test]
async fn sqlite_a_habit_has_one_living_entry_per_day() {
    let file = support::SqliteFile::new();
    up::<History>(&file.url()).await.expect("up");
    one_live_entry_for_a_day(&support::connect(&file.url()).await).await;
}

#[tokio::test]
async fn postgres_a_habit_has_one_living_entry_per_day() {
    let database = support::PostgresDatabase::new().await;
    up::<History>(&database.url()).await.expect("up");
    one_live_entry_for_a_day(&support::connect(&database.url()).await).await;
}
