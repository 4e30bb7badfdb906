//! Ids that the database generates.

use std::collections::BTreeSet;
use std::sync::Arc;

use catamaran::record::Record;
use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{
    ErrorKind, Expected, InvalidReason, PageRequest, Query, Repository, Result, Upsert, Upserted,
};
use suite::keys::{
    Mark, MarkDraft, MarkPatch, Numbered, NumberedDraft, Tick, TickDraft, Ticket, TicketDraft,
    TicketPatch,
};
use suite::kind::{foreign_key, invalid, not_found, refused, unique};
use suite::pages::forwards;
use suite::raw;
use suite::users::{ADA, BOB, everybodys, everyone, scope};

fn tickets(db: &TwinDatabase) -> Arc<dyn Repository<Ticket>> {
    db.store().repository(&scope(ADA))
}

fn drafts(count: usize) -> Vec<TicketDraft> {
    // The order of the notes, by which rows are written, is not that of the drafts.
    let note = |number: usize| format!("{:05}", number.wrapping_mul(7_919) % 100_003);
    (0..count)
        .map(|number| TicketDraft::new(note(number)))
        .collect()
}

fn note_taken() -> ErrorKind {
    unique("tickets", &["note"], "uq_tickets__note")
}

/// The rows as they are stored.
async fn stored(db: &TwinDatabase) -> Result<Vec<Ticket>> {
    forwards(&*tickets(db), &Query::all(), 100).await
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn insert_returns_the_id_that_the_database_generated(db: &TwinDatabase) -> Result<()> {
    let rows = tickets(db);
    let first = rows.insert(TicketDraft::new("a")).await?;
    let second = rows.insert(TicketDraft::new("b").parent(first.id)).await?;
    assert_eq!((first.id, second.id), (1, 2));
    assert_eq!(rows.get(2).await?, second);
    let marks = everybodys::<Mark>(db);
    let mark = marks.insert(MarkDraft::new().ticket_id(second.id)).await?;
    assert_eq!(mark, marks.get(1).await?);
    let ticks = everybodys::<Tick>(db);
    assert_eq!(ticks.insert(TickDraft::new()).await?, Tick { id: 1 });
    let ids = ticks.insert_many(vec![TickDraft::new(); 3]).await?;
    assert_eq!(ids, [Tick { id: 2 }, Tick { id: 3 }, Tick { id: 4 }]);
    Ok(())
}

/// The engines may differ in which number is refused: a sequence of Postgres goes on after a rollback.
#[twin_test(suite::keys::Migrator, everywhere)]
async fn a_number_that_the_type_of_the_id_refuses_leaves_no_row(db: &TwinDatabase) -> Result<()> {
    let ticks = everybodys::<Tick>(db);
    ticks.insert_many(vec![TickDraft::new(); 2]).await?;
    let numbered = everybodys::<Numbered>(db);
    for id in [3, 4] {
        let row = numbered.insert(NumberedDraft::new()).await?;
        assert_eq!(ticks.get(id).await?, Tick { id });
        assert_eq!(row, numbered.get(row.id).await?);
    }
    let kind = refused(numbered.insert(NumberedDraft::new()).await);
    assert_eq!(kind.name(), "InvalidValue");
    assert_eq!(ticks.count(&Query::all()).await?, 4);
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn ids_of_a_bulk_insert_ascend_in_the_order_of_the_drafts(db: &TwinDatabase) -> Result<()> {
    // Above 200 rows the system's scope copies them on Postgres.
    for count in [1, 2, 37, 450] {
        let marks = everybodys::<Mark>(db);
        let made = marks.insert_many(vec![MarkDraft::new(); count]).await?;
        assert!(
            made.is_sorted_by(|one, other| one.id < other.id),
            "{made:?}"
        );
        raw::execute_on(db, "DELETE FROM tickets", "TRUNCATE tickets CASCADE").await?;
        let before = drafts(count);
        let notes: Vec<String> = before.iter().map(|draft| draft.note.clone()).collect();
        let made = tickets(db).insert_many(before).await?;
        assert!(made.is_sorted_by(|one, other| one.id < other.id));
        assert!(made.iter().map(|row| &row.note).eq(&notes));
        assert_eq!(stored(db).await?, made);
    }
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn concurrent_inserts_get_different_ids(db: &TwinDatabase) -> Result<()> {
    let tasks = (0..8_usize).map(|task| {
        let rows = tickets(db);
        async move {
            let mut made = Vec::new();
            for number in 0..6 {
                let draft = |part: usize| TicketDraft::new(format!("{task} {number} {part}"));
                match number % 3 {
                    0 => made.push(rows.insert(draft(0)).await?),
                    1 => made.extend(rows.insert_many((0..5).map(draft).collect()).await?),
                    _ => {
                        let upserts = (0..3).map(|part| Upsert::new(draft(part)));
                        let upserted = rows.upsert_many(upserts.collect()).await?;
                        made.extend(upserted.into_iter().map(Upserted::into_record));
                        // The ids of a refused call are never those of stored rows.
                        let taken = vec![draft(9), draft(0)];
                        assert_eq!(refused(rows.insert_many(taken).await), note_taken());
                    }
                }
            }
            Ok::<_, catamaran::Error>(made)
        }
    });
    let mut made = Vec::new();
    for rows in futures_util::future::join_all(tasks).await {
        made.extend(rows?);
    }
    let ids: BTreeSet<i64> = made.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), made.len());
    made.sort_by_key(|row| row.id);
    assert_eq!(stored(db).await?, made);
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn id_of_a_removed_row_is_not_generated_again(db: &TwinDatabase) -> Result<()> {
    let marks = everybodys::<Mark>(db);
    let first = marks.insert(MarkDraft::new()).await?;
    marks.delete(first.id, Expected::Any).await?;
    let second = marks.insert(MarkDraft::new()).await?;
    assert!(second.id > first.id, "{second:?}");
    marks.delete(second.id, Expected::Any).await?;
    let more = marks.insert_many(vec![MarkDraft::new(); 2]).await?;
    assert!(more.iter().all(|mark| mark.id > second.id), "{more:?}");
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn refused_row_is_found_whatever_its_place_and_nothing_is_inserted(
    db: &TwinDatabase,
) -> Result<()> {
    let rows = tickets(db);
    rows.insert(TicketDraft::new("taken")).await?;
    assert_eq!(
        refused(rows.insert(TicketDraft::new("taken")).await),
        note_taken()
    );
    let orphan = || TicketDraft::new("orphan").parent(1_000_000);
    let missing = foreign_key("tickets", &["parent"], "fk_tickets__parent");
    assert_eq!(refused(rows.insert(orphan()).await), missing);
    let calls = [
        (
            vec![TicketDraft::new("a"), orphan(), TicketDraft::new("taken")],
            &missing,
        ),
        (
            vec![TicketDraft::new("a"), TicketDraft::new("taken"), orphan()],
            &note_taken(),
        ),
    ];
    for (drafts, kind) in calls {
        assert_eq!(refused(rows.insert_many(drafts.clone()).await), *kind);
        let upserts = drafts.into_iter().map(Upsert::new).collect();
        assert_eq!(refused(rows.upsert_many(upserts).await), *kind);
    }
    assert_eq!(rows.count(&Query::all()).await?, 1);
    let next = rows.insert(TicketDraft::new("next")).await?;
    assert!(next.id > 1);
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn upsert_of_a_new_row_inserts_it_and_that_of_a_read_one_updates_it(
    db: &TwinDatabase,
) -> Result<()> {
    let rows = tickets(db);
    let first = rows.upsert(Upsert::new(TicketDraft::new("a"))).await?;
    assert!(matches!(first, Upserted::Inserted(_)), "{first:?}");
    let mut first = first.into_record();
    let unchanged = rows.upsert(Upsert::seen(first.clone())).await?;
    assert_eq!(unchanged, Upserted::Unchanged(first.clone()));
    first.note = "b".to_owned();
    let both = vec![
        Upsert::new(TicketDraft::new("c")),
        Upsert::seen(first.clone()),
        Upsert::new(TicketDraft::new("d").parent(first.id)),
    ];
    let outcomes = rows.upsert_many(both).await?;
    assert!(
        matches!(
            &outcomes[..],
            [
                Upserted::Inserted(_),
                Upserted::Updated(_),
                Upserted::Inserted(_)
            ]
        ),
        "{outcomes:?}"
    );
    let mut records: Vec<Ticket> = outcomes.into_iter().map(Upserted::into_record).collect();
    let notes: Vec<&str> = records.iter().map(|row| row.note.as_str()).collect();
    assert_eq!(notes, ["c", "b", "d"]);
    assert!(records[0].id < records[2].id);
    assert_eq!(records[1].id, first.id);
    records.sort_by_key(|row| row.id);
    assert_eq!(stored(db).await?, records);
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn removed_row_is_inserted_again_with_its_id(db: &TwinDatabase) -> Result<()> {
    let marks = everybodys::<Mark>(db);
    let made = marks.insert_many(vec![MarkDraft::new(); 3]).await?;
    marks.delete(made[1].id, Expected::Any).await?;
    let again = marks.upsert(Upsert::seen(made[1].clone())).await?;
    assert_eq!(again, Upserted::Inserted(made[1].clone()));
    let next = marks.insert(MarkDraft::new()).await?;
    assert!(next.id > made[2].id);
    Ok(())
}

#[twin_test(suite::keys::Migrator)]
async fn calls_by_a_generated_id_are_those_of_any_number(db: &TwinDatabase) -> Result<()> {
    let rows = tickets(db);
    let made = rows.insert_many(drafts(7)).await?;
    let ids: Vec<i64> = made.iter().map(|row| row.id).collect();
    let patched = rows.patch(ids[2], Expected::Version(1), TicketPatch::new().note("new"));
    assert_eq!(patched.await?.id, ids[2]);
    let mut changed = rows.get(ids[3]).await?;
    changed.note = "newer".to_owned();
    assert_eq!(rows.update(changed).await?.version, 2);
    let query = Query::all().filter(Ticket::ID.is_in(ids[2..5].to_vec()));
    assert_eq!(rows.count(&query).await?, 3);
    let page = rows.list(&Query::all(), PageRequest::first(3)).await?;
    assert!(
        page.items
            .iter()
            .map(|row| row.id)
            .eq(ids[..3].iter().copied())
    );
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let in_unit = unit.repository::<Ticket>();
    assert_eq!(in_unit.lock(&[ids[4], ids[1]]).await?.len(), 2);
    let parent = in_unit.insert(TicketDraft::new("parent")).await?;
    let child = TicketDraft::new("child").parent(parent.id);
    let child = in_unit.insert_many(vec![child]).await?;
    assert_eq!(child[0].parent, Some(parent.id));
    unit.commit().await?;
    rows.delete(ids[0], Expected::Version(1)).await?;
    assert_eq!(refused(rows.get(ids[0]).await), not_found::<Ticket>(ids[0]));
    rows.restore(ids[0], Expected::Any).await?;
    let marks = everybodys::<Mark>(db);
    let mark = marks.insert(MarkDraft::new().ticket_id(parent.id)).await?;
    let other = MarkPatch::new().ticket_id(child[0].id);
    assert_eq!(
        marks.patch(mark.id, Expected::Any, other).await?.id,
        mark.id
    );
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn owners_share_the_numbers_and_do_not_meet(db: &TwinDatabase) -> Result<()> {
    let bobs = db.store().repository::<Ticket>(&scope(BOB));
    let ada = tickets(db).insert(TicketDraft::new("ada")).await?;
    let bob = bobs
        .insert_many(vec![TicketDraft::new("bob"), TicketDraft::new("bobby")])
        .await?;
    assert!(bob.iter().all(|row| row.id > ada.id && row.user_id == BOB));
    assert_eq!(refused(bobs.get(ada.id).await), not_found::<Ticket>(ada.id));
    assert_eq!(stored(db).await?, [ada]);
    Ok(())
}

#[twin_test(suite::keys::Migrator)]
async fn a_draft_cannot_have_an_id_that_the_database_generates(_: &TwinDatabase) -> Result<()> {
    let kind = refused(Mark::draft_from(Some(7), Vec::new()));
    assert!(
        matches!(&kind, ErrorKind::InvalidQuery { reason } if reason.contains("generates the id of marks")),
        "{kind:?}"
    );
    assert_eq!(Mark::draft_from(None, Vec::new())?, MarkDraft::new());
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn a_type_without_a_further_number_is_an_invalid_value(db: &TwinDatabase) -> Result<()> {
    let none = invalid("id", InvalidReason::Refused);
    raw::execute_on(
        db,
        "INSERT INTO marks (id) VALUES (2147483646)",
        "SELECT setval('marks_id_seq', 2147483646)",
    )
    .await?;
    let marks = everybodys::<Mark>(db);
    assert_eq!(
        refused(marks.insert_many(vec![MarkDraft::new(); 2]).await),
        none
    );
    if marks.count(&Query::all()).await? < 2 {
        // Reserving numbers that were not used takes the last one on Postgres, which does not roll back.
        let _last_or_none = marks.insert(MarkDraft::new()).await;
    }
    assert_eq!(refused(marks.insert(MarkDraft::new()).await), none);
    assert_eq!(
        refused(marks.upsert(Upsert::new(MarkDraft::new())).await),
        none
    );
    raw::execute_on(
        db,
        "INSERT INTO ticks (id) VALUES (9223372036854775807)",
        "SELECT setval('ticks_id_seq', 9223372036854775807)",
    )
    .await?;
    let ticks = everybodys::<Tick>(db);
    assert_eq!(refused(ticks.insert(TickDraft::new()).await), none);
    assert_eq!(
        refused(ticks.insert_many(vec![TickDraft::new()]).await),
        none
    );
    Ok(())
}

#[twin_test(suite::keys::Migrator)]
async fn rolled_back_unit_leaves_no_row_and_later_ids_are_free(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&everyone()).await?;
    unit.repository::<Mark>().insert(MarkDraft::new()).await?;
    unit.repository::<Mark>()
        .insert_many(vec![MarkDraft::new(); 3])
        .await?;
    unit.rollback().await?;
    let marks = everybodys::<Mark>(db);
    let made = marks.insert_many(vec![MarkDraft::new(); 3]).await?;
    let found = forwards(&*marks, &Query::all(), 2).await?;
    assert_eq!(found, made);
    Ok(())
}

/// As after a restore of rows without the position of the sequence. SQLite takes the larger of both numbers.
#[tokio::test]
async fn counter_behind_the_rows_never_overwrites_one_on_postgres() -> Result<()> {
    let db = TwinDatabase::create::<suite::keys::Migrator>(Target::Postgres).await;
    let db = db.expect("a database");
    raw::execute(
        db.store(),
        "INSERT INTO marks (id) VALUES (1), (2), (3), (4)",
    )
    .await?;
    let marks = everybodys::<Mark>(&db);
    let taken = unique("marks", &["id"], "pk_marks");
    assert_eq!(refused(marks.insert(MarkDraft::new()).await), taken);
    assert_eq!(
        refused(marks.insert_many(vec![MarkDraft::new()]).await),
        taken
    );
    assert_eq!(
        refused(marks.upsert(Upsert::new(MarkDraft::new())).await),
        taken
    );
    let upserts = vec![Upsert::new(MarkDraft::new()), Upsert::new(MarkDraft::new())];
    assert_eq!(refused(marks.upsert_many(upserts).await), taken);
    Ok(())
}

#[tokio::test]
async fn role_without_the_sequence_inserts_single_rows_only_on_postgres() -> Result<()> {
    let db = TwinDatabase::create::<suite::keys::Migrator>(Target::Postgres).await;
    let db = db.expect("a database");
    let revoke = "REVOKE USAGE ON SEQUENCE tickets_id_seq FROM catamaran_app";
    raw::execute(db.store(), revoke).await?;
    let rows = tickets(&db);
    assert_eq!(rows.insert(TicketDraft::new("a")).await?.id, 1);
    let many = rows.insert_many(vec![TicketDraft::new("b"), TicketDraft::new("c")]);
    let kind = refused(many.await);
    assert!(
        matches!(&kind, ErrorKind::Permission { reason } if reason.contains("tickets_id_seq")),
        "{kind:?}"
    );
    Ok(())
}
