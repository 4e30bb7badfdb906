//! A bulk write answers as if its rows were written one after another, with parents before their children.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Result, Unit, Upsert, Upserted};
use entity::{Entry, EntryDraft};
use suite::kind::{check, foreign_key, refused, unique};
use suite::sample::day;
use suite::tasks::{Task, TaskDraft, id, task};
use suite::users::{ADA, adas, everybodys, everyone, habit_of};
use uuid::Uuid;

/// Entries of Ada's on the days 1 to `count`, with ids in the order of the days or against it, and stored in either
/// order.
async fn entries(
    db: &TwinDatabase,
    count: u32,
    ids_ascend: bool,
    last_first: bool,
) -> Result<Vec<Entry>> {
    let habit = habit_of(
        db.store(),
        ADA,
        &format!("{count} {ids_ascend} {last_first}"),
    )
    .await?;
    let mut drafts: Vec<EntryDraft> = (1..=count)
        .map(|nth| {
            let number = if ids_ascend { nth } else { count - nth };
            let id = Uuid::from_u128(habit.id.as_u128() ^ u128::from(number));
            EntryDraft::new(habit.id, day(nth)).id(id)
        })
        .collect();
    if last_first {
        drafts.reverse();
    }
    let entries = adas::<Entry>(db);
    let mut stored = Vec::new();
    for draft in drafts {
        stored.push(entries.insert(draft).await?);
    }
    stored.sort_by_key(|entry| entry.date);
    Ok(stored)
}

/// The rows, each a day later.
fn a_day_later(stored: &[Entry]) -> Vec<Upsert<Entry>> {
    let moved = stored.iter().cloned().map(|mut entry| {
        entry.date = entry.date.succ_opt().expect("a day");
        entry
    });
    moved.map(Upsert::seen).collect()
}

#[twin_test(migration::Migrator, everywhere)]
async fn rows_that_take_the_keys_of_others_are_written_in_the_order_of_the_call(
    db: &TwinDatabase,
) -> Result<()> {
    let rows = adas::<Entry>(db);
    let taken = unique(
        "habit_entries",
        &["user_id", "habit_id", "date"],
        "uq_habit_entries__user_id_habit_id_date",
    );
    for count in 2..=9 {
        for (ids_ascend, last_first) in [(true, true), (true, false), (false, true), (false, false)]
        {
            let stored = entries(db, count, ids_ascend, last_first).await?;
            // The first row takes the day of the second, which still has it.
            let first_day_first = rows.upsert_many(a_day_later(&stored)).await;
            assert_eq!(refused(first_day_first), taken);
            let mut backwards = a_day_later(&stored);
            backwards.reverse();
            let moved = rows.upsert_many(backwards).await?;
            assert!(moved.iter().all(|row| matches!(row, Upserted::Updated(_))));
            assert!(moved.iter().all(|row| row.record().version == 2));
        }
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn rows_cannot_swap_their_keys_in_one_call(db: &TwinDatabase) -> Result<()> {
    let stored = entries(db, 2, true, false).await?;
    let mut swapped = stored.clone();
    swapped[0].date = stored[1].date;
    swapped[1].date = stored[0].date;
    let rows = adas::<Entry>(db);
    for order in [[0, 1], [1, 0]] {
        let call = order.map(|at| Upsert::seen(swapped[at].clone())).to_vec();
        let kind = refused(rows.upsert_many(call).await);
        assert!(matches!(kind, catamaran::ErrorKind::Unique { .. }));
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn many_rows_that_take_free_keys_are_moved_together(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let rows = adas::<Entry>(db);
    let drafts = (0..1_200).map(|nth| EntryDraft::new(habit, day(nth)));
    let mut stored = rows.insert_many(drafts.collect()).await?;
    for entry in &mut stored {
        entry.date = entry.date + chrono::Days::new(2_000);
        entry.amount += 1;
    }
    let call = stored.iter().cloned().map(Upsert::seen).collect();
    let moved = rows.upsert_many(call).await?;
    for (moved, wanted) in moved.iter().zip(&stored) {
        assert!(matches!(moved, Upserted::Updated(_)));
        assert_eq!(moved.record().date, wanted.date);
        assert_eq!((moved.record().amount, moved.record().version), (1, 2));
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_new_row_may_take_a_key_only_after_the_row_that_gives_it_up(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let stored = tasks.insert(task(1)).await?;
    let moved = || {
        let mut moved = stored.clone();
        moved.place = 7;
        Upsert::seen(moved)
    };
    let heir = || Upsert::new(task(2).place(1));
    let taken = unique("tasks", &["place"], "uq_tasks__place");
    let early = tasks.upsert_many(vec![heir(), moved()]).await;
    assert_eq!(refused(early), taken);
    let unit = db.store().begin_write(&everyone()).await?;
    let late = unit
        .repository::<Task>()
        .upsert_many(vec![moved(), heir()])
        .await?;
    assert!(matches!(late[0], Upserted::Updated(_)));
    assert!(matches!(late[1], Upserted::Inserted(_)));
    unit.rollback().await?;
    let late = tasks.upsert_many(vec![moved(), heir()]).await?;
    assert!(matches!(late[0], Upserted::Updated(_)));
    assert!(matches!(late[1], Upserted::Inserted(_)));
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_row_that_leaves_a_partial_key_frees_it_for_later_rows(db: &TwinDatabase) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let open = tasks.insert(task(1)).await?;
    let closed = tasks.insert(task(2).place(1).is_open(false)).await?;
    let flipped = |task: &Task| {
        let mut flipped = task.clone();
        flipped.is_open = !flipped.is_open;
        Upsert::seen(flipped)
    };
    let taken = unique("tasks", &["place"], "uq_tasks__place");
    let early = vec![flipped(&closed), flipped(&open)];
    assert_eq!(refused(tasks.upsert_many(early).await), taken);
    let late = vec![flipped(&open), flipped(&closed)];
    tasks.upsert_many(late).await?;
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_repeated_id_is_written_at_its_place_in_the_call(db: &TwinDatabase) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let first = tasks.insert(task(1)).await?;
    let second = tasks.insert(task(2)).await?;
    let at = |task: &Task, place: i32, version: i64| {
        let mut moved = task.clone();
        (moved.place, moved.version) = (place, version);
        Upsert::seen(moved)
    };
    let taken = unique("tasks", &["place"], "uq_tasks__place");
    // Task 1 takes place 2 before task 2 has left it.
    let early = vec![at(&first, 5, 1), at(&first, 2, 2), at(&second, 6, 1)];
    assert_eq!(refused(tasks.upsert_many(early).await), taken);
    let late = vec![at(&first, 5, 1), at(&second, 6, 1), at(&first, 2, 2)];
    let outcomes = tasks.upsert_many(late).await?;
    let places: Vec<i32> = outcomes.iter().map(|row| row.record().place).collect();
    assert_eq!(places, [5, 6, 2]);
    Ok(())
}

/// The tasks `from..to`, each the child of the one with the number that `parent` returns.
fn linked(from: u32, to: u32, parent: impl Fn(u32) -> u32) -> Vec<TaskDraft> {
    (from..to)
        .map(|nth| task(nth).parent_id(Some(id(parent(nth)))))
        .collect()
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn rows_that_reference_each_other_are_accepted_if_all_references_exist_at_the_end(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let mut start = 1;
    // A circle is one statement. Its limit is the same on both engines: 32,766 values, and a task has 9.
    for size in [1, 2, 3, 7, 500, 501, 700, 3_640] {
        let end = start + size;
        let circle = |from: u32| {
            linked(from, from + size, |nth| {
                if nth + 1 < from + size { nth + 1 } else { from }
            })
        };
        let inserted = tasks.insert_many(circle(start)).await?;
        assert_eq!(inserted.len(), size as usize);
        let upserts = circle(end).into_iter().map(Upsert::new).collect();
        let upserted = tasks.upsert_many(upserts).await?;
        assert_eq!(upserted.len(), size as usize);
        assert_eq!(inserted[0].id, id(start), "in the order of the drafts");
        start = end + size;
    }
    let too_large = linked(start, start + 3_641, |nth| {
        if nth > start { nth - 1 } else { start + 3_640 }
    });
    let too_large = refused(tasks.insert_many(too_large).await);
    assert_eq!(too_large, catamaran::ErrorKind::StatementTooLarge);
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_circle_with_a_missing_row_is_a_foreign_key_error_and_leaves_nothing(
    db: &TwinDatabase,
) -> Result<()> {
    let missing = foreign_key("tasks", &["parent_id"], "fk_tasks__parent_id");
    let unit = db.store().begin_write(&everyone()).await?;
    for size in [3, 501] {
        let mut rows = linked(1, size, |nth| if nth + 1 < size { nth + 1 } else { 1 });
        rows.push(task(size).parent_id(Some(id(90_000))));
        let outcome = unit
            .savepoint(async |unit: &Unit| {
                unit.repository::<Task>().insert_many(rows.clone()).await
            })
            .await;
        assert_eq!(refused(outcome), missing);
        let alone = unit
            .savepoint(async |unit: &Unit| {
                let orphan = task(1).parent_id(Some(id(90_000)));
                unit.repository::<Task>().insert(orphan).await
            })
            .await;
        assert_eq!(refused(alone), missing, "keys are checked at once again");
    }
    let tasks = unit.repository::<Task>();
    assert_eq!(tasks.count(&catamaran::Query::all()).await?, 0);
    unit.commit().await
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn an_upserted_row_may_reference_a_row_that_the_call_inserts(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let mut stored = tasks.insert(task(1)).await?;
    stored.parent_id = Some(id(2));
    let child_first = vec![Upsert::seen(stored.clone()), Upsert::new(task(2))];
    tasks.upsert_many(child_first).await?;
    // A circle of a stored row and a new one.
    let mut stored = tasks.get(id(1)).await?;
    stored.parent_id = Some(id(3));
    let new = task(3).parent_id(Some(id(1)));
    let circle = tasks
        .upsert_many(vec![Upsert::seen(stored), Upsert::new(new)])
        .await?;
    assert!(matches!(circle[0], Upserted::Updated(_)));
    assert!(matches!(circle[1], Upserted::Inserted(_)));
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn the_id_of_a_stored_row_in_a_circle_is_not_taken(db: &TwinDatabase) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let mut stored = tasks.insert(task(1)).await?;
    stored.next_id = Some(id(2));
    let new = task(2).code("slug 2").next_id(Some(id(1)));
    let circle = vec![Upsert::seen(stored), Upsert::new(new)];
    assert_eq!(
        refused(tasks.upsert_many(circle).await),
        check("tasks", &["slug", "code"], "ck_tasks__code_differs")
    );
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn rows_are_removed_after_those_that_refer_to_them(db: &TwinDatabase) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    // Of each pair the parent has the lower id, and 9 is held by a row that stays.
    let mut drafts = vec![task(1), task(2), task(9)];
    for (child, parent) in [(11, 1), (12, 2), (13, 9)] {
        drafts.push(task(child).parent_id(Some(id(parent))));
    }
    tasks.insert_many(drafts).await?;
    let parents_and_two = Task::PLACE.ne(13);
    let held = foreign_key("tasks", &["parent_id"], "fk_tasks__parent_id");
    assert_eq!(refused(tasks.delete_where(&parents_and_two).await), held);
    let without_held = Task::PLACE.is_in([1, 2, 11, 12]);
    assert_eq!(tasks.delete_where(&without_held).await?, 4);
    assert_eq!(tasks.count(&catamaran::Query::all()).await?, 2);
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_circle_is_removed_whole_or_names_the_first_key_of_a_row_that_stays(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let circle = linked(1, 4, |nth| if nth < 3 { nth + 1 } else { 1 });
    tasks.insert_many(circle).await?;
    let stays = task(9).parent_id(Some(id(1))).next_id(Some(id(3)));
    tasks.insert(stays).await?;
    // A row that was written again is elsewhere in the storage of Postgres.
    let patch = suite::tasks::TaskPatch::new().code("again");
    tasks.patch(id(1), catamaran::Expected::Any, patch).await?;
    let all_three = Task::PLACE.le(3);
    let held = foreign_key("tasks", &["parent_id"], "fk_tasks__parent_id");
    assert_eq!(refused(tasks.delete_where(&all_three).await), held);
    tasks.delete(id(9), catamaran::Expected::Any).await?;
    assert_eq!(tasks.delete_where(&all_three).await?, 3);
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn the_references_of_rows_in_a_circle_are_checked_in_the_order_of_the_call(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let mut stored = tasks.insert(task(1)).await?;
    stored.next_id = Some(id(2));
    stored.parent_id = Some(id(404));
    let new = task(2).parent_id(Some(id(1))).next_id(Some(id(405)));
    // The new row is inserted before the stored one is updated.
    let mut circle = vec![Upsert::seen(stored), Upsert::new(new)];
    assert_eq!(
        refused(tasks.upsert_many(circle.clone()).await),
        foreign_key("tasks", &["parent_id"], "fk_tasks__parent_id")
    );
    circle.reverse();
    assert_eq!(
        refused(tasks.upsert_many(circle).await),
        foreign_key("tasks", &["next_id"], "fk_tasks__next_id")
    );
    Ok(())
}
