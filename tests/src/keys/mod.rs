//! A fourth domain: a table with each kind of key.

#[macro_use]
mod declare;
mod generated;
mod migrations;
mod parcel;

use catamaran::Column;
use catamaran::domain::{Domain, TableSource};
use catamaran::record::Stored;
use uuid::Uuid;

pub use generated::{
    Mark, MarkDraft, MarkPatch, Tick, TickDraft, Ticket, TicketDraft, TicketPatch,
};
pub use migrations::{History, Migrator};
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

fn small(number: u32) -> i32 {
    i32::try_from(number).expect("a small number")
}

keyed! {
    /// A row whose key is a text.
    Label LabelDraft LabelPatch in labels, "labels",
    key [name: String, String, String;] parent [parent]
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
    key [row: String, String, String; place: i32, i32, i32;] parent [parent_row parent_place]
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

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[
        labels::TABLE,
        counters::TABLE,
        ranks::TABLE,
        parcels::TABLE,
        seats::TABLE,
        folders::TABLE,
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
        TableSource::record::<Ticket>(),
        TableSource::record::<Mark>(),
        TableSource::record::<Tick>(),
    ],
    ..Domain::BLANK
};
