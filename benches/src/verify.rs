//! Checks that the contestants do the same thing.

use std::sync::Arc;

use catamaran::Record;
use entity::Habit;

use crate::contestant::{Contestant, Outcome, PAGE, Upsert, renamed};
use crate::dataset::{OWNER, drafts, new};
use crate::run::half_changed;
use crate::stage::Stage;
use crate::workload::Workload;

/// Fails if a contestant's result differs from the first one's.
///
/// # Errors
/// The contestant and the difference.
pub async fn verify(stage: &Stage) -> Outcome<()> {
    let [reference, ..] = stage.contestants() else {
        return Err("there is no contestant".into());
    };
    for contestant in stage.contestants() {
        let name = contestant.name();
        let blame = |error| format!("{}: {name}: {error}", stage.settings());
        let reads = same_reads(stage, reference, contestant);
        reads.await.map_err(blame)?;
        let writes = right_writes(stage, reference, contestant);
        writes.await.map_err(blame)?;
        stage.tidy().await?;
    }
    Ok(())
}

fn check(holds: bool, claim: &str) -> Outcome<()> {
    match holds {
        true => Ok(()),
        false => Err(format!("does not hold: {claim}").into()),
    }
}

type One = Arc<dyn Contestant>;

async fn same_reads(stage: &Stage, reference: &One, contestant: &One) -> Outcome<()> {
    for id in stage.ids().take(20) {
        let found = contestant.get(id).await?;
        check(found.is_some(), "a loaded row is there")?;
        check(found == reference.get(id).await?, "everyone gets that row")?;
        if contestant.can(Workload::GetAsOwner) {
            let as_owner = contestant.get_as_owner(id).await?;
            check(found == as_owner, "the owner gets that row")?;
        }
    }
    let foreign = contestant.get(stage.foreign()).await?;
    let is_right = foreign.is_none() == contestant.is_scoped();
    check(is_right, "a scope does not see another owner's row")?;

    let (mut expected, mut given) = (None, None);
    for _ in 0..3 {
        let right = reference.page(expected).await?;
        let page = contestant.page(given).await?;
        check(page.items.len() == PAGE, "a page is full")?;
        check(page.items == right.items, "everyone reads those pages")?;
        (expected, given) = (right.next, page.next);
        check(given.is_some(), "there is another page")?;
    }

    let many = stage.many();
    let rows = contestant.read_many(many).await?;
    check(rows.len() == many, "many rows are that many")?;
    check(
        rows == reference.read_many(many).await?,
        "everyone reads them",
    )?;
    let mut streamed = Vec::new();
    let mut push = |row| streamed.push(row);
    contestant.stream_many(many, &mut push).await?;
    check(rows == streamed, "a stream has the same rows")?;

    if contestant.can(Workload::Scan) {
        let name = &rows[0].name;
        let (own, right) = (contestant.count(name).await?, reference.count(name).await?);
        check(own > 0 && own == right, "everyone counts the same rows")?;
    }
    Ok(())
}

async fn right_writes(stage: &Stage, reference: &One, contestant: &One) -> Outcome<()> {
    let id = stage.ids().next().ok_or("nothing is loaded")?;
    let before = reference.get(id).await?.ok_or("no such row")?;
    let updated = contestant.update(renamed(before.clone())).await?;
    let updated = updated.ok_or("the version was the right one")?;
    let right = is_successor(&before, &updated);
    check(right, "an update gives the new row, and stamps the time")?;
    let stored = reference.get(id).await?;
    check(stored == Some(updated), "an update is stored")?;
    let stale = contestant.update(before.clone()).await?;
    check(stale.is_none(), "a stale update writes nothing")?;

    let draft = new(1);
    let inserted = contestant.insert(draft.clone()).await?;
    let fits = (&inserted.name, inserted.version) == (&draft.name, 1);
    check(fits, "a new row is the draft's")?;
    check(inserted.user_id == OWNER, "a new row is the owner's")?;
    let stored = reference.get(inserted.id).await?;
    check(stored == Some(inserted), "an insert gives what is stored")?;

    let many = stage.many();
    let rows = contestant.insert_many(drafts(many)).await?;
    check(rows.len() == many, "a bulk gives its rows")?;
    same_as_stored(reference, &rows).await?;
    upserts(stage, reference, contestant).await?;
    stage.tidy().await?;
    transactions(stage, reference, contestant, before).await
}

/// The same contents as after [`renamed`], in the next version and written later.
fn is_successor(before: &Habit, after: &Habit) -> bool {
    let expected = Habit {
        version: before.version + 1,
        updated_at: after.updated_at,
        ..renamed(before.clone())
    };
    *after == expected && after.updated_at > before.updated_at
}

async fn same_as_stored(reference: &One, rows: &[Habit]) -> Outcome<()> {
    for index in [0, 1, rows.len() / 2, rows.len() - 1] {
        let row = &rows[index];
        let stored = reference.get(row.id()).await?;
        check(stored.as_ref() == Some(row), "a bulk gives what is stored")?;
    }
    Ok(())
}

async fn upserts(stage: &Stage, reference: &One, contestant: &One) -> Outcome<()> {
    let before = reference.read_many(stage.many() / 2).await?;
    let changes = half_changed(before.clone());
    let rows = contestant.upsert_many(changes).await?;
    check(rows.len() == stage.many(), "an upsert gives its rows")?;
    let mut pairs = before.iter().zip(rows.chunks(2));
    let right = pairs.all(|(before, pair)| is_successor(before, &pair[0]) && pair[1].version == 1);
    check(
        right,
        "an upsert updates rows that exist, and inserts others",
    )?;
    same_as_stored(reference, &rows).await?;

    stage.tidy().await?;
    let id = rows[0].id;
    let current = reference.get(id).await?.ok_or("no such row")?;
    // Written since it was read, with other contents: Catamaran accepts the same contents again.
    let mut stale = before[1].clone();
    stale.name = "stale".to_owned();
    let changes = vec![
        Upsert::New(new(0)),
        Upsert::Seen(renamed(current.clone())),
        Upsert::Seen(stale),
    ];
    let conflict = contestant.upsert_many(changes).await;
    check(conflict.is_err(), "an upsert of a stale row is refused")?;
    let stored = reference.get(id).await?;
    check(stored == Some(current), "a refused upsert writes no row")?;
    let inserted = stage.tidy().await?;
    check(inserted == 0, "a refused upsert inserts no row")
}

async fn transactions(
    stage: &Stage,
    reference: &One,
    contestant: &One,
    stale: Habit,
) -> Outcome<()> {
    let row = reference.get(stale.id).await?.ok_or("no such row")?;
    let version = row.version;
    let row = contestant.transaction(row, [new(1), new(2)]).await?;
    check(row.version == version + 1, "a transaction updates")?;
    let stored = reference.get(row.id).await?;
    check(stored == Some(row), "it commits")?;
    check(stage.tidy().await? == 2, "it inserts two rows")?;

    let failed = contestant.transaction(stale, [new(1), new(2)]).await;
    check(failed.is_err(), "a transaction with a stale row fails")?;
    // The connection rolls back when it is used next, at the latest.
    contestant.page(None).await?;
    let inserted = stage.tidy().await?;
    check(inserted == 0, "a transaction that fails writes nothing")
}
