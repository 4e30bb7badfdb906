//! Circles of stored rows, alone or with new ones.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ConflictReason, ErrorKind, Expected, InvalidReason, Result, Upsert, Upserted};
use suite::kind::{conflict, foreign_key, invalid, refused, stale, unique};
use suite::raw;
use suite::steps::{Step, step};
use suite::tasks::{Task, TaskDraft, id, task};
use suite::users::{ADA, BOB, adas, everybodys, everyone, scope};

use super::{MISSING, as_new, circle, faulty, first_broken, pairs, refused_upsert};
use crate::which_error::{breaking, rules};

/// The draft as a change of the stored row.
fn changed(stored: &Task, draft: TaskDraft) -> Task {
    Task {
        slug: draft.slug,
        code: draft.code,
        place: draft.place,
        note: draft.note,
        parent_id: draft.parent_id,
        next_id: draft.next_id,
        ..stored.clone()
    }
}

/// Which rows of the circle are stored before an upsert.
#[derive(Clone, Copy, Debug)]
enum Stored {
    None,
    First,
    Last,
    All,
}

impl Stored {
    fn includes(self, at: usize, count: usize) -> bool {
        match self {
            Stored::None => false,
            Stored::First => at == 0,
            Stored::Last => at + 1 == count,
            Stored::All => true,
        }
    }
}

/// The rules of [`suite::steps`] that several rows of a circle can break.
fn rules_of_steps() -> [ErrorKind; 5] {
    [
        ErrorKind::NotNull {
            table: "steps".into(),
            column: "before_id".into(),
        },
        unique("steps", &["badge"], "uq_steps__badge"),
        unique("steps", &["user_id", "title"], "uq_steps__user_id_title"),
        foreign_key(
            "steps",
            &["user_id", "before_id"],
            "fk_steps__user_id_before_id",
        ),
        foreign_key(
            "steps",
            &["user_id", "after_id"],
            "fk_steps__user_id_after_id",
        ),
    ]
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn the_first_stored_row_of_a_circle_that_takes_a_key_is_named(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    tasks.insert(task(8)).await?;
    tasks.insert(task(9)).await?;
    let stored = [tasks.insert(task(2)).await?, tasks.insert(task(1)).await?];
    let drafts = circle(vec![task(2).slug("slug 8"), task(1).place(9)]);
    let rows = stored.iter().zip(drafts);
    let rows: Vec<Task> = rows.map(|(row, draft)| changed(row, draft)).collect();
    for (order, first) in [([0, 1], 4), ([1, 0], 6)] {
        let call = order.map(|at| Upsert::seen(rows[at].clone()));
        assert_eq!(refused_upsert(db, &call).await?, rules()[first]);
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn the_first_stored_row_of_a_circle_without_a_parent_is_named(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let stored = [tasks.insert(task(2)).await?, tasks.insert(task(1)).await?];
    let drafts = circle(vec![breaking(2, &[8]), breaking(1, &[7])]);
    let rows = stored.iter().zip(drafts);
    let rows: Vec<Task> = rows.map(|(row, draft)| changed(row, draft)).collect();
    for (order, first) in [([0, 1], 8), ([1, 0], 7)] {
        let call = order.map(|at| Upsert::seen(rows[at].clone()));
        assert_eq!(refused_upsert(db, &call).await?, rules()[first]);
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_version_at_its_end_is_refused_at_its_turn(db: &TwinDatabase) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    tasks.insert_many(vec![task(1), task(2), task(9)]).await?;
    let sql = "UPDATE tasks SET version = 9223372036854775807 WHERE place = 1";
    raw::execute(db.store(), sql).await?;
    let at_end = tasks.get(id(1)).await?;
    let other = tasks.get(id(2)).await?;
    let drafts = circle(vec![task(1).slug("slug 9"), task(2).place(9)]);
    let call = [
        changed(&at_end, drafts[0].clone()),
        changed(&other, drafts[1].clone()),
    ];
    let over = invalid("version", InvalidReason::Refused);
    for (order, expected) in [([0, 1], &over), ([1, 0], &rules()[6])] {
        let call = order.map(|at| Upsert::seen(call[at].clone()));
        assert_eq!(&refused_upsert(db, &call).await?, expected);
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator)]
async fn the_first_faulty_row_of_an_upserted_circle_is_named(db: &TwinDatabase) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    tasks.insert(task(1)).await?;
    for broken in pairs() {
        // An upsert of a stored id is an update.
        if broken.iter().flatten().any(|rule| *rule == 3) {
            continue;
        }
        for stored in [Stored::None, Stored::First, Stored::Last, Stored::All] {
            for ascend in [false, true] {
                let drafts = faulty(&broken, ascend);
                let mut upserts = Vec::new();
                let mut made = Vec::new();
                for (at, draft) in drafts.iter().enumerate() {
                    if !stored.includes(at, drafts.len()) {
                        upserts.push(Upsert::new(draft.clone()));
                        continue;
                    }
                    let id = draft.id.expect("an id");
                    let nth = u32::try_from(id.as_u128()).expect("a small number");
                    let row = tasks.insert(task(nth)).await?;
                    upserts.push(Upsert::seen(changed(&row, draft.clone())));
                    made.push(row.id);
                }
                let kind = refused_upsert(db, &upserts).await?;
                let message = format!("{broken:?} {stored:?} {ascend}");
                assert_eq!(kind, first_broken(&broken), "{message}");
                for id in made {
                    tasks.delete(id, Expected::Any).await?;
                }
            }
        }
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_stale_row_of_a_circle_is_a_conflict_at_its_turn(db: &TwinDatabase) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    tasks.insert(task(9)).await?;
    for (first, last) in [(1, 2), (2, 1)] {
        let stored = tasks.insert(task(first)).await?;
        let stale_row = |draft: &TaskDraft| {
            let mut row = changed(&stored, draft.clone());
            row.version = 5;
            Upsert::seen(row)
        };
        let drafts = circle(vec![task(first).code("other"), task(last).place(9)]);
        let other_version = stale::<Task>(id(first), 5, 1);
        for (is_last, expected) in [(false, &other_version), (true, &rules()[6])] {
            let mut call = vec![stale_row(&drafts[0]), Upsert::new(drafts[1].clone())];
            if is_last {
                call.reverse();
            }
            assert_eq!(&refused_upsert(db, &call).await?, expected);
        }
        // A row that was not seen at all.
        let exists = conflict::<Task>(id(first), ConflictReason::Exists);
        assert_eq!(refused_upsert(db, &as_new(&drafts)).await?, exists);
        tasks.delete(id(first), Expected::Any).await?;
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn rows_of_a_circle_may_take_keys_that_earlier_ones_leave(db: &TwinDatabase) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let stored = tasks.insert_many(vec![task(1), task(2)]).await?;
    // Task 1 goes to place 7, task 2 to place 1, and both reference a new row.
    let mut drafts = circle(vec![task(1).place(7), task(2).place(1), task(3)]);
    let call = |drafts: &[TaskDraft]| {
        let rows = stored.iter().zip(drafts);
        let mut call: Vec<Upsert<Task>> = rows
            .map(|(row, draft)| Upsert::seen(changed(row, draft.clone())))
            .collect();
        call.push(Upsert::new(drafts[2].clone()));
        call
    };
    // Only the references of the new row are broken.
    drafts[0].next_id = Some(id(3));
    drafts[2].next_id = Some(MISSING);
    let orphan = foreign_key("tasks", &["next_id"], "fk_tasks__next_id");
    assert_eq!(refused_upsert(db, &call(&drafts)).await?, orphan);
    // Before task 1 has left it, the place is taken.
    let mut exchanged = call(&drafts);
    exchanged.swap(0, 1);
    assert_eq!(refused_upsert(db, &exchanged).await?, rules()[6]);
    drafts[2].next_id = None;
    let written = tasks.upsert_many(call(&drafts)).await?;
    assert!(matches!(written[0], Upserted::Updated(_)));
    assert!(matches!(written[2], Upserted::Inserted(_)));
    let places: Vec<i32> = written.iter().map(|row| row.record().place).collect();
    assert_eq!(places, [7, 1, 3]);
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_new_row_of_a_circle_does_not_get_the_key_of_a_stored_one(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    let stored = tasks.insert(task(1)).await?;
    // New rows are inserted before the stored ones of the circle leave their keys.
    let heir = task(2).place(1).slug("slug 1");
    let drafts = circle(vec![task(1).place(7).slug("left"), heir]);
    let call = [
        Upsert::seen(changed(&stored, drafts[0].clone())),
        Upsert::new(drafts[1].clone()),
    ];
    assert_eq!(refused_upsert(db, &call).await?, rules()[4]);
    Ok(())
}

#[twin_test(suite::steps::Migrator, everywhere)]
async fn owners_and_the_system_are_told_the_first_faulty_row_of_a_circle(
    db: &TwinDatabase,
) -> Result<()> {
    let adas = adas::<Step>(db);
    let theirs = db.store().repository::<Step>(&scope(BOB));
    adas.insert(step(1)).await?;
    theirs.insert(step(2)).await?;
    // The step 1 is Ada's, and the step 2 Bob's. A badge of Bob's is taken, and Ada sees no row that has it.
    let breaking = |nth: u32, rule: usize, next: u32| {
        let mut draft = step(nth).after_id(Some(id(next))).before_id(Some(id(next)));
        match rule {
            0 => draft.before_id = None,
            1 => draft.badge = 2,
            2 => draft.title = "title 1".to_owned(),
            3 => draft.before_id = Some(id(2)),
            4 => draft.after_id = Some(MISSING),
            _ => {}
        }
        draft
    };
    let rules = rules_of_steps();
    for one in 0..6 {
        for other in 0..6 {
            let expected = match (rules.get(one), rules.get(other)) {
                (Some(first), _) | (None, Some(first)) => first,
                (None, None) => continue,
            };
            for (first, last) in [(11, 12), (12, 11)] {
                let message = format!("{one} {other} {first}");
                let drafts = vec![breaking(first, one, last), breaking(last, other, first)];
                let inserted = refused(adas.insert_many(drafts.clone()).await);
                assert_eq!(&inserted, expected, "{message}");
                let rows = || drafts.iter().cloned().map(Upsert::new).collect();
                let upserted = refused(adas.upsert_many(rows()).await);
                assert_eq!(&upserted, expected, "{message}");
                // Stored rows, in both scopes.
                let stored = adas.insert_many(vec![step(first), step(last)]).await?;
                let rows = || {
                    let rows = stored.iter().zip(&drafts).map(|(stored, draft)| Step {
                        badge: draft.badge,
                        title: draft.title.clone(),
                        before_id: draft.before_id,
                        after_id: draft.after_id,
                        ..stored.clone()
                    });
                    rows.map(Upsert::seen).collect::<Vec<_>>()
                };
                for scope in [scope(ADA), everyone()] {
                    let steps = db.store().repository::<Step>(&scope);
                    let kind = refused(steps.upsert_many(rows()).await);
                    assert_eq!(&kind, expected, "{message}");
                    let unit = db.store().begin_write(&scope).await?;
                    let steps = unit.repository::<Step>();
                    let kind = refused(steps.upsert_many(rows()).await);
                    assert_eq!(&kind, expected, "{message}");
                    unit.rollback().await?;
                }
                raw::execute(db.store(), "DELETE FROM steps WHERE badge > 2").await?;
            }
        }
    }
    Ok(())
}

#[twin_test(suite::steps::Migrator, everywhere)]
async fn a_row_of_a_circle_with_the_id_of_another_owner_is_refused_at_its_turn(
    db: &TwinDatabase,
) -> Result<()> {
    let adas = adas::<Step>(db);
    adas.insert(step(1)).await?;
    db.store()
        .repository::<Step>(&scope(BOB))
        .insert(step(2))
        .await?;
    let theirs = Upsert::new(step(2).badge(20).after_id(Some(id(11))));
    let taken = step(11).title("title 1").after_id(Some(id(2)));
    let mut call = vec![theirs, Upsert::new(taken)];
    let kind = refused(adas.upsert_many(call.clone()).await);
    assert!(matches!(kind, ErrorKind::Permission { .. }), "{kind:?}");
    call.reverse();
    assert_eq!(refused(adas.upsert_many(call).await), rules_of_steps()[2]);
    // A deleted row is a conflict.
    adas.insert(step(12)).await?;
    adas.delete(id(12), Expected::Any).await?;
    let deleted = Upsert::new(step(12).after_id(Some(id(11))));
    let taken = Upsert::new(step(11).title("title 1").after_id(Some(id(12))));
    let mut call = vec![deleted, taken];
    assert_eq!(
        refused(adas.upsert_many(call.clone()).await),
        conflict::<Step>(id(12), ConflictReason::Deleted)
    );
    call.reverse();
    assert_eq!(refused(adas.upsert_many(call).await), rules_of_steps()[2]);
    Ok(())
}
