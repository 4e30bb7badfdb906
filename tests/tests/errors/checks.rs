//! A refused check is named with its column, also one that has no line in the domain.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Expected, Result};
use suite::kind::{check, refused};
use suite::users::everybodys;

use crate::library::{
    BOOKS, Book, BookDraft, BookPatch, Migrator, Room, RoomDraft, Shelf, ShelfDraft,
};

#[twin_test(Migrator, everywhere)]
async fn a_check_that_is_named_by_the_convention_is_reported_with_its_column(
    db: &TwinDatabase,
) -> Result<()> {
    assert!(BOOKS.checks.is_empty());
    let room = everybodys::<Room>(db)
        .insert(RoomDraft::new("hall"))
        .await?;
    let shelf = ShelfDraft::new(room.id, "A1");
    let shelf = everybodys::<Shelf>(db).insert(shelf).await?;
    let books = everybodys::<Book>(db);
    let book = BookDraft::new(shelf.id, "Waves");
    let made = books.insert(book.clone()).await?;
    let broken = check("books", &["pages"], "ck_books__pages");
    assert_eq!(refused(books.insert(book.clone().pages(0)).await), broken);
    let many = vec![book.clone(), book.pages(0)];
    assert_eq!(refused(books.insert_many(many).await), broken);
    let patch = BookPatch::new().pages(0);
    let patched = books.patch(made.id, Expected::Any, patch).await;
    assert_eq!(refused(patched), broken);
    Ok(())
}
