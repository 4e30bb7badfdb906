//! Circles of new rows.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Result};
use suite::kind::{refused, unique};
use suite::raw;
use suite::tasks::{Task, TaskDraft, id, task};
use suite::users::{everybodys, everyone};

use super::{MISSING, as_new, circle, faulty, first_broken, pairs, refused_insert, refused_upsert};
use crate::which_error::{breaking, rules};

/// The error of an insert and of an upsert of new rows in a circle.
async fn both(db: &TwinDatabase, drafts: Vec<TaskDraft>) -> Result<ErrorKind> {
    let drafts = circle(drafts);
    let inserted = refused_insert(db, &drafts).await?;
    assert_eq!(refused_upsert(db, &as_new(&drafts)).await?, inserted);
    Ok(inserted)
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
            let kind = refused_insert(db, &drafts).await?;
            assert_eq!(kind, first_broken(&broken), "{broken:?} {ascend}");
        }
    }
    Ok(())
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
    let kind = refused_insert(db, &twice).await?;
    assert_eq!(kind, unique("tasks", &["id"], "pk_tasks"));
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
        assert_eq!(refused_insert(db, &call).await?, rules()[first]);
        assert_eq!(refused_upsert(db, &as_new(&call)).await?, rules()[first]);
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
        let upserted = tasks.upsert_many(as_new(&drafts)).await;
        assert_eq!(refused(upserted), rules()[4]);
    }
    let unit = db.store().begin_write(&everyone()).await?;
    let circle = vec![orphan(), task(12).next_id(Some(id(11)))];
    unit.repository::<Task>().insert_many(circle).await?;
    let kind = refused(unit.commit().await);
    assert!(matches!(kind, ErrorKind::ForeignKey { .. }), "{kind:?}");
    Ok(())
}
