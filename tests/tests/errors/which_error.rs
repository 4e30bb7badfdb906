//! Which error a write gives whose row breaks several rules, or whose rows each break one: the same on both engines.

use catamaran::record::Change;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Filter, Query, Result, Unit, Upsert};
use suite::kind::{check, foreign_key, refused, unique};
use suite::stores::open_with;
use suite::tasks::{Task, TaskDraft, TaskPatch, id, task};
use suite::users::{everybodys, everyone};

/// The rules of the table, in the order in which a row is checked.
pub(crate) fn rules() -> [ErrorKind; 9] {
    [
        ErrorKind::NotNull {
            table: "tasks".into(),
            column: "note".into(),
        },
        check("tasks", &["slug", "code"], "ck_tasks__code_differs"),
        check("tasks", &["slug"], "ck_tasks__slug_length"),
        unique("tasks", &["id"], "pk_tasks"),
        unique("tasks", &["slug"], "uq_tasks__slug"),
        unique("tasks", &["code"], "uq_tasks__code"),
        unique("tasks", &["place"], "uq_tasks__place"),
        foreign_key("tasks", &["parent_id"], "fk_tasks__parent_id"),
        foreign_key("tasks", &["next_id"], "fk_tasks__next_id"),
    ]
}

/// The `nth` task, changed so that it breaks each of these rules, given as indexes of [`rules`]. Task 1 is stored.
pub(crate) fn breaking(nth: u32, broken: &[usize]) -> TaskDraft {
    let mut draft = task(nth);
    for rule in broken {
        match rule {
            0 => draft.note = None,
            1 => {}
            2 => draft.slug = "long ".repeat(9),
            3 => draft.id = Some(id(1)),
            4 => draft.slug = "slug 1".to_owned(),
            5 => draft.code = "code 1".to_owned(),
            6 => draft.place = 1,
            7 => draft.parent_id = Some(id(90_404)),
            _ => draft.next_id = Some(id(90_404)),
        }
    }
    if broken.contains(&1) {
        match broken.contains(&5) {
            true => draft.slug.clone_from(&draft.code),
            false => draft.code.clone_from(&draft.slug),
        }
    }
    draft
}

/// Sets of rules that one row can break together.
fn sets() -> Vec<Vec<usize>> {
    let all = 0..9;
    let pairs = all
        .clone()
        .flat_map(|one| (one + 1..9).map(move |other| vec![one, other]));
    let alone = all.map(|one| vec![one]);
    let more = [
        vec![0, 1, 2, 3, 6, 7],
        vec![1, 2, 3],
        vec![3, 4, 5, 6, 7],
        vec![4, 5, 6, 7],
        vec![5, 6, 7, 8],
        vec![1, 2, 7],
    ];
    let sets = alone.chain(pairs).chain(more);
    // A text cannot be long and the one of task 1, nor equal to the code of task 1 and have another code.
    let possible = |set: &Vec<usize>| {
        let has = |rule| set.contains(&rule);
        !(has(2) && has(4)) && !(has(1) && has(5) && (has(2) || has(4)))
    };
    sets.filter(possible).collect()
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn an_inserted_row_that_breaks_several_rules_names_the_first_in_the_order(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    tasks.insert(task(1)).await?;
    for set in sets() {
        let first = &rules()[set[0]];
        let draft = || breaking(2, &set);
        assert_eq!(&refused(tasks.insert(draft()).await), first, "{set:?}");
        assert_eq!(
            &refused(tasks.insert_many(vec![draft()]).await),
            first,
            "{set:?}"
        );
        let between = vec![task(3), draft(), task(4)];
        assert_eq!(
            &refused(tasks.insert_many(between).await),
            first,
            "between others: {set:?}"
        );
        // An upsert of a stored id is an update.
        if set[0] < 3 || !set.contains(&3) {
            let row = vec![Upsert::new(task(3)), Upsert::new(draft())];
            assert_eq!(&refused(tasks.upsert_many(row).await), first, "{set:?}");
        }
    }
    assert_eq!(tasks.count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_changed_row_that_breaks_several_rules_names_the_first_in_the_order(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    tasks.insert(task(1)).await?;
    let stored = tasks.insert(task(2)).await?;
    for set in sets().into_iter().filter(|set| !set.contains(&3)) {
        let first = &rules()[set[0]];
        let draft = breaking(2, &set);
        let changed = Task {
            slug: draft.slug.clone(),
            code: draft.code.clone(),
            place: draft.place,
            note: draft.note.clone(),
            parent_id: draft.parent_id,
            next_id: draft.next_id,
            ..stored.clone()
        };
        assert_eq!(
            &refused(tasks.update(changed.clone()).await),
            first,
            "{set:?}"
        );
        let patch = TaskPatch {
            slug: Change::Set(draft.slug),
            code: Change::Set(draft.code),
            place: Change::Set(draft.place),
            note: Change::Set(draft.note),
            parent_id: Change::Set(draft.parent_id),
            next_id: Change::Set(draft.next_id),
            ..TaskPatch::new()
        };
        let patched = tasks.patch(stored.id, Expected::Any, patch.clone()).await;
        assert_eq!(&refused(patched), first, "{set:?}");
        let patched = tasks.patch_where(&Task::ID.eq(id(2)), patch).await;
        assert_eq!(&refused(patched), first, "{set:?}");
        let upserted = tasks.upsert(Upsert::seen(changed)).await;
        assert_eq!(&refused(upserted), first, "{set:?}");
    }
    assert_eq!(tasks.get(id(2)).await?, stored);
    Ok(())
}

/// Runs a bulk call of the repository and of a unit, whose savepoint it ends.
async fn both(db: &TwinDatabase, drafts: &[TaskDraft], expected: &ErrorKind) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    assert_eq!(&refused(tasks.insert_many(drafts.to_vec()).await), expected);
    let upserts = || drafts.iter().cloned().map(Upsert::new).collect::<Vec<_>>();
    assert_eq!(&refused(tasks.upsert_many(upserts()).await), expected);
    let unit = db.store().begin_write(&everyone()).await?;
    let unit_tasks = unit.repository::<Task>();
    unit_tasks.insert(task(9_000)).await?;
    for upsert in [false, true] {
        let outcome = unit
            .savepoint(async |unit: &Unit| {
                let tasks = unit.repository::<Task>();
                tasks.insert_many(vec![task(9_001), task(9_002)]).await?;
                match upsert {
                    true => tasks.upsert_many(upserts()).await.map(|_| ()),
                    false => tasks.insert_many(drafts.to_vec()).await.map(|_| ()),
                }
            })
            .await;
        assert_eq!(&refused(outcome), expected);
    }
    unit_tasks.delete(id(9_000), Expected::Any).await?;
    unit.commit().await?;
    assert_eq!(tasks.count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn of_several_faulty_rows_the_first_in_the_order_of_the_call_is_named(
    db: &TwinDatabase,
) -> Result<()> {
    everybodys::<Task>(db).insert(task(1)).await?;
    for (broken, first) in [
        (vec![vec![7], vec![7], vec![4]], 7),
        (vec![vec![4], vec![7], vec![7]], 4),
        (vec![vec![7], vec![0]], 7),
        (vec![vec![6], vec![5], vec![4], vec![2]], 6),
        (vec![vec![], vec![], vec![5], vec![], vec![1]], 5),
    ] {
        let numbered = (10..).zip(&broken);
        let drafts: Vec<TaskDraft> = numbered.map(|(nth, rules)| breaking(nth, rules)).collect();
        both(db, &drafts, &rules()[first]).await?;
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn the_named_row_does_not_depend_on_how_rows_are_split_into_statements(
    db: &TwinDatabase,
) -> Result<()> {
    everybodys::<Task>(db).insert(task(1)).await?;
    // What one statement takes at most: 500 rows on SQLite, 5,000 on Postgres.
    for (count, orphan, taken) in [
        (499, 498, 0),
        (500, 0, 499),
        (501, 500, 499),
        (501, 499, 500),
        (5_001, 5_000, 4_999),
        (5_001, 4_999, 5_000),
    ] {
        let draft = |nth: u32| match nth {
            nth if nth == orphan => breaking(10 + nth, &[7]),
            nth if nth == taken => breaking(10 + nth, &[4]),
            nth => task(10 + nth),
        };
        let drafts: Vec<TaskDraft> = (0..count).map(draft).collect();
        let first = if orphan < taken { 7 } else { 4 };
        both(db, &drafts, &rules()[first]).await?;
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_patch_of_many_rows_names_what_the_row_with_the_lowest_id_breaks(
    db: &TwinDatabase,
) -> Result<()> {
    let tasks = everybodys::<Task>(db);
    tasks.insert(task(1)).await?;
    // The slug of task 1 is taken for all, and the code of task 3.
    for order in [[2, 3, 4], [4, 3, 2]] {
        let draft = |nth| match nth {
            3 => task(nth).code("slug 1"),
            nth => task(nth),
        };
        tasks.insert_many(order.map(draft).to_vec()).await?;
        let patch = || TaskPatch::new().slug("slug 1");
        let all = Task::PLACE.ge(2);
        let first = &rules()[4];
        assert_eq!(&refused(tasks.patch_where(&all, patch()).await), first);
        let from_third = Task::PLACE.ge(3);
        let patched = tasks.patch_where(&from_third, patch()).await;
        assert_eq!(&refused(patched), &rules()[1]);
        let unit = db.store().begin_write(&everyone()).await?;
        let patched = unit.repository::<Task>().patch_where(&all, patch()).await;
        assert_eq!(&refused(patched), first);
        unit.rollback().await?;
        assert_eq!(tasks.delete_where(&all).await?, 3);
    }
    Ok(())
}

#[twin_test(suite::tasks::Migrator, everywhere)]
async fn a_delete_of_many_rows_names_what_still_refers_to_the_row_with_the_lowest_id(
    db: &TwinDatabase,
) -> Result<()> {
    let options = |options: catamaran::StoreOptions| options.domain(&suite::tasks::DOMAIN);
    let store = open_with::<suite::tasks::History>(db, options).await?;
    let tasks = store.repository::<Task>(&everyone());
    tasks.insert_many((1..=4).map(task).collect()).await?;
    let next = |nth: u32, of: u32| task(nth).next_id(Some(id(of)));
    let child = |nth: u32, of: u32| task(nth).parent_id(Some(id(of)));
    tasks
        .insert_many(vec![child(5, 2), next(6, 1), next(7, 3), child(8, 3)])
        .await?;
    let [.., by_parent, by_next] = rules();
    for (condition, first) in [
        (Task::PLACE.le(4), &by_next),
        (Task::PLACE.le(4).and(Task::PLACE.ge(2)), &by_parent),
        (Task::ID.eq(id(3)), &by_parent),
    ] {
        assert_eq!(&refused(tasks.delete_where(&condition).await), first);
        let unit = store.begin_write(&everyone()).await?;
        let deleted = unit.repository::<Task>().delete_where(&condition).await;
        assert_eq!(&refused(deleted), first);
        unit.rollback().await?;
    }
    assert_eq!(
        &refused(tasks.delete(id(3), Expected::Any).await),
        &by_parent
    );
    assert_eq!(tasks.delete_where(&Filter::all()).await?, 8);
    Ok(())
}
