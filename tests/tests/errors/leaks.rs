//! No error shows a value of a row or of a parameter.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{AnyRepository, Engine, Error, Expected, Filter, Result, Unit, Upsert, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::{ConnectionTrait, Statement};
use suite::kind::shown;
use suite::observer::connect;
use suite::users::{everybodys, everyone};

use crate::library::{
    Book, BookDraft, BookPatch, Migrator, Room, RoomDraft, Shelf, ShelfDraft, ShelfPatch, Volume,
    VolumeDraft,
};

const CASES: usize = 24;

/// A marker that no error contains by chance, inside of text that is hard to quote.
fn markers() -> impl Strategy<Value = (String, String)> {
    let rest = prop_oneof![
        "[ -~]{0,20}",
        "\\PC{0,12}",
        Just("'; --".to_owned()),
        Just("\"), (\"".to_owned()),
        Just("Key (code)=(x) already exists.".to_owned()),
        Just("UNIQUE constraint failed: a.b".to_owned()),
        Just("constraint failed: index 'x'".to_owned()),
        Just("%s {} {0} $1 ?1 \\ \n\t".to_owned()),
    ];
    ("mark[a-z0-9]{12}", rest.clone(), rest).prop_map(|(marker, before, after)| {
        let text = format!("{before}{marker}{after}").replace('\0', "");
        (marker, text)
    })
}

/// Every call that a value can be refused in, each with the error that it gave.
async fn refusals(
    db: &TwinDatabase,
    marker: &str,
    text: &str,
) -> Result<Vec<(&'static str, Error)>> {
    let mut refusals = Vec::new();
    macro_rules! refused {
        ($what:literal, $call:expr) => {
            let outcome = $call.await;
            refusals.push(($what, outcome.map(|_| ()).expect_err($what)));
        };
    }
    let room = everybodys::<Room>(db)
        .insert(RoomDraft::new("hall"))
        .await?;
    let shelves = everybodys::<Shelf>(db);
    let shelf = ShelfDraft::new(room.id, text);
    let shelf = shelves.insert(shelf).await?;
    let other = shelves
        .insert(ShelfDraft::new(room.id, shelf.id.to_string()))
        .await?;
    let again = || ShelfDraft::new(room.id, text);
    refused!("insert", shelves.insert(again()));
    refused!("insert_many", shelves.insert_many(vec![again()]));
    refused!("upsert", shelves.upsert(Upsert::new(again())));
    let patch = || ShelfPatch::new().code(text);
    refused!("patch", shelves.patch(other.id, Expected::Any, patch()));
    refused!(
        "patch_where",
        shelves.patch_where(&Shelf::ID.eq(other.id), patch())
    );

    let volumes = everybodys::<Volume>(db);
    let volume = VolumeDraft::new(text, 1);
    volumes.insert(volume.clone()).await?;
    refused!("a taken pair", volumes.insert(volume));
    let books = everybodys::<Book>(db);
    let book = || BookDraft::new(shelf.id, text);
    refused!("a check", books.insert(book().pages(0)));
    let orphan = book().series(text.to_owned()).number(404);
    refused!("a foreign key", books.insert(orphan.clone()));
    refused!("foreign keys", books.insert_many(vec![book(), orphan]));
    let part = book().series(text.to_owned()).number(1);
    books.insert(part).await?;
    let patch = BookPatch::new().number(404);
    refused!(
        "a changed key",
        books.patch_where(&Book::TITLE.eq(text), patch)
    );
    refused!("a delete", volumes.delete_where(&Volume::SERIES.eq(text)));
    let long = format!("{text}{}", "x".repeat(3_000));
    refused!(
        "a long text",
        shelves.insert(ShelfDraft::new(room.id, long))
    );
    let nul = format!("{text}\0");
    refused!("a NUL", books.insert(BookDraft::new(shelf.id, nul.clone())));
    let filter: Filter<Book> = Book::TITLE.contains(nul);
    refused!("a filter", books.count(&filter.into()));

    // Custom SQL and functions of the database, whose messages the library does not write.
    let value = || vec![Value::Text(text.to_owned())];
    match db.store().native::<Room>(&everyone()) {
        AnyRepository::Sqlite(rooms) => {
            let cast = "INSERT INTO books SELECT 'a', 'b', 'c', 1, NULL, 'd', NULL, ?1";
            refused!("a type", rooms.execute(cast, value()));
            let json = "SELECT count(*) FROM json_each(?1 || '{')";
            refused!("JSON", rooms.query(json, value(), |row| row.get::<i64>(0)));
        }
        AnyRepository::Postgres(rooms) => {
            let cast = "SELECT $1::text::int4";
            refused!(
                "a type",
                rooms.query(cast, value(), |row| row.get::<i32>(0))
            );
            let json = "SELECT ($1::text || '{')::json IS NULL";
            refused!("JSON", rooms.query(json, value(), |row| row.get::<bool>(0)));
            for code in ["P0001", "42501", "23514", "42P01", "0A000", "ZZ000"] {
                let raise = format!("SELECT raise_it('{code}', $1)").leak();
                refused!(
                    "a function",
                    rooms.query(raise, value(), |row| row.get::<i64>(0))
                );
            }
        }
    }
    refused!(
        "a trigger",
        everybodys::<Room>(db).insert(RoomDraft::new("refuse"))
    );
    let unit = db.store().begin_write(&everyone()).await?;
    let broken = format!("SELECT name FROM rooms WHERE name = '' {marker}");
    refused!("no SQL", own(&unit, broken));
    unit.rollback().await?;
    Ok(refusals)
}

/// A statement of SeaORM's with its values inside of it.
async fn own(unit: &Unit, sql: String) -> Result<()> {
    match unit {
        Unit::Sqlite(unit) => {
            let connection = unit.seaorm();
            let statement = Statement::from_string(connection.get_database_backend(), sql);
            connection.query_all_raw(statement).await?;
        }
        Unit::Postgres(unit) => {
            let connection = unit.seaorm();
            let statement = Statement::from_string(connection.get_database_backend(), sql);
            connection.query_all_raw(statement).await?;
        }
    }
    Ok(())
}

/// Creates a trigger whose error quotes a row, and a function that raises its argument.
async fn plant(db: &TwinDatabase) -> Result<()> {
    let connection = connect(db.url()).await?;
    let sql = match db.engine() {
        Engine::Sqlite => {
            "CREATE TRIGGER quoting BEFORE INSERT ON rooms WHEN NEW.name = 'refuse' BEGIN \
             SELECT RAISE(ABORT, (SELECT group_concat(code) FROM shelves)); END"
        }
        Engine::Postgres => {
            "CREATE FUNCTION quoting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RAISE EXCEPTION 'not beside %', (SELECT string_agg(code, ',') FROM shelves); END $$; \
             CREATE TRIGGER quoting BEFORE INSERT ON rooms FOR EACH ROW WHEN (NEW.name = 'refuse') \
             EXECUTE FUNCTION quoting(); \
             CREATE FUNCTION raise_it(code text, words text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN \
             RAISE EXCEPTION USING ERRCODE = code, MESSAGE = words, TABLE = 'rooms'; END $$"
        }
    };
    connection.execute_unprepared(sql).await?;
    Ok(())
}

#[twin_test(Migrator)]
async fn no_error_shows_a_value_whatever_it_is(db: &TwinDatabase) -> Result<()> {
    plant(db).await?;
    let mut runner = TestRunner::new(Config::default());
    let (mut looked, mut told) = (0, 0);
    for _ in 0..CASES {
        let tree = markers().new_tree(&mut runner).expect("a marker");
        let (marker, text) = tree.current();
        for (call, error) in refusals(db, &marker, &text).await? {
            let shown = shown(&error);
            assert!(!shown.contains(&marker), "{call}, {text:?}: {shown}");
            looked += 1;
            told += usize::from(
                error
                    .driver_message()
                    .is_some_and(|words| words.contains(&marker)),
            );
        }
    }
    assert!(looked >= CASES * 17, "only {looked} errors");
    // The control: the drivers do quote values.
    assert!(
        told >= CASES,
        "the marker was in {told} drivers' messages only"
    );
    Ok(())
}
