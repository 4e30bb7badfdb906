//! The fixes of several drifts, applied in the order of the report, leave no drift.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Report};

use crate::databases::Migrated;
use crate::edited_history::{Edited, Edits, edit};
use crate::sqlite_file::the;

async fn look(database: &Migrated) -> Report {
    let doctor = Doctor::new(&entity::DOMAIN).database(database.database.url());
    doctor.check().await
}

/// A database with those drifts, and its report.
async fn drifted(engine: Engine, drifts: &[&str]) -> (Migrated, Report) {
    let database = Migrated::new(engine).await;
    for drift in drifts {
        database.run(drift).await.expect("a drift");
    }
    let report = look(&database).await;
    assert!(!report.is_clean(), "{drifts:?}");
    (database, report)
}

async fn assert_fixed_in_order(engine: Engine, drifts: &[&str]) {
    let (database, report) = drifted(engine, drifts).await;
    let statements = report.statements(engine);
    for sql in &statements {
        let done = database.run(sql).await;
        done.unwrap_or_else(|error| panic!("{error}\n{statements:#?}"));
    }
    let report = look(&database).await;
    assert!(report.is_clean(), "{statements:#?}\n{report}");
}

const ENTRIES: &str = "uq_habit_entries__user_id_habit_id_date";

#[tokio::test]
async fn an_object_with_the_name_of_a_missing_one_is_dropped_first() {
    let drop = format!("DROP INDEX {ENTRIES}");
    for further in [
        format!(
            "ALTER TABLE habit_entries ADD CONSTRAINT {ENTRIES} UNIQUE (user_id, habit_id, date)"
        ),
        format!("ALTER TABLE reminders ADD CONSTRAINT {ENTRIES} UNIQUE (version)"),
        format!("CREATE INDEX {ENTRIES} ON devices (version)"),
        format!("CREATE TABLE scraps (id bigint CONSTRAINT {ENTRIES} PRIMARY KEY)"),
    ] {
        assert_fixed_in_order(Engine::Postgres, &[&drop, &further]).await;
    }
    let further = format!("CREATE INDEX {ENTRIES} ON devices (version)");
    assert_fixed_in_order(Engine::Sqlite, &[&drop, &further]).await;
}

#[tokio::test]
async fn surplus_objects_do_not_block_a_change_of_type() {
    assert_fixed_in_order(
        Engine::Postgres,
        &[
            "ALTER TABLE habits ALTER COLUMN is_archived DROP DEFAULT",
            "ALTER TABLE habits ALTER COLUMN is_archived TYPE integer USING is_archived::integer",
            "ALTER TABLE habits ADD CONSTRAINT ck_whole CHECK (is_archived IN (0, 1))",
            "CREATE INDEX ix_archived ON habits (id) WHERE is_archived = 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn tables_are_created_after_and_dropped_before_their_parents() {
    for drops in [
        &["DROP TABLE reminders, habit_entries, habits, devices CASCADE"][..],
        &["DROP TABLE habits CASCADE"],
    ] {
        assert_fixed_in_order(Engine::Postgres, drops).await;
    }
    assert_fixed_in_order(
        Engine::Postgres,
        &[
            "CREATE TABLE a_parents (id bigint PRIMARY KEY)",
            "CREATE TABLE b_children (id bigint PRIMARY KEY, parent bigint REFERENCES a_parents)",
            "ALTER TABLE a_parents ADD eldest bigint REFERENCES b_children",
            "CREATE TABLE c_grandchildren (parent bigint REFERENCES b_children)",
            "ALTER TABLE devices ADD parent bigint CONSTRAINT fk_devices__parent REFERENCES a_parents",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_view_is_dropped_before_the_views_that_it_reads() {
    assert_fixed_in_order(
        Engine::Postgres,
        &[
            "CREATE VIEW a_inner AS SELECT id FROM habits",
            "CREATE MATERIALIZED VIEW m_middle AS SELECT id FROM a_inner",
            "CREATE VIEW z_outer AS SELECT id FROM m_middle",
            "CREATE VIEW b_outermost AS SELECT id FROM z_outer",
        ],
    )
    .await;
}

/// A key that a foreign key needs is dropped once the foreign key refers to the right one.
#[tokio::test]
async fn a_key_is_kept_until_no_foreign_key_refers_to_it() {
    assert_fixed_in_order(
        Engine::Postgres,
        &[
            "CREATE TABLE a_habits (user_id uuid, id uuid, PRIMARY KEY (user_id, id))",
            "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id",
            "ALTER TABLE reminders ADD CONSTRAINT fk_reminders__user_id_habit_id
                FOREIGN KEY (user_id, habit_id) REFERENCES a_habits (user_id, id)",
        ],
    )
    .await;
}

/// Postgres changes no type under a policy, and drops no key that a foreign key needs.
#[tokio::test]
async fn objects_that_block_a_fix_are_recreated_with_it() {
    assert_fixed_in_order(
        Engine::Postgres,
        &[
            "DROP POLICY owner_devices ON devices",
            "ALTER TABLE devices ALTER COLUMN user_id TYPE text",
            "CREATE POLICY owner_devices ON devices USING (user_id = current_setting('request.jwt.claims', true))",
        ],
    )
    .await;
    assert_fixed_in_order(
        Engine::Postgres,
        &[
            "ALTER TABLE habits DROP CONSTRAINT uq_habits__user_id_id CASCADE",
            "ALTER TABLE habits ADD CONSTRAINT uq_habits__user_id_id UNIQUE (user_id, id) INCLUDE (version)",
            "ALTER TABLE reminders ADD CONSTRAINT fk_reminders__user_id_habit_id
                FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE CASCADE",
        ],
    )
    .await;
}

/// A failed fix is tried again after another one succeeded.
#[tokio::test]
async fn a_suggestion_retries_statements_that_failed() {
    edit(Edits {
        engine: Some(Engine::Postgres),
        added: vec![
            format!("DROP INDEX {ENTRIES}"),
            format!(
                "ALTER TABLE habit_entries ADD CONSTRAINT {ENTRIES} UNIQUE (user_id, habit_id, date)"
            ),
            // It cannot be nullable while it is part of the key.
            "ALTER TABLE devices DROP CONSTRAINT pk_devices".to_owned(),
            "ALTER TABLE devices ADD CONSTRAINT pk_devices PRIMARY KEY (id, deleted_at)".to_owned(),
        ],
        ..Edits::default()
    });
    let doctor = Doctor::new(&entity::DOMAIN)
        .migrations::<Edited>()
        .only(Engine::Postgres);
    let report = doctor.check().await;
    the(
        &report,
        Code::UniqueKeyExtra,
        &format!("habit_entries: {ENTRIES}"),
    );
    let suggestion = doctor.suggest(&report, "m20300101_000001_fix").await;
    let up = suggestion.up(Engine::Postgres);
    let place = |start: &str| {
        let place = up.iter().position(|sql| sql.starts_with(start));
        place.unwrap_or_else(|| panic!("no {start}: {suggestion}"))
    };
    assert!(place("ALTER TABLE habit_entries DROP") < place("CREATE UNIQUE INDEX"));
    let key = place("ALTER TABLE devices DROP CONSTRAINT pk_devices");
    assert!(key < place("ALTER TABLE devices ALTER COLUMN deleted_at DROP NOT NULL"));
    assert!(suggestion.by_hand.is_empty(), "{suggestion}");
}
