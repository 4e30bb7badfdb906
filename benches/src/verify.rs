//! Checks that the contestants do the same thing.

use catamaran::Record;
use entity::Habit;

use crate::contestant::{Contestant, MANY, Outcome, PAGE};
use crate::dataset::{OWNER, drafts};
use crate::operation::{Operation, renamed, transaction};
use crate::stage::Stage;

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
        let engine = stage.engine();
        let blame = |error| format!("{engine}: {name}: {error}");
        let reads = same_reads(stage, reference.as_ref(), contestant.as_ref());
        reads.await.map_err(blame)?;
        let writes = right_writes(stage, reference.as_ref(), contestant.as_ref());
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

async fn same_reads(
    stage: &Stage,
    reference: &dyn Contestant,
    contestant: &dyn Contestant,
) -> Outcome<()> {
    for id in stage.ids().take(20) {
        let found = contestant.get(id).await?;
        check(found.is_some(), "a loaded row is there")?;
        check(found == reference.get(id).await?, "everyone gets that row")?;
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

    let rows = contestant.read_many().await?;
    check(rows.len() == MANY, "many rows are that many")?;
    check(rows == reference.read_many().await?, "everyone reads them")
}

async fn right_writes(
    stage: &Stage,
    reference: &dyn Contestant,
    contestant: &dyn Contestant,
) -> Outcome<()> {
    let id = stage.ids().next().ok_or("nothing is loaded")?;
    let before = reference.get(id).await?.ok_or("no such row")?;
    let updated = contestant.update(renamed(before.clone(), 1)).await?;
    let updated = updated.ok_or("the version was the right one")?;
    let expected = Habit {
        version: before.version + 1,
        updated_at: updated.updated_at,
        ..renamed(before.clone(), 1)
    };
    check(updated == expected, "an update gives the new row")?;
    let later = updated.updated_at > before.updated_at;
    check(later, "an update stamps the time")?;
    check(
        reference.get(id).await? == Some(updated),
        "an update is stored",
    )?;
    let stale = contestant.update(before).await?;
    check(stale.is_none(), "a stale update writes nothing")?;

    if contestant.can(Operation::Insert) {
        let draft = drafts(1).remove(0);
        let new = contestant.insert(draft.clone()).await?;
        check(new.user_id == OWNER, "a new row is the owner's")?;
        let fits = (&new.name, new.version) == (&draft.name, 1);
        check(fits, "a new row is the draft's")?;
        let stored = reference.get(new.id).await?;
        check(stored == Some(new), "an insert gives what is stored")?;
    }
    if contestant.can(Operation::InsertMany) {
        let rows = contestant.insert_many(drafts(MANY)).await?;
        check(rows.len() == MANY, "a bulk gives its rows")?;
        for row in [&rows[0], &rows[MANY / 2], &rows[MANY - 1]] {
            let stored = reference.get(row.id()).await?;
            check(stored.as_ref() == Some(row), "a bulk is stored")?;
        }
    }
    if contestant.can(Operation::Transaction) {
        let row = reference.get(id).await?.ok_or("no such row")?;
        let version = row.version;
        let row = transaction(contestant, row, 2).await?;
        check(row.version == version + 1, "a transaction updates")?;
        check(reference.get(id).await? == Some(row), "it commits")?;
        let mut unit = contestant.begin().await?;
        let new = unit.insert(drafts(1).remove(0)).await?;
        drop(unit);
        let gone = reference.get(new.id).await?;
        check(gone.is_none(), "a dropped transaction writes nothing")?;
    }
    Ok(())
}
