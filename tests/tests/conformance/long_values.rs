//! Columns with a maximum length of their own: `#[record(max_bytes = ..)]`.

use catamaran::record::MAX_BYTES;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Filter, InvalidReason, PageRequest, Query, Result, Upsert, Upserted};
use futures_util::TryStreamExt;
use serde_json::json;
use suite::kind::{invalid, refused};
use suite::shelves::{Book, BookDraft, BookPatch, LONG, Migrator};
use suite::users::{ADA, scope};

/// Drafts with a value of this length in each of the columns that may be long.
fn drafts(bytes: usize) -> [BookDraft; 3] {
    [
        BookDraft::new().text("x".repeat(bytes)),
        BookDraft::new().cover(vec![0xff; bytes]),
        // With its quotes.
        BookDraft::new().facts(json!("x".repeat(bytes - 2))),
    ]
}

fn too_long(field: &'static str, max_bytes: usize) -> ErrorKind {
    invalid(field, InvalidReason::TooLong { max_bytes })
}

#[twin_test(Migrator)]
async fn a_column_holds_what_its_own_limit_allows_and_not_one_byte_more(
    db: &TwinDatabase,
) -> Result<()> {
    let books = db.store().repository::<Book>(&scope(ADA));
    for draft in drafts(LONG) {
        let made = books.insert(draft).await?;
        assert!(books.get(made.id).await? == made);
        let stored = made.id;
        let again = books.upsert(Upsert::seen(made)).await?;
        assert!(matches!(again, Upserted::Unchanged(_)), "{stored}");
    }
    let [text, cover, facts] = drafts(LONG + 1);
    for (draft, field) in [(text, "text"), (cover, "cover"), (facts, "facts")] {
        assert_eq!(
            refused(books.insert(draft.clone()).await),
            too_long(field, LONG)
        );
        let many = books.insert_many(vec![BookDraft::new(), draft]).await;
        assert_eq!(refused(many), too_long(field, LONG));
    }
    let patch = BookPatch::new().text("x".repeat(LONG + 1));
    let patched = books.patch_where(&Filter::all(), patch).await;
    assert_eq!(refused(patched), too_long("text", LONG));

    // A limit may be below the general one.
    books.insert(BookDraft::new().mark("x".repeat(16))).await?;
    let draft = BookDraft::new().mark("é".repeat(8) + "x");
    assert_eq!(refused(books.insert(draft).await), too_long("mark", 16));
    assert_eq!(books.count(&Query::all()).await?, 4);
    Ok(())
}

#[twin_test(Migrator)]
async fn filters_orders_and_cursors_work_on_long_values(db: &TwinDatabase) -> Result<()> {
    let books = db.store().repository::<Book>(&scope(ADA));
    // They differ in their last letter.
    let text = |last: &str| "é".repeat(MAX_BYTES) + last;
    let mut expected = Vec::new();
    for last in ["a", "b", "c"] {
        expected.push(books.insert(BookDraft::new().text(text(last))).await?);
    }
    let equal = Book::TEXT.eq(text("b"));
    assert_eq!(books.count(&equal.into()).await?, 1);
    let one_of = Book::TEXT.is_in([text("b"), text("c"), text("d")]);
    assert_eq!(books.count(&one_of.into()).await?, 2);
    let ends = Book::TEXT.ends_with(text("c"));
    assert_eq!(books.count(&ends.into()).await?, 1);
    assert_eq!(books.count(&Book::TEXT.gt(text("a")).into()).await?, 2);
    let longer = Book::TEXT.eq("x".repeat(LONG + 1));
    assert_eq!(
        refused(books.count(&longer.into()).await),
        too_long("text", LONG)
    );

    let query = Query::all().order_by(Book::TEXT.asc());
    let mut page = books.list(&query, PageRequest::first(1)).await?;
    let mut listed = page.items;
    while let Some(next) = page.next {
        page = books.list(&query, PageRequest::after(1, next)).await?;
        listed.append(&mut page.items);
    }
    assert!(listed == expected);
    let patched = books
        .patch_where(&Book::TEXT.eq(text("a")), BookPatch::new().text(text("z")))
        .await?;
    assert_eq!(patched, 1);
    let last = Query::all().order_by(Book::TEXT.desc());
    let last = books.list(&last, PageRequest::first(1)).await?;
    assert_eq!(last.items[0].id, expected[0].id);
    Ok(())
}

/// By statements of many rows: those of an insert and those of an upsert.
#[twin_test(Migrator)]
async fn rows_of_many_megabytes_are_written_in_several_statements(db: &TwinDatabase) -> Result<()> {
    const ROWS: usize = 210;
    let cover = |nth: usize| vec![u8::try_from(nth).unwrap_or_default(); 200 * 1024];
    let drafts = || -> Vec<BookDraft> {
        let drafts = (0..ROWS).map(|nth| BookDraft::new().cover(cover(nth)));
        drafts.collect()
    };
    let of_ada = db.store().repository::<Book>(&scope(ADA));
    let statements = of_ada.insert_many(drafts()).await?;
    assert_eq!(statements.len(), ROWS);

    let rows = statements.iter().map(|book| {
        let changed = Book {
            cover: book.cover.as_ref().map(|cover| {
                let cover = cover.iter().map(|byte| byte.wrapping_add(1));
                cover.collect()
            }),
            ..book.clone()
        };
        Upsert::seen(changed)
    });
    let upserted = of_ada.upsert_many(rows.collect()).await?;
    assert!(
        upserted
            .iter()
            .all(|one| matches!(one, Upserted::Updated(_)))
    );
    let mut stored: Vec<Book> = of_ada.stream(Query::all()).try_collect().await?;
    assert_eq!(stored.len(), ROWS);
    stored.sort_by_key(|book| book.id);
    let mut expected: Vec<&Book> = statements.iter().collect();
    expected.sort_by_key(|book| book.id);
    for (book, before) in stored.iter().zip(expected) {
        let first = before.cover.as_ref().map(|cover| cover[0].wrapping_add(1));
        assert_eq!(book.id, before.id);
        assert!(book.cover == first.map(|byte| vec![byte; 200 * 1024]));
    }
    Ok(())
}
