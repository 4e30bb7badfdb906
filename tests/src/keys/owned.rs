//! Records whose rows have owners, and whose keys do not contain the owner.

use catamaran::Filter;
use catamaran::domain::Table;
use uuid::Uuid;

use super::{Folder, FolderDraft, FolderPatch, Shelf, ShelfDraft, ShelfPatch, day, small};
use crate::sample::Sample;

macro_rules! owned {
    (
        $(#[$doc:meta])*
        $record:ident in $module:ident, $table:literal, $key:literal,
        [$($(#[$at:meta])* $id:ident: $ty:ty;)+]
    ) => {
        pub(super) mod $module {
            use catamaran::domain::{ManagedColumns, PrimaryKey, Table};

            pub const TABLE: Table = Table {
                name: $table,
                columns: &["user_id", $(stringify!($id),)+ "note", "version", "deleted_at"],
                primary_key: PrimaryKey {
                    name: $key,
                    columns: &[$(stringify!($id)),+],
                },
                owner: Some("user_id"),
                managed: ManagedColumns {
                    version: Some("version"),
                    deleted: Some("deleted_at"),
                    ..ManagedColumns::NONE
                },
                ..Table::BLANK
            };

            pub mod sqlite {
                use sea_orm::entity::prelude::*;

                #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
                #[sea_orm(table_name = $table)]
                pub struct Model {
                    pub user_id: catamaran::sqlite::TextId,
                    $(#[sea_orm(primary_key, auto_increment = false)]
                    $(#[$at])*
                    pub $id: $ty,)+
                    #[sea_orm(column_type = "Text")]
                    pub note: String,
                    pub version: i64,
                    pub deleted_at: Option<catamaran::sqlite::TextTime>,
                }

                #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
                pub enum Relation {}

                impl ActiveModelBehavior for ActiveModel {}
            }

            pub mod postgres {
                use sea_orm::entity::prelude::*;

                #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
                #[sea_orm(table_name = $table)]
                pub struct Model {
                    pub user_id: Uuid,
                    $(#[sea_orm(primary_key, auto_increment = false)]
                    $(#[$at])*
                    pub $id: $ty,)+
                    #[sea_orm(column_type = "Text")]
                    pub note: String,
                    pub version: i64,
                    pub deleted_at: Option<chrono::DateTime<chrono::Utc>>,
                }

                #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
                pub enum Relation {}

                impl ActiveModelBehavior for ActiveModel {}
            }
        }

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, catamaran::Record)]
        #[record(table = $module::TABLE, sqlite = $module::sqlite, postgres = $module::postgres)]
        pub struct $record {
            /// The owner.
            #[record(owner)]
            pub user_id: Uuid,
            $(
                /// The id, or a part of it.
                #[record(id)]
                pub $id: $ty,
            )+
            /// A text.
            pub note: String,
            /// How often the row was written.
            #[record(version)]
            pub version: i64,
            /// When the row was deleted.
            #[record(deleted)]
            pub deleted_at: Option<chrono::DateTime<chrono::Utc>>,
        }
    };
}

owned! {
    /// A row of an owner whose key is a text.
    Badge in badges, "badges", "pk_badges", [#[sea_orm(column_type = "Text")] name: String;]
}

owned! {
    /// A row of an owner whose key is a number.
    Pass in passes, "passes", "pk_passes", [number: i64;]
}

owned! {
    /// A row of an owner whose key has several columns.
    Desk in desks, "desks", "pk_desks", [#[sea_orm(column_type = "Text")] hall: String; place: i32;]
}

/// A number that no other owner has with the same `nth`.
fn number(owner: Uuid, nth: u32) -> u32 {
    let owner = u32::try_from(owner.as_u128() & 0xffff).expect("16 bits");
    owner * 100 + nth
}

/// The rows of an owner have ids that the rows of another one do not have, unless they are given.
macro_rules! sample {
    ($record:ident, $draft:ident, $patch:ident, $id:expr, |$given:ident| $with_id:expr, $make:expr) => {
        impl Sample for $record {
            const IS_CHILD: bool = false;
            const TABLES: &'static [Table] = super::OWNED;

            fn draft(owner: Uuid, nth: u32) -> $draft {
                let id: fn(u32) -> Self::Id = $id;
                let make: fn(Self::Id, String) -> $draft = $make;
                make(id(number(owner, nth)), format!("row {nth}"))
            }

            fn with_id(mut $given: $draft, id: Self::Id) -> $draft {
                let set: fn(&mut $draft, Self::Id) = $with_id;
                set(&mut $given, id);
                $given
            }

            fn nobody() -> Self::Id {
                let id: fn(u32) -> Self::Id = $id;
                id(99)
            }

            fn patch() -> $patch {
                $patch::new().note("stolen")
            }

            fn empty_patch() -> $patch {
                $patch::new()
            }

            fn altered(mut self) -> Self {
                self.note = "stolen".to_owned();
                self
            }

            fn given_to(mut self, owner: Uuid) -> Self {
                self.user_id = owner;
                self
            }

            fn has_id(id: Self::Id) -> Filter<Self> {
                Filter::ids([id])
            }

            fn is_of(owner: Uuid) -> Filter<Self> {
                $record::USER_ID.eq(owner)
            }
        }
    };
}

sample!(
    Badge,
    BadgeDraft,
    BadgePatch,
    |number| format!("it's {number} "),
    |draft| |draft, name| draft.name = name,
    |name, note| BadgeDraft::new(name, note)
);
sample!(
    Pass,
    PassDraft,
    PassPatch,
    |number| -i64::from(number),
    |draft| |draft, number| draft.number = number,
    |number, note| PassDraft::new(number, note)
);
sample!(
    Desk,
    DeskDraft,
    DeskPatch,
    |number| ("hall".to_owned(), small(number)),
    |draft| |draft, (hall, place)| {
        draft.hall = hall;
        draft.place = place;
    },
    |(hall, place), note| DeskDraft::new(hall, place, note)
);
sample!(
    Folder,
    FolderDraft,
    FolderPatch,
    i64::from,
    |draft| |draft, id| draft.id = id,
    |id, note| FolderDraft::new(id, note)
);
sample!(
    Shelf,
    ShelfDraft,
    ShelfPatch,
    |number| (number.to_string(), day(3)),
    |draft| |draft, (name, day)| {
        draft.name = name;
        draft.day = day;
    },
    |(name, day), note| ShelfDraft::new(name, day, note)
);
