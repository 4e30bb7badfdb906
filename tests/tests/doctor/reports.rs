//! Reports and suggestions.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Finding, Fix, Format, Part, Place, Report, Sources};

use crate::databases::Migrated;

/// Several drifts of the same tables, on either engine.
const SQLITE: &[&str] = &[
    "ALTER TABLE habits RENAME COLUMN color TO colour",
    "ALTER TABLE habits ADD COLUMN icon TEXT CHECK (icon <> 'x')",
    "DROP INDEX ix_habits__user_id_updated_at",
    "CREATE TABLE devices__old (id TEXT)",
    "CREATE INDEX ix_devices__version ON devices (version)",
    "CREATE VIEW colours AS SELECT colour, icon FROM habits",
    "CREATE VIEW all_colours AS SELECT * FROM colours",
    "CREATE TRIGGER colouring AFTER INSERT ON habits BEGIN UPDATE habits SET colour = 'red', icon = ''; END",
    "CREATE VIEW old_devices AS SELECT * FROM devices__old",
];

const POSTGRES: &[&str] = &[
    "ALTER TABLE habits RENAME COLUMN color TO colour",
    "ALTER TABLE habits ALTER COLUMN sort_order TYPE bigint",
    "ALTER TABLE habits ADD COLUMN icon text",
    "ALTER TABLE devices NO FORCE ROW LEVEL SECURITY",
    "CREATE POLICY support ON devices USING (true)",
    "DROP INDEX ix_habits__user_id_updated_at",
    "CREATE VIEW colours AS SELECT colour, sort_order, icon FROM habits",
];

#[tokio::test]
async fn one_suggestion_fixes_many_drifts() {
    for (engine, drifts) in [(Engine::Sqlite, SQLITE), (Engine::Postgres, POSTGRES)] {
        let database = Migrated::new(engine).await;
        for drift in drifts {
            database.run(drift).await.expect("a drift");
        }
        let look = async || {
            Doctor::new(&entity::DOMAIN)
                .database(database.database.url())
                .check()
                .await
        };
        let report = look().await;
        assert!(report.findings.len() >= 5, "{report}");
        let statements = report.statements(engine);
        let rebuilds = statements
            .iter()
            .filter(|sql| sql.contains("CREATE TABLE habits__new"))
            .count();
        assert_eq!(
            rebuilds,
            usize::from(engine == Engine::Sqlite),
            "{statements:#?}"
        );
        for sql in &statements {
            database
                .run(sql)
                .await
                .unwrap_or_else(|error| panic!("{error}\n{statements:#?}"));
        }
        let report = look().await;
        assert!(report.is_clean(), "{report}");
    }
}

/// A report of one finding about an existing entity.
pub fn with_a_finding() -> Report {
    Report::from(vec![Finding {
        code: Code::ColumnType,
        place: Place::Entities(Engine::Sqlite),
        at: Some("entity::sqlite::device".to_owned()),
        table: "devices".to_owned(),
        part: Part::Column,
        name: "platform".to_owned(),
        wanted: "text".to_owned(),
        found: "varchar".to_owned(),
        fix: Fix::Words("100% by hand".to_owned()),
    }])
}

#[test]
fn a_finding_names_file_and_line_of_the_entity() {
    let report = with_a_finding();
    let line = include_str!("../../../entity/src/sqlite/device.rs").lines();
    let line = line
        .take_while(|line| !line.contains("pub platform:"))
        .count()
        + 1;
    let sources = Sources::under(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let annotation = report.written(Format::Github, &sources, None);
    let start = format!(
        "::error file=entity/src/sqlite/device.rs,line={line},title=CAT013%3A devices.platform"
    );
    assert!(annotation.starts_with(&start), "{annotation}");
    assert!(annotation.contains("100%25 by hand"), "{annotation}");
    let sarif = report.written(Format::Sarif, &sources, None);
    assert!(
        sarif.contains("\"uri\": \"entity/src/sqlite/device.rs\""),
        "{sarif}"
    );
    let unknown = report.written(Format::Github, &Sources::unknown(), None);
    assert!(unknown.starts_with("::error title=CAT013"), "{unknown}");
}
