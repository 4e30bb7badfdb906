//! Foreign keys that set some of their columns to NULL. The owner in them stays.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Error, Expected, Query, Result, Store, Upsert};
use chrono::{DateTime, Utc};
use suite::shelves::{Book, BookDraft, DOMAIN, Migrator, Room, RoomDraft, Shelf, ShelfDraft};
use suite::users::{ADA, BOB, scope};
use uuid::Uuid;

fn long_after() -> DateTime<Utc> {
    DateTime::from_timestamp(7_258_118_400, 0).expect("the year 2200")
}

async fn shelf(store: &Store, owner: Uuid, above: Option<Uuid>) -> Result<Shelf> {
    let shelves = store.repository::<Shelf>(&scope(owner));
    shelves.insert(ShelfDraft::new().above_id(above)).await
}

async fn book(store: &Store, owner: Uuid, shelf: Uuid) -> Result<Book> {
    let books = store.repository::<Book>(&scope(owner));
    books.insert(BookDraft::new().shelf_id(shelf)).await
}

/// The row without its shelf. A database sets the column alone: neither the version nor the time of the update.
fn without_shelf(book: &Book) -> Book {
    Book {
        shelf_id: None,
        ..book.clone()
    }
}

async fn assert_books(store: &Store, owner: Uuid, expected: &[Book]) -> Result<()> {
    let books = store.repository::<Book>(&scope(owner));
    for book in expected {
        assert_eq!(books.get(book.id).await?, *book);
    }
    Ok(())
}

#[twin_test(Migrator)]
async fn a_purged_shelf_leaves_its_books_without_a_shelf(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    let (gone, kept) = (
        shelf(store, ADA, None).await?,
        shelf(store, ADA, None).await?,
    );
    let others = shelf(store, BOB, None).await?;
    let (on_gone, on_kept) = (
        book(store, ADA, gone.id).await?,
        book(store, ADA, kept.id).await?,
    );
    let of_bob = book(store, BOB, others.id).await?;
    let shelves = store.repository::<Shelf>(&scope(ADA));

    // A soft delete changes no other row.
    shelves.delete(gone.id, Expected::Any).await?;
    assert_books(store, ADA, std::slice::from_ref(&on_gone)).await?;

    assert_eq!(shelves.purge(long_after(), 100).await?, 1);
    assert_books(store, ADA, &[without_shelf(&on_gone), on_kept]).await?;
    assert_books(store, BOB, &[of_bob]).await?;
    // The version that the caller read is still the current one.
    let books = store.repository::<Book>(&scope(ADA));
    books
        .delete(on_gone.id, Expected::Version(on_gone.version))
        .await
}

#[twin_test(Migrator)]
async fn shelves_that_reference_each_other_are_purged_together(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    let shelves = store.repository::<Shelf>(&scope(ADA));
    // A tower of shelves: each above the next one, in both orders of their keys.
    let mut tower = vec![shelf(store, ADA, None).await?];
    for _ in 0..6 {
        let above = tower.last().map(|shelf| shelf.id);
        tower.push(shelf(store, ADA, above).await?);
    }
    let book = book(store, ADA, tower[3].id).await?;
    for shelf in &tower[1..6] {
        shelves.delete(shelf.id, Expected::Any).await?;
    }

    assert_eq!(shelves.purge(long_after(), 100).await?, 5);

    let lowest = Shelf {
        above_id: None,
        ..tower[6].clone()
    };
    assert_eq!(shelves.get(lowest.id).await?, lowest);
    assert_eq!(shelves.get(tower[0].id).await?, tower[0]);
    assert_books(store, ADA, &[without_shelf(&book)]).await
}

#[twin_test(Migrator)]
async fn a_shelf_that_is_deleted_with_its_room_leaves_its_books(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    let rooms = store.repository::<Room>(&scope(ADA));
    let shelves = store.repository::<Shelf>(&scope(ADA));
    let (mut expected, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let room = rooms.insert(RoomDraft::new()).await?;
        ids.push(room.id);
        for _ in 0..2 {
            let shelf = shelves.insert(ShelfDraft::new().room_id(room.id)).await?;
            expected.push(without_shelf(&book(store, ADA, shelf.id).await?));
        }
    }
    rooms.delete(ids[0], Expected::Any).await?;
    assert_eq!(shelves.count(&Query::all()).await?, 4);

    // Several rows in one statement.
    assert_eq!(rooms.delete_where(&Room::USER_ID.eq(ADA)).await?, 2);
    assert_eq!(shelves.count(&Query::all()).await?, 0);
    assert_books(store, ADA, &expected).await
}

#[twin_test(Migrator)]
async fn what_a_delete_set_to_null_is_rolled_back_with_its_unit(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    let rooms = store.repository::<Room>(&scope(ADA));
    let room = rooms.insert(RoomDraft::new()).await?;
    let shelves = store.repository::<Shelf>(&scope(ADA));
    let shelf = shelves.insert(ShelfDraft::new().room_id(room.id)).await?;
    let book = book(store, ADA, shelf.id).await?;
    let of_ada = scope(ADA);
    let unit = store.write(&of_ada, async |unit| {
        let rooms = unit.repository::<Room>();
        rooms.delete(room.id, Expected::Any).await?;
        let books = unit.repository::<Book>();
        assert_eq!(books.get(book.id).await?, without_shelf(&book));
        rooms.get(room.id).await.map(|_| ())
    });
    let ended = unit.await;
    assert!(ended.is_err_and(|error: Error| error.is_not_found()));
    assert_books(store, ADA, &[book]).await
}

#[twin_test(Migrator)]
async fn an_upsert_of_a_shelf_keeps_its_books(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    let shelf = shelf(store, ADA, None).await?;
    let book = book(store, ADA, shelf.id).await?;
    let shelves = store.repository::<Shelf>(&scope(ADA));
    let changed = Shelf {
        above_id: Some(shelf.id),
        ..shelf
    };
    shelves.upsert(Upsert::seen(changed)).await?;
    assert_books(store, ADA, &[book]).await
}

#[test]
fn the_foreign_keys_of_the_shelves_are_ones_that_both_engines_have() {
    use catamaran::doctor::{Code, Doctor};

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let report = runtime.block_on(Doctor::new(&DOMAIN).check());
    let mut findings = report.findings.iter();
    assert!(
        findings.all(|finding| finding.code != Code::DomainSetNull),
        "{report}"
    );
}
