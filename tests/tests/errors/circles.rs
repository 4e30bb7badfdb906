//! Which error a bulk write gives if rows that reference each other in a circle break several rules: that of the first
//! of them in the call, on both engines.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    ConflictReason, Engine, ErrorKind, Expected, InvalidReason, Query, Repository, Result, Unit,
    Upsert, Upserted,
};
use suite::kind::{conflict, foreign_key, invalid, refused, stale, unique};
use suite::raw;
use suite::steps::{Step, step};
use suite::tasks::{Task, TaskDraft, id, task};
use suite::users::{ADA, BOB, adas, everybodys, everyone, scope};
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

/// What a call is refused with: outside of a unit, and in one that goes on after it.
async fn refused_everywhere<F, T>(
    db: &TwinDatabase,
    call: impl Fn(std::sync::Arc<dyn Repository<Task>>) -> F,
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
        let call = order.map(|at| rows[at].clone());
        let kind = refused_everywhere(db, |tasks| {
            let call = call.iter().cloned().map(Upsert::seen).collect();
            async move { tasks.upsert_many(call).await }
        });
        assert_eq!(kind.await?, rules()[first]);
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
        let call = order.map(|at| rows[at].clone());
        let kind = refused_everywhere(db, |tasks| {
            let call = call.iter().cloned().map(Upsert::seen).collect();
            async move { tasks.upsert_many(call).await }
        });
        assert_eq!(kind.await?, rules()[first]);
    }
    Ok(())
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

#[twin_test(suite::tasks::Migrator)]
async fn the_first_faulty_row_of_a_new_circle_is_named(db: &TwinDatabase) -> Result<()> {
    everybodys::<Task>(db).insert(task(1)).await?;
    for broken in pairs() {
        // The same id twice is another error.
        if broken.iter().filter(|rules| rules.contains(&3)).count() > 1 {
            continue;
        }
        for ascend in [false, true] {
            let drafts = faulty(&broken, ascend);
            let kind = refused_everywhere(db, |tasks| {
                let drafts = drafts.clone();
                async move { tasks.insert_many(drafts).await }
            });
            assert_eq!(kind.await?, first_broken(&broken), "{broken:?} {ascend}");
        }
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
                let kind = refused_everywhere(db, |tasks| {
                    let upserts = upserts.clone();
                    async move { tasks.upsert_many(upserts).await }
                });
                let message = format!("{broken:?} {stored:?} {ascend}");
                assert_eq!(kind.await?, first_broken(&broken), "{message}");
                for id in made {
                    tasks.delete(id, Expected::Any).await?;
                }
            }
        }
    }
    Ok(())
}

/// The error of an insert and of an upsert of new rows in a circle.
async fn both(db: &TwinDatabase, drafts: Vec<TaskDraft>) -> Result<ErrorKind> {
    let drafts = &circle(drafts);
    let inserted = refused_everywhere(db, |tasks| {
        let drafts = drafts.clone();
        async move { tasks.insert_many(drafts).await }
    });
    let inserted = inserted.await?;
    let upserted = refused_everywhere(db, |tasks| {
        let rows = drafts.iter().cloned().map(Upsert::new).collect();
        async move { tasks.upsert_many(rows).await }
    });
    assert_eq!(upserted.await?, inserted);
    Ok(inserted)
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_key_that_an_earlier_row_of_the_circle_has_is_taken(db: &TwinDatabase) -> Result<()> {
    let [.., slug, code, place, _, next] = rules();
    for numbers in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
        let [one, two, three] = numbers;
        // Several keys of the same two rows.
        let twins = vec![
            task(one).place(7).slug("s").code("c"),
            task(two).place(7).slug("s").code("c"),
        ];
        assert_eq!(both(db, twins).await?, slug);
        let twins = vec![task(one).place(7).code("c"), task(two).place(7).code("c")];
        assert_eq!(both(db, twins).await?, code);
        // The second row takes a place, and the third a slug.
        let drafts = |place: i32| {
            vec![
                task(one).slug("s").place(7),
                task(two).place(place),
                task(three).slug("s"),
            ]
        };
        assert_eq!(both(db, drafts(7)).await?, place);
        assert_eq!(both(db, drafts(8)).await?, slug);
        // A row that is closed has no place.
        let mut closed = drafts(7);
        closed[0].is_open = false;
        assert_eq!(both(db, closed).await?, slug);
        // A key that is taken comes before a reference to nothing, of the same row only.
        let mut orphans = drafts(7);
        orphans[1].next_id = Some(MISSING);
        assert_eq!(both(db, orphans.clone()).await?, place);
        orphans[0].next_id = Some(MISSING);
        assert_eq!(both(db, orphans).await?, next);
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn an_id_that_an_earlier_new_row_of_the_circle_has_is_taken(db: &TwinDatabase) -> Result<()> {
    let drafts = circle(vec![task(1), task(2), task(3)]);
    let mut twice = drafts.clone();
    twice.push(task(2).parent_id(Some(id(1))).slug("slug 3"));
    // It is no part of the circle: no row references the second one with the id.
    let kind = refused_everywhere(db, |tasks| {
        let twice = twice.clone();
        async move { tasks.insert_many(twice).await }
    });
    assert_eq!(kind.await?, unique("tasks", &["id"], "pk_tasks"));
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
            let kind = refused_everywhere(db, |tasks| {
                let mut call = vec![stale_row(&drafts[0]), Upsert::new(drafts[1].clone())];
                if is_last {
                    call.reverse();
                }
                async move { tasks.upsert_many(call).await }
            });
            assert_eq!(&kind.await?, expected);
        }
        // A row that was not seen at all.
        let kind = refused_everywhere(db, |tasks| {
            let call = drafts.iter().cloned().map(Upsert::new).collect();
            async move { tasks.upsert_many(call).await }
        });
        let exists = conflict::<Task>(id(first), ConflictReason::Exists);
        assert_eq!(kind.await?, exists);
        tasks.delete(id(first), Expected::Any).await?;
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
        let kind = refused_everywhere(db, |tasks| {
            let call = order.map(|at| Upsert::seen(call[at].clone())).to_vec();
            async move { tasks.upsert_many(call).await }
        });
        assert_eq!(&kind.await?, expected);
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
    let kind = refused_everywhere(db, |tasks| {
        let call = call(&drafts);
        async move { tasks.upsert_many(call).await }
    });
    let orphan = foreign_key("tasks", &["next_id"], "fk_tasks__next_id");
    assert_eq!(kind.await?, orphan);
    // Before task 1 has left it, the place is taken.
    let kind = refused_everywhere(db, |tasks| {
        let mut call = call(&drafts);
        call.swap(0, 1);
        async move { tasks.upsert_many(call).await }
    });
    assert_eq!(kind.await?, rules()[6]);
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
    let kind = refused_everywhere(db, |tasks| {
        let call = vec![
            Upsert::seen(changed(&stored, drafts[0].clone())),
            Upsert::new(drafts[1].clone()),
        ];
        async move { tasks.upsert_many(call).await }
    });
    assert_eq!(kind.await?, rules()[4]);
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_circle_is_named_after_the_rows_that_it_references(db: &TwinDatabase) -> Result<()> {
    everybodys::<Task>(db).insert(task(1)).await?;
    // The circle 11, 12 references 13, which comes last in the call.
    let mut drafts = circle(vec![breaking(11, &[6]), breaking(12, &[4])]);
    drafts[0].next_id = Some(id(13));
    for (last, first) in [(breaking(13, &[5]), 5), (task(13), 6)] {
        let mut call = drafts.clone();
        call.push(last);
        let kind = refused_everywhere(db, |tasks| {
            let call = call.clone();
            async move { tasks.insert_many(call).await }
        });
        assert_eq!(kind.await?, rules()[first]);
        let kind = refused_everywhere(db, |tasks| {
            let call = call.iter().cloned().map(Upsert::new).collect();
            async move { tasks.upsert_many(call).await }
        });
        assert_eq!(kind.await?, rules()[first]);
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn the_first_faulty_row_of_a_large_circle_is_named(db: &TwinDatabase) -> Result<()> {
    everybodys::<Task>(db).insert(task(1)).await?;
    let rows = |orphan: u32, taken: u32| {
        let row = |nth: u32| match nth {
            nth if nth == orphan => breaking(10 + nth, &[8]),
            nth if nth == taken => breaking(10 + nth, &[4]),
            nth => task(10 + nth),
        };
        (0..600).map(row).collect()
    };
    assert_eq!(both(db, rows(10, 599)).await?, rules()[8]);
    assert_eq!(both(db, rows(599, 10)).await?, rules()[4]);
    Ok(())
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

/// Defers the references. The table is empty.
async fn defer_references(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&everyone()).await?;
    let deferred = "DEFERRABLE INITIALLY DEFERRED";
    let script = match db.engine() {
        Engine::Postgres => {
            let keys = ["fk_tasks__parent_id", "fk_tasks__next_id"];
            let alter = |key| format!("ALTER TABLE tasks ALTER CONSTRAINT {key} {deferred};");
            keys.map(alter).concat()
        }
        Engine::Sqlite => {
            let schema =
                "SELECT sql FROM sqlite_schema WHERE tbl_name = 'tasks' AND sql IS NOT NULL";
            let mut script = "DROP TABLE tasks;".to_owned();
            for row in raw::rows_in(&unit, schema).await? {
                let sql: String = row.try_get("", "sql")?;
                script += &sql.replace("NO ACTION", &format!("NO ACTION {deferred}"));
                script += ";";
            }
            script
        }
    };
    raw::execute_in(&unit, &script).await?;
    unit.commit().await
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_deferred_key_is_checked_at_the_commit_of_a_circle(db: &TwinDatabase) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    defer_references(db).await?;
    tasks.insert(task(1)).await?;
    // The row 11 has no parent, which counts only at the commit. The row 12 takes a slug.
    let orphan = || task(11).parent_id(Some(MISSING)).next_id(Some(id(12)));
    let taken = || breaking(12, &[4]).next_id(Some(id(11)));
    for drafts in [vec![orphan(), taken()], vec![taken(), orphan()]] {
        assert_eq!(refused(tasks.insert_many(drafts.clone()).await), rules()[4]);
        let rows = drafts.into_iter().map(Upsert::new).collect();
        assert_eq!(refused(tasks.upsert_many(rows).await), rules()[4]);
    }
    let unit = db.store().begin_write(&everyone()).await?;
    let circle = vec![orphan(), task(12).next_id(Some(id(11)))];
    unit.repository::<Task>().insert_many(circle).await?;
    let kind = refused(unit.commit().await);
    assert!(matches!(kind, ErrorKind::ForeignKey { .. }), "{kind:?}");
    Ok(())
}
