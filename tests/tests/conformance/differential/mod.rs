//! Random rows, filters, orders and pages: SQLite, Postgres and a plain evaluation in Rust agree.

mod filters;
mod orders;
mod strategies;

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{Engine, Filter, Query, Repository, Result};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use suite::pages::{backwards, forwards};
use suite::specimen::{Migrator, Specimen};
use suite::users::everybodys;

use filters::Asked;
use orders::Key;

/// A query.
#[derive(Clone, Debug)]
struct Question {
    asked: Asked,
    order: Vec<Key>,
    size: u32,
}

impl Question {
    fn query(&self) -> Query<Specimen> {
        let query = Query::from(self.asked.filter());
        let keys = self.order.iter();
        keys.fold(query, |query, key| query.order_by(key.order()))
    }

    /// The answer, without a database.
    fn expected(&self, rows: &[Specimen]) -> Vec<Specimen> {
        let matching = rows
            .iter()
            .filter(|row| self.asked.holds(row) == Some(true));
        let mut expected: Vec<Specimen> = matching.cloned().collect();
        expected.sort_by(|a, b| orders::compare(&self.order, a, b));
        expected
    }
}

async fn answers(
    specimens: &dyn Repository<Specimen>,
    rows: &[Specimen],
    questions: &[Question],
) -> Result<Vec<Vec<Specimen>>> {
    specimens.delete_where(&Filter::all()).await?;
    let drafts = rows
        .iter()
        .map(|row| catamaran::Record::into_draft(row.clone()));
    specimens.insert_many(drafts.collect()).await?;
    let mut answers = Vec::new();
    for question in questions {
        let query = question.query();
        let found = forwards(specimens, &query, question.size).await?;
        assert_eq!(
            backwards(specimens, &query, question.size).await?,
            found,
            "{question:?}"
        );
        assert_eq!(
            specimens.count(&query).await?,
            found.len() as u64,
            "{question:?}"
        );
        assert_eq!(
            specimens.exists(&query).await?,
            !found.is_empty(),
            "{question:?}"
        );
        answers.push(found);
    }
    Ok(answers)
}

#[test]
fn both_engines_answer_random_queries_like_plain_rust() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let databases: Vec<TwinDatabase> = [Target::SqliteFile, Target::PostgresEnUs]
        .into_iter()
        .map(|target| {
            let created = runtime.block_on(TwinDatabase::create::<Migrator>(target));
            created.unwrap_or_else(|error| panic!("no database: {error}"))
        })
        .collect();
    let config = Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&strategies::cases(), |(rows, questions)| {
        for db in &databases {
            let specimens = everybodys::<Specimen>(db);
            let answers = runtime
                .block_on(answers(&*specimens, &rows, &questions))
                .map_err(|error| TestCaseError::fail(format!("{}: {error:?}", db.engine())))?;
            for (question, answer) in questions.iter().zip(answers) {
                let expected = question.expected(&rows);
                if answer != expected {
                    let engine: Engine = db.engine();
                    let message =
                        format!("{engine}, {question:?}\n got {answer:?}\nnot {expected:?}");
                    return Err(TestCaseError::fail(message));
                }
            }
        }
        Ok(())
    });
    runtime.block_on(async { drop(databases) });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
