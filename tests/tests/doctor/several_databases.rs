//! Several databases of one engine. Each gets fixes of its own.

use catamaran::Engine;
use catamaran::doctor::Doctor;

use crate::databases::Migrated;

#[tokio::test]
async fn each_of_several_databases_gets_its_own_fixes_and_losses() {
    let (one, other) = (
        Migrated::new(Engine::Sqlite).await,
        Migrated::new(Engine::Sqlite).await,
    );
    for (database, column) in [(&one, "icon"), (&other, "shape")] {
        for sql in [
            format!("ALTER TABLE habits ADD COLUMN {column} TEXT CHECK ({column} <> '')"),
            "DROP INDEX ix_habits__user_id_updated_at".to_owned(),
        ] {
            database.run(&sql).await.expect("a drift");
        }
    }
    one.run("CREATE VIRTUAL TABLE words USING fts5 (word)")
        .await
        .expect("a drift");
    let doctor = Doctor::new(&entity::DOMAIN)
        .database(one.database.url())
        .database(other.database.url());
    let report = doctor.check().await;
    let [of_one, of_other] = report.steps.as_slice() else {
        panic!("{report}");
    };
    for (step, mine, its) in [(of_one, "icon", "shape"), (of_other, "shape", "icon")] {
        let loses = format!("the values of habits.{mine}");
        assert!(step.loses.contains(&loses), "{step}");
        let sql = step.sql.join(";\n");
        assert!(!sql.contains(its), "{sql}");
        assert_eq!(sql.matches("CREATE TABLE habits__new").count(), 1);
    }
    assert!(of_one.loses.contains(&"the rows of words".to_owned()));
    assert!(of_one.sql.contains(&"DROP TABLE words".to_owned()));
    let suggestion = doctor.suggest(&report, "m20300101_000001_fix").await;
    let [of_one, of_other] = suggestion.by_hand.as_slice() else {
        panic!("{suggestion}");
    };
    assert!(
        of_one.starts_with("step 1, ") && of_other.starts_with("step 2, "),
        "{suggestion}"
    );

    for sql in report.statements(Engine::Sqlite) {
        one.run(&sql).await.expect("a fix");
    }
    let report = doctor.check().await;
    assert!(
        report
            .findings
            .iter()
            .all(|finding| finding.at.as_deref() != Some(one.database.url())),
        "{report}"
    );
    for sql in report.statements(Engine::Sqlite) {
        other.run(&sql).await.expect("a fix");
    }
    let report = doctor.check().await;
    assert!(report.is_clean(), "{report}");
}
