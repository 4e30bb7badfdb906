//! A fix announces what it loses, in every format. A rename that is unambiguous loses nothing.

use catamaran::Engine;
use catamaran::doctor::{Change, Code, Doctor, Finding, Fix, Format, Part, Place, Report, Sources};
use catamaran::domain::{Domain, PrimaryKey, Table, TableSource, TableTypes, TypedColumn};

use crate::databases::Migrated;
use crate::edited_history::{Edited, Edits, edit};
use crate::sqlite_file::{File, the};

async fn look(database: &Migrated) -> Report {
    let doctor = Doctor::new(&entity::DOMAIN).database(database.database.url());
    doctor.check().await
}

const FORMATS: [Format; 4] = [Format::Human, Format::Json, Format::Sarif, Format::Github];

fn assert_told(report: &Report, words: &str) {
    for format in FORMATS {
        let text = report.written(format, &Sources::unknown(), None);
        assert!(text.contains(words), "{format:?}: no {words:?} in {text}");
    }
    assert!(report.to_string().contains(words), "{report}");
}

#[tokio::test]
async fn lost_values_and_rows_are_announced_in_every_format() {
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        for sql in [
            "ALTER TABLE habits ADD COLUMN icon text",
            "CREATE TABLE drafts (id integer)",
            "DROP INDEX ix_habits__user_id_updated_at",
            "CREATE VIEW all_devices AS SELECT id FROM devices",
        ] {
            database.run(sql).await.expect("a drift");
        }
        let report = look(&database).await;
        assert_told(&report, "the values of habits.icon");
        assert_told(&report, "the rows of drafts");
        let losses: Vec<_> = report
            .findings
            .iter()
            .filter_map(|finding| finding.fix.loses())
            .collect();
        assert_eq!(losses.len(), 2, "{losses:?}");
        let finding = the(&report, Code::ColumnExtra, "habits.icon");
        assert!(
            finding
                .to_string()
                .contains("statements that lose the values of habits.icon"),
            "{finding}"
        );
    }
}

#[tokio::test]
async fn a_lossy_cast_is_announced_and_a_failing_cast_loses_nothing() {
    let database = Migrated::new(Engine::Postgres).await;
    for (drift, subject, loses) in [
        (
            "ALTER TABLE habit_entries ALTER COLUMN amount TYPE double precision",
            "habit_entries.amount",
            Some("fractions of numbers in habit_entries.amount"),
        ),
        (
            "ALTER TABLE habit_entries ALTER COLUMN date TYPE timestamptz",
            "habit_entries.date",
            Some("the time of day in habit_entries.date"),
        ),
        (
            "ALTER TABLE habits ALTER COLUMN sort_order TYPE bigint",
            "habits.sort_order",
            None,
        ),
        (
            "ALTER TABLE devices ALTER COLUMN platform TYPE varchar(64) COLLATE \"C\"",
            "devices.platform",
            None,
        ),
    ] {
        database.run(drift).await.expect("a drift");
        let report = look(&database).await;
        let finding = the(&report, Code::ColumnType, subject);
        assert_eq!(finding.fix.loses(), loses, "{finding}");
    }
}

#[tokio::test]
async fn losing_generated_numbers_is_announced() {
    let database = Migrated::new(Engine::Postgres).await;
    let drift = "ALTER TABLE habits ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY";
    database.run(drift).await.expect("a drift");
    let report = look(&database).await;
    let finding = the(&report, Code::ColumnExtra, "habits.number");
    assert_eq!(finding.fix.loses(), Some("the values of habits.number"));
}

/// Timestamps without a time zone are taken as UTC, whatever the time zone of the session.
#[tokio::test]
async fn a_timestamp_of_any_precision_is_given_its_time_zone() {
    let database = Migrated::new(Engine::Postgres).await;
    for sql in [
        "SET TIME ZONE 'Asia/Tokyo'",
        "CREATE FUNCTION noon() RETURNS timestamp IMMUTABLE LANGUAGE sql AS $$ SELECT timestamp '2026-01-02 00:00' $$",
        "INSERT INTO devices (id, user_id, platform, created_at, updated_at, version) SELECT gen_random_uuid(),
            gen_random_uuid(), 'web', noon() AT TIME ZONE 'UTC', noon() AT TIME ZONE 'UTC', 1",
    ] {
        database.run(sql).await.expect("a row");
    }
    for ty in ["timestamp(3)", "timestamp", "date"] {
        for sql in [
            "ALTER TABLE devices DROP CONSTRAINT ck_devices__created_at".to_owned(),
            format!(
                "ALTER TABLE devices ALTER COLUMN created_at TYPE {ty} USING created_at AT TIME ZONE 'UTC'"
            ),
        ] {
            database.run(&sql).await.expect("a drift");
        }
        let report = look(&database).await;
        for sql in report.statements(Engine::Postgres) {
            database.run(&sql).await.expect("a fix");
        }
        assert!(look(&database).await.is_clean());
        let is_kept = "SELECT 1 / (created_at = noon() AT TIME ZONE 'UTC')::int FROM devices";
        database.run(is_kept).await.expect(ty);
    }
}

#[tokio::test]
async fn a_suggested_migration_announces_losses_above_its_statements() {
    edit(Edits {
        engine: Some(Engine::Sqlite),
        added: vec![
            "ALTER TABLE habits ADD COLUMN icon TEXT".to_owned(),
            "CREATE TABLE drafts (id TEXT)".to_owned(),
            "CREATE VIEW all_drafts AS SELECT * FROM drafts".to_owned(),
        ],
        ..Edits::default()
    });
    let doctor = Doctor::new(&entity::DOMAIN)
        .migrations::<Edited>()
        .only(Engine::Sqlite);
    let report = doctor.check().await;
    let suggestion = doctor.suggest(&report, "m20300101_000001_fix").await;
    assert!(suggestion.by_hand.is_empty(), "{suggestion}");
    let files = suggestion.files();
    let (_, text) = files
        .iter()
        .find(|(path, _)| path.ends_with("sqlite.rs"))
        .expect("a file");
    let expected = "    Script::new()
        // Loses the values of habits.icon. Make sure that it is not needed.
        // Loses the rows of drafts. Make sure that it is not needed.
        .sql(\"DROP VIEW all_drafts\")
        .sql(\"DROP TABLE drafts\")
        .sql(\"ALTER TABLE habits DROP COLUMN icon\")";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("CREATE VIEW all_drafts"), "{text}");
}

#[tokio::test]
async fn a_suggested_down_recomputes_values_and_announces_losses() {
    for (engine, column) in [
        (
            Engine::Sqlite,
            "TEXT NOT NULL GENERATED ALWAYS AS ('daily')",
        ),
        (
            Engine::Postgres,
            "text COLLATE \"C\" NOT NULL GENERATED ALWAYS AS ('daily') STORED",
        ),
    ] {
        edit(Edits {
            engine: Some(engine),
            added: vec![
                "ALTER TABLE habits DROP COLUMN cadence".to_owned(),
                format!("ALTER TABLE habits ADD COLUMN cadence {column}"),
            ],
            ..Edits::default()
        });
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<Edited>()
            .only(engine);
        let report = doctor.check().await;
        let suggestion = doctor.suggest(&report, "m20300101_000001_fix").await;
        assert!(suggestion.by_hand.is_empty(), "{suggestion}");
        let (up, down) = (
            suggestion.up(engine).concat(),
            suggestion.down(engine).concat(),
        );
        assert!(
            !up.contains("GENERATED") && down.contains("GENERATED"),
            "{suggestion}"
        );
        assert!(
            suggestion
                .to_string()
                .contains("// Loses the values of habits.cadence."),
            "{suggestion}"
        );
    }
}

/// A report of one finding whose fix loses something, to test the formats.
#[test]
fn a_fix_that_loses_nothing_announces_no_loss() {
    let report = Report::from(vec![Finding {
        code: Code::IndexExtra,
        place: Place::Migrations(Engine::Sqlite),
        at: None,
        table: "habits".to_owned(),
        part: Part::Named,
        name: "ix".to_owned(),
        wanted: String::new(),
        found: String::new(),
        fix: Fix::Sql(Change::default()),
    }]);
    for format in [Format::Human, Format::Sarif, Format::Github] {
        let text = report.written(format, &Sources::unknown(), None);
        assert!(!text.contains("loses"), "{text}");
    }
}

const NOTES: Table = Table {
    name: "notes",
    columns: &["id", "title", "body", "stars"],
    primary_key: PrimaryKey {
        name: "pk_notes",
        columns: &["id"],
    },
    ..Table::BLANK
};

static DOMAIN: Domain = Domain {
    tables: &[
        NOTES,
        Table {
            name: "drafts",
            primary_key: PrimaryKey {
                name: "pk_drafts",
                columns: &["id"],
            },
            ..NOTES
        },
    ],
    sources: &[
        TableSource::types(&TableTypes {
            table: "notes",
            columns: COLUMNS,
        }),
        TableSource::types(&TableTypes {
            table: "drafts",
            columns: COLUMNS,
        }),
    ],
    ..Domain::BLANK
};

const COLUMNS: &[TypedColumn] = &[
    TypedColumn::nullable("id", "bigint"),
    TypedColumn::new("title", "text"),
    TypedColumn::new("body", "text"),
    TypedColumn::new("stars", "bigint"),
];

fn table(name: &str, key: &str, columns: [&str; 3]) -> String {
    let [title, body, stars] = columns;
    format!(
        "CREATE TABLE {name} (id INTEGER CONSTRAINT {key} PRIMARY KEY, {title} TEXT NOT NULL, {body} TEXT NOT NULL, \
         {stars} INTEGER NOT NULL) STRICT"
    )
}

const RIGHT: [&str; 3] = ["title", "body", "stars"];

#[tokio::test]
async fn unambiguously_renamed_columns_keep_their_values() {
    let file = File::with(&[
        &table("notes", "pk_notes", ["name", "body", "points"]),
        &table("drafts", "pk_drafts", RIGHT),
        "INSERT INTO notes VALUES (1, 'a', 'b', 3)",
    ])
    .await;
    let report = file.look(&DOMAIN).await;
    the(&report, Code::ColumnRenamed, "notes.title");
    the(&report, Code::ColumnRenamed, "notes.stars");
    file.run(&report.statements(Engine::Sqlite)).await;
    assert!(file.look(&DOMAIN).await.is_clean());
    assert_eq!(
        file.texts("SELECT title || body || stars FROM notes").await,
        ["ab3"]
    );
}

#[tokio::test]
async fn ambiguously_renamed_columns_are_left_to_the_user() {
    let file = File::with(&[
        &table("notes", "pk_notes", ["name", "words", "points"]),
        &table("drafts", "pk_drafts", RIGHT),
        "INSERT INTO notes VALUES (1, 'a', 'b', 3)",
    ])
    .await;
    let report = file.look(&DOMAIN).await;
    the(&report, Code::ColumnRenamed, "notes.stars");
    for missing in ["notes.title", "notes.body"] {
        let finding = the(&report, Code::ColumnMissing, missing);
        assert!(
            finding
                .found
                .contains("it may be name or words under another name"),
            "{finding}"
        );
    }
    for (extra, found) in [("notes.name", "name"), ("notes.words", "words")] {
        let finding = the(&report, Code::ColumnExtra, extra);
        let words = "it may be title or body under another name";
        assert!(
            matches!(&finding.fix, Fix::Words(told) if told.starts_with(words)),
            "{found}: {finding}"
        );
        assert_told(&report, words);
    }
    file.run(&report.statements(Engine::Sqlite)).await;
    assert_eq!(
        file.texts("SELECT name || words || stars FROM notes").await,
        ["ab3"]
    );
}

#[tokio::test]
async fn tables_with_equal_columns_are_matched_only_by_their_keys() {
    let by_key = File::with(&[
        &table("scraps", "pk_drafts", RIGHT),
        &table("papers", "pk_notes", RIGHT),
        "INSERT INTO papers VALUES (1, 'note', '', 0)",
        "INSERT INTO scraps VALUES (1, 'draft', '', 0)",
    ])
    .await;
    let report = by_key.look(&DOMAIN).await;
    by_key.run(&report.statements(Engine::Sqlite)).await;
    assert!(by_key.look(&DOMAIN).await.is_clean());
    assert_eq!(
        by_key
            .texts("SELECT (SELECT title FROM notes) || (SELECT title FROM drafts)")
            .await,
        ["notedraft"]
    );

    let by_nothing =
        File::with(&[&table("scraps", "a", RIGHT), &table("papers", "b", RIGHT)]).await;
    let report = by_nothing.look(&DOMAIN).await;
    for missing in ["notes", "drafts"] {
        let finding = the(&report, Code::TableMissing, missing);
        assert!(
            finding.found.contains("it may be papers or scraps"),
            "{finding}"
        );
    }
    for extra in ["papers", "scraps"] {
        let words = "it may be drafts or notes under another name";
        let finding = the(&report, Code::TableExtra, extra);
        assert!(
            matches!(&finding.fix, Fix::Words(told) if told.starts_with(words)),
            "{finding}"
        );
        assert_told(&report, words);
    }
}

/// Values before and after the casts of SQLite's fixes.
#[tokio::test]
async fn announced_losses_of_sqlite_casts_are_true() {
    for (from, to, value, kept) in [
        ("TEXT", "INTEGER", "'007'", false),
        ("TEXT", "INTEGER", "'7'", true),
        ("TEXT", "REAL", "'1.50'", false),
        ("INTEGER", "REAL", "9007199254740993", false),
        ("INTEGER", "TEXT", "9007199254740993", true),
        ("REAL", "INTEGER", "7.0", true),
        ("REAL", "TEXT", "0.1 + 0.2", false),
    ] {
        let file = File::with(&[
            &format!("CREATE TABLE a (x {from}) STRICT"),
            &format!("CREATE TABLE b (x {to}) STRICT"),
            &format!("INSERT INTO a VALUES ({value})"),
            "INSERT INTO b SELECT x FROM a",
        ])
        .await;
        let same = format!("SELECT (CAST(b.x AS {from}) IS a.x) || '' FROM a, b");
        let same = file.texts(&same).await;
        assert_eq!(
            same,
            [if kept { "1" } else { "0" }],
            "{value} from {from} to {to}"
        );
    }
    for (from, to, value) in [
        ("TEXT", "INTEGER", "'seven'"),
        ("TEXT", "INTEGER", "'1.5'"),
        ("REAL", "INTEGER", "1.5"),
        ("BLOB", "TEXT", "x'00'"),
        ("TEXT", "BLOB", "'a'"),
    ] {
        let file = File::with(&[
            &format!("CREATE TABLE a (x {from}) STRICT"),
            &format!("CREATE TABLE b (x {to}) STRICT"),
            &format!("INSERT INTO a VALUES ({value})"),
        ])
        .await;
        let refused = file.try_to("INSERT INTO b SELECT x FROM a").await;
        assert!(refused.is_err(), "{value} from {from} to {to}");
    }
}
