//! A text that one engine cannot keep is refused on both, before either sees it.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Filter, InvalidReason, Result, Upsert};
use suite::kind::{invalid, refused};
use suite::raw;
use suite::users::everyone;
use uuid::Uuid;

use crate::library::{
    Book, BookDraft, BookPatch, Migrator, Room, RoomDraft, RoomPatch, Shelf, ShelfDraft,
};

/// Text of that many bytes that no server can compress: its letters are random, and always the same.
pub fn noise(bytes: usize) -> String {
    const LETTERS: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    // Knuth's linear congruential generator; its high bits are the good ones.
    let next = |state: &u64| {
        let state = state.wrapping_mul(6_364_136_223_846_793_005);
        Some(state.wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(Some(1), next)
        .map(|state: u64| char::from(LETTERS[(state >> 58) as usize]))
        .skip(1)
        .take(bytes)
        .collect()
}

pub fn too_long(field: &'static str, max_bytes: usize) -> ErrorKind {
    invalid(field, InvalidReason::TooLong { max_bytes })
}

async fn a_shelf(db: &TwinDatabase) -> Result<Shelf> {
    let store = db.store();
    let rooms = store.repository::<Room>(&everyone());
    let room = rooms.insert(RoomDraft::new("hall")).await?;
    let shelves = store.repository::<Shelf>(&everyone());
    shelves.insert(ShelfDraft::new(room.id, "A1")).await
}

#[twin_test(Migrator, everywhere)]
async fn the_longest_text_of_a_unique_column_is_kept_and_one_byte_more_is_refused(
    db: &TwinDatabase,
) -> Result<()> {
    const MOST: usize = 2_680;
    let shelf = a_shelf(db).await?;
    let shelves = db.store().repository::<Shelf>(&everyone());
    for code in [noise(MOST), "é".repeat(MOST / 2)] {
        let made = shelves
            .insert(ShelfDraft::new(shelf.room_id, code.clone()))
            .await?;
        assert_eq!(shelves.get(made.id).await?.code, code);
    }
    for code in [noise(MOST + 1), "é".repeat(MOST / 2 + 1)] {
        let draft = ShelfDraft::new(shelf.room_id, code);
        assert_eq!(refused(shelves.insert(draft).await), too_long("code", MOST));
    }
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn the_texts_of_one_index_share_what_it_holds_in_every_call(db: &TwinDatabase) -> Result<()> {
    const MOST: usize = 1_336;
    let shelf = a_shelf(db).await?;
    let books = db.store().repository::<Book>(&everyone());
    let draft = |title: usize, subtitle: usize| {
        BookDraft::new(shelf.id, noise(title)).subtitle(noise(subtitle))
    };
    let made = books.insert(draft(MOST, MOST)).await?;
    assert_eq!(books.get(made.id).await?, made);
    for (field, draft) in [
        ("title", draft(MOST + 1, 1)),
        ("subtitle", draft(1, MOST + 1)),
    ] {
        let broken = too_long(field, MOST);
        let many = vec![draft.clone(), BookDraft::new(shelf.id, "short")];
        assert_eq!(refused(books.insert(draft.clone()).await), broken);
        assert_eq!(refused(books.insert_many(many).await), broken);
        let upsert = Upsert::new(draft.clone());
        assert_eq!(refused(books.upsert(upsert).await), broken);
        let changed = Book {
            title: draft.title.clone(),
            subtitle: draft.subtitle.clone(),
            ..made.clone()
        };
        assert_eq!(refused(books.update(changed).await), broken);
        let patch = || match field {
            "title" => BookPatch::new().title(draft.title.clone()),
            _ => BookPatch::new().subtitle(draft.subtitle.clone()),
        };
        let patched = books.patch(made.id, Expected::Any, patch()).await;
        assert_eq!(refused(patched), broken);
        let patched = books.patch_where(&Filter::all(), patch()).await;
        assert_eq!(refused(patched), broken);
        // A filter may have any text, because it is not stored.
        let equal = match field {
            "title" => Book::TITLE.eq(draft.title),
            _ => Book::SUBTITLE.eq(draft.subtitle.unwrap_or_default()),
        };
        assert_eq!(books.count(&equal.into()).await?, 0);
    }
    assert_eq!(books.count(&Filter::all().into()).await?, 1);
    Ok(())
}

/// Without a repository, Postgres refuses the same text and SQLite stores it.
#[twin_test(Migrator)]
async fn the_length_limit_is_that_of_a_postgres_index(db: &TwinDatabase) -> Result<()> {
    let shelf = a_shelf(db).await?;
    let insert = |bytes: usize| {
        let id = Uuid::from_u128(bytes as u128);
        let (room, code) = (shelf.room_id, noise(bytes));
        format!("INSERT INTO shelves (id, room_id, code) VALUES ('{id}', '{room}', '{code}')")
    };
    raw::execute(db.store(), &insert(2_680)).await?;
    let longer = raw::execute(db.store(), &insert(2_700)).await;
    match db.engine() {
        catamaran::Engine::Sqlite => longer?,
        catamaran::Engine::Postgres => {
            let error = longer.expect_err("an index row has 2704 bytes");
            assert_eq!(error.code(), Some("54000"));
            let expected = ErrorKind::InvalidValue {
                field: None,
                reason: InvalidReason::TooLongForIndex {
                    table: Some("shelves".into()),
                    index: Some("uq_shelves__code".into()),
                },
            };
            assert_eq!(*error.kind(), expected);
        }
    }
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn lengths_are_counted_in_code_points(db: &TwinDatabase) -> Result<()> {
    let rooms = db.store().repository::<Room>(&everyone());
    let made = rooms.insert(RoomDraft::new("😀".repeat(8))).await?;
    assert_eq!(rooms.get(made.id).await?, made);
    for name in ["nine char".to_owned(), "😀".repeat(9), "e\u{301}".repeat(5)] {
        let broken = invalid("name", InvalidReason::TooManyCharacters { max_chars: 8 });
        let draft = || RoomDraft::new(name.clone());
        assert_eq!(refused(rooms.insert(draft()).await), broken);
        assert_eq!(refused(rooms.insert_many(vec![draft()]).await), broken);
        assert_eq!(refused(rooms.upsert(Upsert::new(draft())).await), broken);
        let patch = || RoomPatch::new().name(name.clone());
        let patched = rooms.patch(made.id, Expected::Any, patch()).await;
        assert_eq!(refused(patched), broken);
        let patched = rooms.patch_where(&Filter::all(), patch()).await;
        assert_eq!(refused(patched), broken);
        let changed = Room {
            name: name.clone(),
            ..made.clone()
        };
        assert_eq!(refused(rooms.update(changed).await), broken);
    }
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn an_empty_patch_still_validates_its_filter(db: &TwinDatabase) -> Result<()> {
    let rooms = db.store().repository::<Room>(&everyone());
    let filter = Room::NAME.eq("a\0b");
    let nothing = rooms.patch_where(&filter, RoomPatch::new()).await;
    assert_eq!(
        refused(nothing),
        invalid("name", InvalidReason::NulCharacter)
    );
    let nothing = rooms.patch_where(&Filter::all(), RoomPatch::new()).await;
    assert_eq!(nothing?, 0);
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn the_values_of_custom_sql_are_validated(db: &TwinDatabase) -> Result<()> {
    use catamaran::record::MAX_COLUMN_BYTES;
    use catamaran::{AnyRepository, Value};

    let long = "x".repeat(MAX_COLUMN_BYTES + 1);
    for (value, reason) in [
        (Value::Text("a\0b".to_owned()), InvalidReason::NulCharacter),
        (
            Value::Text(long),
            InvalidReason::TooLong {
                max_bytes: MAX_COLUMN_BYTES,
            },
        ),
        (Value::Double(f64::NAN), InvalidReason::NotFinite),
        (
            Value::Array(
                catamaran::record::Type::Double,
                vec![Value::Double(f64::INFINITY)],
            ),
            InvalidReason::NotFinite,
        ),
    ] {
        let broken = ErrorKind::InvalidValue {
            field: None,
            reason,
        };
        let asked = match db.store().native::<Room>(&everyone()) {
            AnyRepository::Sqlite(rooms) => {
                let sql = "SELECT ?1 IS NULL";
                rooms
                    .query(sql, vec![value], |row| row.get::<bool>(0))
                    .await
            }
            AnyRepository::Postgres(rooms) => {
                let sql = "SELECT $1 IS NULL";
                rooms
                    .query(sql, vec![value], |row| row.get::<bool>(0))
                    .await
            }
        };
        assert_eq!(refused(asked), broken);
    }
    Ok(())
}
