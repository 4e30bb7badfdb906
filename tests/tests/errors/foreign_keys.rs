//! A broken foreign key is named on both engines, whatever call breaks it.

use std::sync::Arc;

use catamaran::record::Stored;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    ErrorKind, Expected, Filter, IdSource, Record, Repository, Result, Store, Unit, Upsert, UuidV7,
};
use suite::clock::instant;
use suite::kind::{foreign_key, refused};
use suite::raw;
use suite::stores::open_with;
use suite::users::everyone;
use uuid::Uuid;

use crate::library::{
    Book, BookDraft, BookPatch, DOMAIN, History, Migrator, Room, RoomDraft, Shelf, ShelfDraft,
    Volume, VolumeDraft, VolumePatch,
};

const MISSING: Uuid = Uuid::from_u128(404);

fn shelf_key() -> ErrorKind {
    foreign_key("books", &["shelf_id"], "fk_books__shelf_id")
}

fn volume_key() -> ErrorKind {
    foreign_key("books", &["series", "number"], "fk_books__series_number")
}

fn sequel_key() -> ErrorKind {
    foreign_key("books", &["follows_id"], "fk_books__follows_id")
}

/// A store that knows the domain, and a shelf in a room.
struct Library {
    store: Store,
    room: Room,
    shelf: Shelf,
}

impl Library {
    async fn open(db: &TwinDatabase) -> Result<Self> {
        let store = open_with::<History>(db, |options| options.domain(&DOMAIN)).await?;
        let room = of::<Room>(&store).insert(RoomDraft::new("hall")).await?;
        let shelf = ShelfDraft::new(room.id, "A1");
        let shelf = of::<Shelf>(&store).insert(shelf).await?;
        Ok(Library { store, room, shelf })
    }

    fn of<R: Stored>(&self) -> Arc<dyn Repository<R>> {
        of(&self.store)
    }

    /// A book that may stand on the shelf.
    fn book(&self) -> BookDraft {
        BookDraft::new(self.shelf.id, "Waves")
    }
}

fn of<R: Stored>(store: &Store) -> Arc<dyn Repository<R>> {
    store.repository(&everyone())
}

#[twin_test(Migrator, everywhere)]
async fn each_write_of_a_row_without_its_parent_names_the_key(db: &TwinDatabase) -> Result<()> {
    let library = Library::open(db).await?;
    let books = library.of::<Book>();
    let made = books.insert(library.book()).await?;
    let id = made.id;
    type Stray = (
        ErrorKind,
        fn(BookDraft) -> BookDraft,
        fn(BookPatch) -> BookPatch,
    );
    let strays: [Stray; 3] = [
        (
            shelf_key(),
            |draft| draft.shelf_id(MISSING),
            |patch| patch.shelf_id(MISSING),
        ),
        (
            volume_key(),
            |draft| draft.series("Sea".to_owned()).number(7),
            |patch| patch.series("Sea".to_owned()).number(7),
        ),
        (
            sequel_key(),
            |draft| draft.follows_id(MISSING),
            |patch| patch.follows_id(MISSING),
        ),
    ];
    for (broken, strayed, stray) in strays {
        let draft = || strayed(library.book());
        assert_eq!(refused(books.insert(draft()).await), broken);
        let many = vec![library.book(), draft(), library.book()];
        assert_eq!(refused(books.insert_many(many).await), broken);
        assert_eq!(refused(books.upsert(Upsert::new(draft())).await), broken);
        let patch = || stray(BookPatch::new());
        let patched = books.patch(id, Expected::Any, patch()).await;
        assert_eq!(refused(patched), broken);
        let patched = books.patch_where(&Book::ID.eq(id), patch()).await;
        assert_eq!(refused(patched), broken);
        let strayed = strayed(library.book().id(id));
        let record = Book {
            shelf_id: strayed.shelf_id,
            series: strayed.series.clone(),
            number: strayed.number,
            follows_id: strayed.follows_id,
            ..made.clone()
        };
        assert_eq!(refused(books.update(record.clone()).await), broken);
        let many = vec![Upsert::new(library.book()), Upsert::seen(record)];
        assert_eq!(refused(books.upsert_many(many).await), broken);
    }
    assert_eq!(books.get(id).await?, made);
    assert_eq!(books.count(&Filter::all().into()).await?, 1);
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn a_patch_of_half_a_composite_key_is_checked_with_the_other_half(
    db: &TwinDatabase,
) -> Result<()> {
    let library = Library::open(db).await?;
    library
        .of::<Volume>()
        .insert(VolumeDraft::new("Sea", 1))
        .await?;
    let books = library.of::<Book>();
    let part = library.book().series("Sea".to_owned()).number(1);
    let made = books.insert(part).await?;
    let patch = || BookPatch::new().number(2).title("Tides");
    let patched = books.patch(made.id, Expected::Any, patch()).await;
    assert_eq!(refused(patched), volume_key());
    let patched = books.patch_where(&Filter::all(), patch()).await;
    assert_eq!(refused(patched), volume_key());
    assert_eq!(books.get(made.id).await?, made);
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn a_foreign_key_with_a_null_refers_to_nothing(db: &TwinDatabase) -> Result<()> {
    let library = Library::open(db).await?;
    let books = library.of::<Book>();
    let half = || library.book().series("Nowhere".to_owned());
    let made = books.insert(half()).await?;
    assert_eq!(
        (made.series.as_deref(), made.number),
        (Some("Nowhere"), None)
    );
    // The other key is broken, whatever this one refers to.
    let stray = half().shelf_id(MISSING);
    assert_eq!(refused(books.insert(stray).await), shelf_key());
    let patch = BookPatch::new()
        .series("Elsewhere".to_owned())
        .number(None)
        .follows_id(MISSING);
    let patched = books.patch(made.id, Expected::Any, patch).await;
    assert_eq!(refused(patched), sequel_key());
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn inserted_rows_may_refer_to_rows_of_the_same_call(db: &TwinDatabase) -> Result<()> {
    let library = Library::open(db).await?;
    let books = library.of::<Book>();
    let [first, second] = [1, 2].map(Uuid::from_u128);
    let pair = || {
        vec![
            library.book().id(first),
            library.book().id(second).follows_id(first),
        ]
    };
    let mut stray = pair();
    stray.push(library.book().shelf_id(MISSING).follows_id(second));
    assert_eq!(refused(books.insert_many(stray).await), shelf_key());
    let mut stray = pair();
    stray.push(library.book().follows_id(MISSING));
    assert_eq!(refused(books.insert_many(stray).await), sequel_key());
    assert_eq!(books.insert_many(pair()).await?.len(), 2);
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn a_chain_of_rows_that_takes_several_statements_is_written_parents_first(
    db: &TwinDatabase,
) -> Result<()> {
    const LENGTH: u128 = 6_000;
    let library = Library::open(db).await?;
    let books = library.of::<Book>();
    // The later in the chain, the smaller the id.
    let id = |nth: u128| Uuid::from_u128(LENGTH - nth);
    let chain = || {
        (0..LENGTH).map(|nth| {
            let book = library.book().id(id(nth));
            match nth {
                0 => book,
                nth => book.follows_id(id(nth - 1)),
            }
        })
    };
    let made = books.insert_many(chain().rev().collect()).await?;
    assert_eq!(made[0].id, id(LENGTH - 1), "in the order of the drafts");
    assert_eq!(books.delete_where(&Filter::all()).await?, LENGTH as u64);
    let rows = chain().rev().map(Upsert::new).collect();
    assert_eq!(books.upsert_many(rows).await?.len(), LENGTH as usize);
    // A cycle can be inserted by one statement.
    let [one, two] = [1, 2].map(|nth| Uuid::from_u128(LENGTH + nth));
    let circle = vec![
        library.book().id(one).follows_id(two),
        library.book().id(two).follows_id(one),
    ];
    assert_eq!(books.insert_many(circle).await?.len(), 2);
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn the_first_of_many_rows_that_breaks_a_foreign_key_is_named(
    db: &TwinDatabase,
) -> Result<()> {
    let library = Library::open(db).await?;
    let books = library.of::<Book>();
    // More rows than one statement takes on SQLite.
    let mut rows: Vec<BookDraft> = (1..=1_200_u128)
        .map(|id| library.book().id(Uuid::from_u128(id)))
        .collect();
    rows[700] = rows[700].clone().series("Sea".to_owned()).number(9);
    rows[900] = rows[900].clone().shelf_id(MISSING);
    assert_eq!(refused(books.insert_many(rows.clone()).await), volume_key());
    rows.reverse();
    assert_eq!(refused(books.insert_many(rows).await), shelf_key());
    assert_eq!(books.count(&Filter::all().into()).await?, 0);
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn a_delete_that_is_refused_names_the_rows_that_still_refer(db: &TwinDatabase) -> Result<()> {
    let library = Library::open(db).await?;
    let (books, volumes) = (library.of::<Book>(), library.of::<Volume>());
    let volume = volumes.insert(VolumeDraft::new("Sea", 1)).await?;
    let free = volumes.insert(VolumeDraft::new("Sea", 2)).await?;
    let part = library.book().series("Sea".to_owned()).number(1);
    let first = books.insert(part).await?;
    let second = books.insert(library.book().follows_id(first.id)).await?;

    // NO ACTION, by two columns, and by the table itself.
    let deleted = volumes.delete(volume.id, Expected::Any).await;
    assert_eq!(refused(deleted), volume_key());
    assert_eq!(
        refused(volumes.delete_where(&Filter::all()).await),
        volume_key()
    );
    let deleted = books.delete(first.id, Expected::Any).await;
    assert_eq!(refused(deleted), sequel_key());
    // RESTRICT, by rows of what the delete would cascade to.
    let rooms = library.of::<Room>();
    let deleted = rooms.delete(library.room.id, Expected::Any).await;
    assert_eq!(refused(deleted), shelf_key());
    assert_eq!(
        refused(rooms.delete_where(&Filter::all()).await),
        shelf_key()
    );
    // RESTRICT, by a purge.
    let shelves = library.of::<Shelf>();
    shelves.delete(library.shelf.id, Expected::Any).await?;
    let later = instant("2200-01-01T00:00:00Z");
    let purged = shelves.purge(later, 10).await;
    assert_eq!(refused(purged), shelf_key());

    // Rows without references are removed, and so are rows that refer to each other.
    volumes.delete(free.id, Expected::Any).await?;
    let both = Book::ID.is_in([first.id, second.id]);
    assert_eq!(books.delete_where(&both).await?, 2);
    volumes.delete(volume.id, Expected::Any).await?;
    rooms.delete(library.room.id, Expected::Any).await?;
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn changing_a_referenced_key_is_refused(db: &TwinDatabase) -> Result<()> {
    let library = Library::open(db).await?;
    let volumes = library.of::<Volume>();
    let volume = volumes.insert(VolumeDraft::new("Sea", 1)).await?;
    let part = library.book().series("Sea".to_owned()).number(1);
    library.of::<Book>().insert(part).await?;
    let patch = || VolumePatch::new().number(2);
    let patched = volumes.patch(volume.id, Expected::Any, patch()).await;
    assert_eq!(refused(patched), volume_key());
    let patched = volumes.patch_where(&Filter::all(), patch()).await;
    assert_eq!(refused(patched), volume_key());
    let changed = Volume {
        series: "Lake".to_owned(),
        ..volume.clone()
    };
    assert_eq!(refused(volumes.update(changed).await), volume_key());
    assert_eq!(volumes.get(volume.id).await?, volume);
    Ok(())
}

/// A filter of 500 conditions, nested as deeply as they can be. It matches the same rows as each of them.
fn deepest<R: Record>(condition: impl Fn() -> Filter<R>) -> Filter<R> {
    (1..500).fold(condition(), |filter, nth| match nth % 2 {
        0 => filter.or(condition()),
        _ => filter.and(condition()),
    })
}

#[twin_test(Migrator, everywhere)]
async fn the_key_is_named_behind_the_largest_filter_too(db: &TwinDatabase) -> Result<()> {
    let library = Library::open(db).await?;
    let (books, volumes) = (library.of::<Book>(), library.of::<Volume>());
    volumes.insert(VolumeDraft::new("Sea", 1)).await?;
    let part = library.book().series("Sea".to_owned()).number(1);
    let first = books.insert(part).await?;
    books.insert(library.book().follows_id(first.id)).await?;

    let series = deepest(|| Volume::SERIES.ends_with("a"));
    let deleted = volumes.delete_where(&series).await;
    assert_eq!(refused(deleted), volume_key());
    let patch = VolumePatch::new().number(2);
    let patched = volumes.patch_where(&series, patch).await;
    assert_eq!(refused(patched), volume_key());
    let rooms = deepest(|| Room::NAME.ends_with("l"));
    let deleted = library.of::<Room>().delete_where(&rooms).await;
    assert_eq!(refused(deleted), shelf_key());
    let titles = deepest(|| Book::TITLE.ends_with("s"));
    let patch = BookPatch::new().shelf_id(MISSING);
    let patched = books.patch_where(&titles, patch).await;
    assert_eq!(refused(patched), shelf_key());
    // The row that still refers is not among those of the filter.
    let one = deepest(|| Book::ID.eq(first.id));
    assert_eq!(refused(books.delete_where(&one).await), sequel_key());
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn diagnosing_a_foreign_key_error_does_not_revive_the_unit(db: &TwinDatabase) -> Result<()> {
    let library = Library::open(db).await?;
    let unit = library.store.begin_write(&everyone()).await?;
    let books = unit.repository::<Book>();
    let made = books.insert(library.book()).await?;
    let stray = library.book().shelf_id(MISSING);
    assert_eq!(refused(books.insert(stray).await), shelf_key());
    let over = refused(books.find(made.id).await);
    assert!(matches!(over, ErrorKind::UnitEnded { .. }), "{over:?}");
    let over = refused(unit.commit().await);
    assert!(matches!(over, ErrorKind::UnitEnded { .. }), "{over:?}");
    assert_eq!(library.of::<Book>().find(made.id).await?, None);
    Ok(())
}

#[twin_test(Migrator, everywhere)]
async fn a_savepoint_that_broke_a_foreign_key_is_rolled_back_and_the_unit_goes_on(
    db: &TwinDatabase,
) -> Result<()> {
    let library = Library::open(db).await?;
    let unit = library.store.begin_write(&everyone()).await?;
    let made = unit.repository::<Book>().insert(library.book()).await?;
    let stray = library.book().shelf_id(MISSING);
    let attempt = unit
        .savepoint(async |unit: &Unit| unit.repository::<Book>().insert(stray).await)
        .await;
    assert_eq!(refused(attempt), shelf_key());
    unit.commit().await?;
    assert_eq!(library.of::<Book>().get(made.id).await?, made);
    Ok(())
}

/// SQLite does not name the key. If it cannot be looked up, the error says so.
#[twin_test(Migrator, everywhere)]
async fn an_unknown_foreign_key_is_not_guessed(db: &TwinDatabase) -> Result<()> {
    let library = Library::open(db).await?;
    let insert = |id: Uuid| {
        format!(
            "INSERT INTO books (id, shelf_id, title, pages) VALUES ('{id}', '{MISSING}', 'Waves', 1)"
        )
    };
    let own = raw::execute(&library.store, &insert(UuidV7.next_id())).await;
    let ErrorKind::ForeignKey {
        table, constraint, ..
    } = refused(own)
    else {
        panic!("another kind");
    };
    let named = db.engine() == catamaran::Engine::Postgres;
    assert_eq!(table.as_deref(), named.then_some("books"));
    let name = named.then_some("fk_books__shelf_id");
    assert_eq!(constraint.as_deref(), name);

    // Without a domain the store does not know the other tables.
    if db.is_shared() {
        let volume = library
            .of::<Volume>()
            .insert(VolumeDraft::new("Sea", 1))
            .await?;
        let part = library.book().series("Sea".to_owned()).number(1);
        library.of::<Book>().insert(part).await?;
        let unaware = of::<Volume>(db.store());
        let deleted = unaware.delete(volume.id, Expected::Any).await;
        let ErrorKind::ForeignKey {
            table,
            columns,
            constraint,
        } = refused(deleted)
        else {
            panic!("another kind");
        };
        assert_eq!(table.as_deref(), named.then_some("books"));
        assert_eq!(columns, Vec::<String>::new());
        let name = named.then_some("fk_books__series_number");
        assert_eq!(constraint.as_deref(), name);
    }
    Ok(())
}
