//! Random calls on records with generated ids. The engines generate different numbers, since only Postgres uses up those of
//! a refused call, so rows are compared by the order in which they were made.

use std::sync::Arc;

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{Expected, Query, Repository, Upsert, Upserted};
use fastrand::Rng;
use suite::keys::{Ticket, TicketDraft, TicketPatch};
use suite::pages::forwards;
use suite::users::{ADA, scope};

/// A row of a draft: its note, and which row is its parent.
type Made = (String, Option<usize>);

#[derive(Clone, Debug)]
enum New {
    Made(Made),
    /// A row that was read, with another note.
    Read(usize, String),
}

#[derive(Clone, Debug)]
enum Call {
    Insert(Made),
    InsertMany(Vec<Made>),
    Upsert(Vec<New>),
    Patch(usize, String, bool),
    Delete(usize),
    Restore(usize),
    List,
}

/// A row without its id: its number, note, parent, version, and whether it is deleted.
type Row = (usize, String, Option<usize>, i64, bool);

struct Side {
    _db: TwinDatabase,
    rows: Arc<dyn Repository<Ticket>>,
    /// The rows as they were last returned, in the order in which they were made.
    seen: Vec<Ticket>,
}

impl Side {
    async fn new(target: Target) -> Self {
        let db = TwinDatabase::create::<suite::keys::Migrator>(target).await;
        let db = db.expect("a database");
        Side {
            rows: db.store().repository(&scope(ADA)),
            _db: db,
            seen: Vec::new(),
        }
    }

    fn draft(&self, (note, parent): &Made) -> TicketDraft {
        let parent = parent.map(|number| self.seen.get(number).map_or(-7, |row| row.id));
        TicketDraft::new(note.as_str()).parent(parent)
    }

    /// Records rows that a call returned. Each new one has a larger id than all before.
    fn returned(&mut self, rows: Vec<Ticket>) -> Vec<Row> {
        for row in &rows {
            match self.seen.iter_mut().find(|seen| seen.id == row.id) {
                Some(seen) => seen.clone_from(row),
                None => {
                    assert!(self.seen.iter().all(|seen| seen.id < row.id), "{row:?}");
                    self.seen.push(row.clone());
                }
            }
        }
        let number = |id: i64| self.seen.iter().position(|seen| seen.id == id);
        let rows = rows.into_iter().map(|row| {
            let own = number(row.id).expect("it was recorded");
            let parent = row
                .parent
                .map(|id| number(id).expect("a row that was seen"));
            (own, row.note, parent, row.version, row.deleted_at.is_some())
        });
        rows.collect()
    }

    /// The rows that a call returned, or the name of its error.
    async fn run(&mut self, call: &Call) -> Result<Vec<Row>, &'static str> {
        let id = |number: &usize| self.seen.get(*number).map_or(-7, |row| row.id);
        let rows = &self.rows;
        let answer = match call {
            Call::Insert(made) => rows.insert(self.draft(made)).await.map(|row| vec![row]),
            Call::InsertMany(made) => {
                let drafts = made.iter().map(|made| self.draft(made));
                rows.insert_many(drafts.collect()).await
            }
            Call::Upsert(made) => {
                let upserts = made.iter().map(|made| match made {
                    New::Read(number, note) if *number < self.seen.len() => {
                        let mut row = self.seen[*number].clone();
                        row.note.clone_from(note);
                        Upsert::seen(row)
                    }
                    New::Made(made) => Upsert::new(self.draft(made)),
                    New::Read(_, note) => Upsert::new(TicketDraft::new(note.as_str())),
                });
                let upserted = rows.upsert_many(upserts.collect()).await;
                upserted.map(|all| all.into_iter().map(Upserted::into_record).collect())
            }
            Call::Patch(number, note, any) => {
                let expected = match any {
                    true => Expected::Any,
                    false => Expected::Version(1),
                };
                let patch = TicketPatch::new().note(note.as_str());
                let patched = rows.patch(id(number), expected, patch).await;
                patched.map(|row| vec![row])
            }
            Call::Delete(number) => rows
                .delete(id(number), Expected::Any)
                .await
                .map(|()| Vec::new()),
            Call::Restore(number) => rows
                .restore(id(number), Expected::Any)
                .await
                .map(|row| vec![row]),
            Call::List => forwards(&**rows, &Query::all(), 7).await,
        };
        match answer {
            Ok(rows) => Ok(self.returned(rows)),
            Err(error) => Err(error.kind().name()),
        }
    }
}

fn note(random: &mut Rng) -> String {
    format!("note {}", random.u32(0..60))
}

fn made(random: &mut Rng, rows: usize) -> Made {
    let has_parent = random.u32(0..5) < 2;
    let parent = has_parent.then(|| random.usize(0..rows + 2));
    (note(random), parent)
}

fn call(random: &mut Rng, rows: usize) -> Call {
    let number = random.usize(0..rows + 2);
    match random.u32(0..10) {
        0 | 1 => Call::Insert(made(random, rows)),
        2 | 3 => {
            let count = random.usize(0..6);
            Call::InsertMany((0..count).map(|_| made(random, rows)).collect())
        }
        4 | 5 => {
            let count = random.usize(0..6);
            let upserts = (0..count).map(|_| match random.bool() {
                true => New::Made(made(random, rows)),
                false => New::Read(random.usize(0..rows + 2), note(random)),
            });
            Call::Upsert(upserts.collect())
        }
        6 => Call::Patch(number, note(random), random.bool()),
        7 => Call::Delete(number),
        8 => Call::Restore(number),
        _ => Call::List,
    }
}

#[tokio::test]
async fn engines_agree_about_random_calls_with_generated_ids() {
    let mut random = Rng::with_seed(7);
    let mut sqlite = Side::new(Target::SqliteFile).await;
    let mut postgres = Side::new(Target::Postgres).await;
    let (mut accepted, mut refused) = (0, 0);
    for turn in 0..400 {
        let call = call(&mut random, sqlite.seen.len());
        let answers = (sqlite.run(&call).await, postgres.run(&call).await);
        assert_eq!(answers.0, answers.1, "turn {turn}: {call:?}");
        match answers.0 {
            Ok(_) => accepted += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 100 && refused > 50, "{accepted} {refused}");
}
