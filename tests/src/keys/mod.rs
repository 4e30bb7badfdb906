//! A fourth domain: a table with each kind of key.

#[macro_use]
mod declare;
mod generated;
mod migrations;
mod owned;
mod parcel;

use catamaran::Column;
use catamaran::domain::{Domain, Table, TableSource};
use catamaran::record::Stored;
use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

pub use generated::{
    Mark, MarkDraft, MarkPatch, Numbered, NumberedDraft, Tick, TickDraft, Ticket, TicketDraft,
    TicketPatch,
};
pub use migrations::{GivenKeys, History, Migrator};
pub use owned::{
    Badge, BadgeDraft, BadgePatch, Desk, DeskDraft, DeskPatch, Pass, PassDraft, PassPatch,
};
pub use parcel::ParcelId;

/// A record with a key of some kind, and how a suite makes and changes its rows without knowing which it is.
pub trait Keyed: Stored + Eq {
    /// The column of a text.
    const NOTE: Column<Self, String>;

    /// The id of the `nth` row. Ids have the order of their numbers.
    fn nth(number: u32) -> Self::Id;

    /// The draft of a row.
    fn draft(id: Self::Id, note: &str) -> Self::Draft;

    /// The draft of a row that references another one.
    fn child(draft: Self::Draft, parent: Option<Self::Id>) -> Self::Draft;

    /// A patch that changes the text.
    fn patch(note: &str) -> Self::Patch;

    /// The row with another text.
    #[must_use]
    fn noted(self, note: &str) -> Self;

    /// The text.
    fn note(&self) -> &str;
}

/// A bit of a small number.
fn bit(number: u32, bit: u32) -> bool {
    number >> bit & 1 == 1
}

fn day(number: u32) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(1969, 12, 30).expect("a day");
    first + Days::new(number.into())
}

/// The last microsecond of a second, and those that follow.
fn moment(number: u32) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(i64::from(number) - 1).expect("a time")
}

fn small(number: u32) -> i32 {
    i32::try_from(number).expect("a small number")
}

keyed! {
    /// A row whose key is a text.
    Label LabelDraft LabelPatch in labels, "labels",
    key [#[sea_orm(column_type = "Text")] name: String, String, String;] parent [parent]
    ("pk_labels", "fk_labels__parent")
    |number| format!("it's \"{number:05}\" %_\u{10ffff}"),
    |name, note| LabelDraft::new(name, note)
}

keyed! {
    /// A row whose key is a number of 64 bits.
    Counter CounterDraft CounterPatch in counters, "counters",
    key [id: i64, i64, i64;] parent [parent]
    ("pk_counters", "fk_counters__parent")
    |number| i64::from(number) - 3,
    |id, note| CounterDraft::new(id, note)
}

keyed! {
    /// A row whose key is a number of 32 bits.
    Rank RankDraft RankPatch in ranks, "ranks",
    key [id: i32, i32, i32;] parent [parent]
    ("pk_ranks", "fk_ranks__parent")
    |number| small(number) - 3,
    |id, note| RankDraft::new(id, note)
}

keyed! {
    /// A row whose key is a newtype.
    Parcel ParcelDraft ParcelPatch in parcels, "parcels",
    key [id: ParcelId, catamaran::sqlite::TextId, Uuid;] parent [parent]
    ("pk_parcels", "fk_parcels__parent")
    |number| ParcelId(Uuid::from_u128(number.into())),
    |id, note| ParcelDraft::new(id, note)
}

keyed! {
    /// A row whose key has several columns.
    Seat SeatDraft SeatPatch in seats, "seats",
    key [#[sea_orm(column_type = "Text")] row: String, String, String; place: i32, i32, i32;] parent [parent_row parent_place]
    ("pk_seats", "fk_seats__parent")
    |number| (format!("{:05}", number / 3), small(number % 3)),
    |(row, place), note| SeatDraft::new(row, place, note)
}

keyed! {
    /// A row whose key begins with its owner.
    Folder FolderDraft FolderPatch in folders, "folders",
    owner user_id,
    key [id: i64, i64, i64;] parent [parent]
    ("pk_folders", "fk_folders__parent")
    |number| i64::from(number) - 3,
    |id, note| FolderDraft::new(id, note)
}

keyed! {
    /// A row whose key is a day.
    Day DayDraft DayPatch in days, "days",
    key [day: NaiveDate, catamaran::sqlite::TextDate, chrono::NaiveDate;] parent [parent]
    ("pk_days", "fk_days__parent")
    day,
    |day, note| DayDraft::new(day, note)
}

keyed! {
    /// A row whose key is a time.
    Moment MomentDraft MomentPatch in moments, "moments",
    key [at: DateTime<Utc>, catamaran::sqlite::TextTime, chrono::DateTime<chrono::Utc>;] parent [parent]
    ("pk_moments", "fk_moments__parent")
    moment,
    |at, note| MomentDraft::new(at, note)
}

keyed! {
    /// A row whose key has as many columns as a key can have, of every type.
    Octet OctetDraft OctetPatch in octets, "octets",
    key [
        a: Uuid, catamaran::sqlite::TextId, Uuid;
        #[sea_orm(column_type = "Text")] b: String, String, String;
        c: bool, bool, bool;
        d: i32, i32, i32;
        e: i64, i64, i64;
        f: DateTime<Utc>, catamaran::sqlite::TextTime, chrono::DateTime<chrono::Utc>;
        g: NaiveDate, catamaran::sqlite::TextDate, chrono::NaiveDate;
        h: ParcelId, catamaran::sqlite::TextId, Uuid;
    ]
    parent [parent_a parent_b parent_c parent_d parent_e parent_f parent_g parent_h]
    ("pk_octets", "fk_octets__parent")
    |number| (
        Uuid::from_u128((number >> 7).into()),
        if bit(number, 6) { "a'" } else { "A" }.to_owned(),
        bit(number, 5),
        small(number >> 4 & 1),
        if bit(number, 3) { i64::MAX } else { i64::MIN },
        moment(number >> 2 & 1),
        day(number >> 1 & 1),
        ParcelId(Uuid::from_u128((number & 1).into())),
    ),
    |(a, b, c, d, e, f, g, h), note| OctetDraft::new(a, b, c, d, e, f, g, h, note)
}

keyed! {
    /// A row whose key begins with its owner and has several other columns.
    Shelf ShelfDraft ShelfPatch in shelves, "shelves",
    owner user_id,
    key [
        #[sea_orm(column_type = "Text")] name: String, String, String;
        day: NaiveDate, catamaran::sqlite::TextDate, chrono::NaiveDate;
    ]
    parent [parent_name parent_day]
    ("pk_shelves", "fk_shelves__parent")
    |number| (format!("{:05}", number / 3), day(number % 3)),
    |(name, day), note| ShelfDraft::new(name, day, note)
}

/// The tables whose rows have owners.
const OWNED: &[Table] = &[
    folders::TABLE,
    shelves::TABLE,
    owned::badges::TABLE,
    owned::passes::TABLE,
    owned::desks::TABLE,
];

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[
        labels::TABLE,
        counters::TABLE,
        ranks::TABLE,
        parcels::TABLE,
        seats::TABLE,
        folders::TABLE,
        days::TABLE,
        moments::TABLE,
        octets::TABLE,
        shelves::TABLE,
        owned::badges::TABLE,
        owned::passes::TABLE,
        owned::desks::TABLE,
        generated::tickets::TABLE,
        generated::marks::TABLE,
        generated::ticks::TABLE,
    ],
    sources: &[
        TableSource::record::<Label>(),
        TableSource::record::<Counter>(),
        TableSource::record::<Rank>(),
        TableSource::record::<Parcel>(),
        TableSource::record::<Seat>(),
        TableSource::record::<Folder>(),
        TableSource::record::<Day>(),
        TableSource::record::<Moment>(),
        TableSource::record::<Octet>(),
        TableSource::record::<Shelf>(),
        TableSource::record::<Badge>(),
        TableSource::record::<Pass>(),
        TableSource::record::<Desk>(),
        TableSource::record::<Ticket>(),
        TableSource::record::<Mark>(),
        TableSource::record::<Tick>(),
    ],
    ..Domain::BLANK
};

/// The domain without the tables whose ids the database generates, which [`GivenKeys`] builds.
pub const GIVEN: Domain = Domain {
    tables: &[
        labels::TABLE,
        counters::TABLE,
        ranks::TABLE,
        parcels::TABLE,
        seats::TABLE,
        folders::TABLE,
        days::TABLE,
        moments::TABLE,
        octets::TABLE,
        shelves::TABLE,
        owned::badges::TABLE,
        owned::passes::TABLE,
        owned::desks::TABLE,
    ],
    sources: &[
        TableSource::record::<Label>(),
        TableSource::record::<Counter>(),
        TableSource::record::<Rank>(),
        TableSource::record::<Parcel>(),
        TableSource::record::<Seat>(),
        TableSource::record::<Folder>(),
        TableSource::record::<Day>(),
        TableSource::record::<Moment>(),
        TableSource::record::<Octet>(),
        TableSource::record::<Shelf>(),
        TableSource::record::<Badge>(),
        TableSource::record::<Pass>(),
        TableSource::record::<Desk>(),
    ],
    ..Domain::BLANK
};
