#[macro_use]
mod notes;

use catamaran::Record;

// A float has no order that is total.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct Float {
    #[record(id)]
    id: f64,
    title: String,
    done: bool,
}

mod bytes {
    entity!(sqlite {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Vec<u8>,
        pub title: String,
        pub done: bool,
    });

    entity!(postgres {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Vec<u8>,
        pub title: String,
        pub done: bool,
    });
}

// SQLite has no lists of bytes.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = bytes::sqlite, postgres = bytes::postgres)]
struct Bytes {
    #[record(id)]
    id: Vec<u8>,
    title: String,
    done: bool,
}

fn main() {}
