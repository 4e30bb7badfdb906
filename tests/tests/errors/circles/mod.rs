//! Which error a bulk write gives if rows that reference each other in a circle break several rules: that of the first
//! of them in the call, on both engines.

mod new;
mod stored;

use std::sync::Arc;

use catamaran::testing::TwinDatabase;
use catamaran::{ErrorKind, Expected, Query, Repository, Result, Unit, Upsert};
use suite::kind::refused;
use suite::tasks::{Task, TaskDraft, id, task};
use suite::users::{everybodys, everyone};
use uuid::Uuid;

use crate::which_error::{breaking, rules};

const MISSING: Uuid = Uuid::from_u128(90_404);

/// The rows in a circle: each references the next one, by the key that it has no other use for.
fn circle(mut drafts: Vec<TaskDraft>) -> Vec<TaskDraft> {
    let ids: Vec<Option<Uuid>> = drafts.iter().map(|draft| draft.id).collect();
    let count = drafts.len();
    for (at, draft) in drafts.iter_mut().enumerate() {
        let next = ids[(at + 1) % count];
        match draft.parent_id {
            None => draft.parent_id = next,
            Some(_) => draft.next_id = next,
        }
    }
    drafts
}

/// What a call is refused with: outside of a unit, and in one that goes on after it.
async fn refused_everywhere<F, T>(
    db: &TwinDatabase,
    call: impl Fn(Arc<dyn Repository<Task>>) -> F,
) -> Result<ErrorKind>
where
    F: Future<Output = Result<T>>,
    T: std::fmt::Debug,
{
    let tasks = everybodys::<Task>(db);
    let stored = tasks.count(&Query::all()).await?;
    let outside = refused(call(tasks.clone()).await);
    let unit = db.store().begin_write(&everyone()).await?;
    let of_unit = unit.repository::<Task>();
    of_unit.insert(task(9_000)).await?;
    let inside = unit
        .savepoint(async |unit: &Unit| {
            let tasks = unit.repository::<Task>();
            tasks.insert(task(9_001)).await?;
            call(tasks).await
        })
        .await;
    assert_eq!(refused(inside), outside, "in a unit");
    of_unit.delete(id(9_000), Expected::Any).await?;
    unit.commit().await?;
    assert_eq!(tasks.count(&Query::all()).await?, stored);
    // A unit that goes on without a savepoint can only be rolled back.
    let unit = db.store().begin_write(&everyone()).await?;
    assert_eq!(refused(call(unit.repository::<Task>()).await), outside);
    assert!(matches!(
        refused(unit.commit().await),
        ErrorKind::UnitEnded { .. }
    ));
    Ok(outside)
}

/// Each pair of rules, broken by two rows of a circle of two or three.
fn pairs() -> Vec<Vec<Vec<usize>>> {
    let one_each = (0..9).flat_map(|one| {
        (0..9).flat_map(move |other| {
            [
                vec![vec![one], vec![other]],
                vec![vec![], vec![one], vec![other]],
                vec![vec![one], vec![], vec![other]],
            ]
        })
    });
    let more = [
        vec![vec![4, 5, 8], vec![5, 7]],
        vec![vec![6, 7], vec![0, 1]],
        vec![vec![7], vec![5, 6], vec![2, 6]],
    ];
    one_each.chain(more).collect()
}

/// The rows of a circle. Numbers, and so the keys that order a statement, ascend or descend.
fn faulty(broken: &[Vec<usize>], ascend: bool) -> Vec<TaskDraft> {
    let count = broken.len();
    let number = |at: usize| if ascend { at } else { count - at };
    let rows = broken.iter().enumerate();
    let rows = rows.map(|(at, rules)| breaking(10 + number(at) as u32, rules));
    circle(rows.collect())
}

/// The first rule that the first faulty row breaks.
fn first_broken(broken: &[Vec<usize>]) -> ErrorKind {
    let first = broken.iter().flatten().next().expect("a faulty row");
    rules()[*first].clone()
}

/// What an insert of the rows is refused with.
async fn refused_insert(db: &TwinDatabase, drafts: &[TaskDraft]) -> Result<ErrorKind> {
    let call = |tasks: Arc<dyn Repository<Task>>| {
        let drafts = drafts.to_vec();
        async move { tasks.insert_many(drafts).await }
    };
    refused_everywhere(db, call).await
}

/// What an upsert of the rows is refused with.
async fn refused_upsert(db: &TwinDatabase, rows: &[Upsert<Task>]) -> Result<ErrorKind> {
    let call = |tasks: Arc<dyn Repository<Task>>| {
        let rows = rows.to_vec();
        async move { tasks.upsert_many(rows).await }
    };
    refused_everywhere(db, call).await
}

/// The rows as upserts of new ones.
fn as_new(drafts: &[TaskDraft]) -> Vec<Upsert<Task>> {
    drafts.iter().cloned().map(Upsert::new).collect()
}
