//! What is not generated: a guess, or a migration of a domain that contradicts itself, or beside a database that is another.

use catamaran::Engine;
use catamaran::doctor::{Doctor, GenerateError, Generated, Question};
use catamaran::domain::{Domain, TableSource, TypedColumn};
use catamaran::migrate::TwinMigration;

use super::sketch::{Sketch, base, table};
use super::{built, by_hand, generate};
use crate::databases::Migrated;

/// Generates from the base, which has a table more, to a sketch.
async fn from_base(
    change: fn(&mut Sketch),
    decided: fn(Doctor) -> Doctor,
) -> Result<Option<Generated>, GenerateError> {
    let mut before = base();
    before.tables.push(super::sketch::TableSketch {
        columns: vec![
            TypedColumn::new("id", "uuid"),
            TypedColumn::new("label", "text"),
        ],
        ..table("tags")
    });
    let so_far = built(before.clone().domain()).await;
    change(&mut before);
    generate(so_far, before.domain(), decided).await
}

fn question(old: &str, new: &[&str]) -> Question {
    Question {
        old: old.to_owned(),
        new: new.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[tokio::test]
async fn a_drop_beside_an_addition_is_a_question_and_no_guess() {
    type Asked = (fn(&mut Sketch), Question);
    let changes: [Asked; 5] = [
        (
            |s| s.table("tags").name = "labels",
            question("tags", &["labels"]),
        ),
        (
            |s| {
                let tags = s.table("tags");
                tags.name = "articles";
                tags.replace("label", TypedColumn::new("heading", "text"));
                tags.add(TypedColumn::new("words", "text"));
                tags.add(TypedColumn::nullable("author", "uuid"));
            },
            question("tags", &["articles"]),
        ),
        (
            |s| {
                s.notes()
                    .replace("body", TypedColumn::nullable("content", "text"))
            },
            question("notes.body", &["notes.content"]),
        ),
        (
            |s| {
                s.notes()
                    .replace("body", TypedColumn::new("length", "bigint"))
            },
            question("notes.body", &["notes.length"]),
        ),
        (
            |s| {
                s.notes()
                    .replace("body", TypedColumn::nullable("content", "text"));
                s.notes().add(TypedColumn::nullable("summary", "text"));
            },
            question("notes.body", &["notes.content", "notes.summary"]),
        ),
    ];
    for (change, expected) in changes {
        match from_base(change, |doctor| doctor).await {
            Err(GenerateError::Undecided { questions }) => assert_eq!(questions, [expected]),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_rename_or_a_drop_that_there_is_not_is_refused() {
    let decisions: [fn(Doctor) -> Doctor; 4] = [
        |doctor| doctor.renamed("notes", "texts"),
        |doctor| doctor.renamed("notes.body", "content"),
        |doctor| doctor.dropped("users"),
        |doctor| doctor.dropped("notes.body"),
    ];
    let with_color = |s: &mut Sketch| s.notes().add(TypedColumn::nullable("color", "text"));
    for decided in decisions {
        let refused = from_base(with_color, decided).await;
        assert!(
            matches!(refused, Err(GenerateError::Unused { .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_column_is_not_renamed_into_another_table() {
    let moved = |s: &mut Sketch| {
        let content = TypedColumn::nullable("content", "text");
        s.notes().replace("body", content);
        s.table("tags")
            .add(TypedColumn::nullable("content", "text"));
    };
    match from_base(moved, |doctor| doctor.renamed("notes.body", "tags.content")).await {
        Err(GenerateError::Unused { reason }) => {
            assert!(reason.contains("stays in its table"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    let renamed = from_base(moved, |doctor| {
        doctor.renamed("notes.body", "notes.content")
    });
    assert!(renamed.await.is_ok());
}

/// The sketches have no entities, which no migration adds.
#[tokio::test]
async fn what_only_rust_can_add_is_said_and_makes_no_files() {
    let generated = from_base(|_| {}, |doctor| doctor).await;
    let generated = generated.expect("no refusal").expect("what is left");
    assert!(generated.suggestion.files().is_empty(), "{generated}");
    assert!(!generated.suggestion.by_hand.is_empty(), "{generated}");
    assert!(generated.trials.is_empty(), "{generated}");
}

#[tokio::test]
async fn a_domain_that_contradicts_itself_is_refused() {
    let refused = from_base(|s| s.notes().owner = Some("nobody"), |doctor| doctor).await;
    assert!(
        matches!(refused, Err(GenerateError::Code { .. })),
        "{refused:?}"
    );
}

/// An entity of users with another field than DOMAIN.
mod users {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub email: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[tokio::test]
async fn an_entity_that_differs_from_the_domain_comes_before_a_migration() {
    let mut sketch = base();
    let so_far = built(sketch.clone().domain()).await;
    sketch.notes().add(TypedColumn::nullable("color", "text"));
    let domain = sketch.domain();
    let entity = TableSource::postgres::<users::Entity>();
    let sources = domain.sources.iter().copied().chain([entity]);
    let sources: &'static [TableSource] = sources.collect::<Vec<_>>().leak();
    let domain = Box::leak(Box::new(Domain { sources, ..*domain }));
    match generate(so_far, domain, |doctor| doctor).await {
        Err(GenerateError::Entities { report }) => {
            let subjects = report.findings.iter().map(|finding| finding.subject());
            let subjects: Vec<_> = subjects.collect();
            assert_eq!(subjects, ["users.name", "users.email"], "{report}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_doctor_without_migrations_generates_nothing() {
    let refused = Doctor::new(&entity::DOMAIN).generate("m1").await;
    assert!(
        matches!(refused, Err(GenerateError::Skipped { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn nothing_is_generated_beside_a_database_that_the_history_did_not_build() {
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<migration::History>()
            .database(database.database.url());
        let nothing = doctor.generate("m1").await;
        assert!(matches!(nothing, Ok(None)), "{engine}: {nothing:?}");

        database
            .run("ALTER TABLE habits ADD COLUMN icon TEXT")
            .await
            .expect("a change by hand");
        match doctor.generate("m1").await {
            Err(GenerateError::DatabaseDiffers { report, .. }) => {
                let [finding] = report.findings.as_slice() else {
                    panic!("{engine}: {report}");
                };
                assert_eq!(finding.subject(), "habits.icon");
            }
            other => panic!("{engine}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn nothing_is_generated_beside_a_database_that_lacks_a_migration() {
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        for sql in [
            "DROP TABLE catamaran_operation_keys",
            "DELETE FROM seaql_migrations WHERE version = 'm20261122_000008_operation_keys'",
        ] {
            database.run(sql).await.expect("a statement");
        }
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<migration::History>()
            .database(database.database.url());
        match doctor.generate("m1").await {
            Err(GenerateError::DatabaseDiffers { report, .. }) => {
                let mut names = report.findings.iter().map(|finding| &finding.name);
                assert!(
                    names.any(|name| name == "m20261122_000008_operation_keys"),
                    "{report}"
                );
            }
            other => panic!("{engine}: {other:?}"),
        }
    }
}

/// The module is compiled with the tests.
#[test]
fn a_migration_to_be_written_by_hand_compiles_as_it_stands() {
    let generated = Generated::empty("m20260102_000001_by_hand");
    let files = generated.suggestion.files();
    let expected = [
        ("mod.rs", include_str!("by_hand/mod.rs")),
        ("sqlite.rs", include_str!("by_hand/sqlite.rs")),
        ("postgres.rs", include_str!("by_hand/postgres.rs")),
    ];
    assert_eq!(files.len(), expected.len());
    for ((path, text), (name, expected)) in files.into_iter().zip(expected) {
        assert_eq!(path, format!("m20260102_000001_by_hand/{name}"));
        assert_eq!(text, expected);
    }
    assert_eq!(by_hand::Migration.name(), "by_hand");
}
