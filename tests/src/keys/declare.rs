//! The declaration of a record: its table in the domain, its entities, and the values of its rows.

/// Declares a record whose rows have a key, a note, a reference to another row, a version and a soft delete.
macro_rules! keyed {
    (
        $(#[$doc:meta])*
        $record:ident $draft:ident $patch:ident in $module:ident, $table:literal,
        $(owner $user:ident,)?
        key [$($(#[$at:meta])* $id:ident: $ty:ty, $lite:ty, $pg:ty;)+]
        parent [$($parent:ident)+] $constraints:tt
        $nth:expr, $drafted:expr
    ) => {
        mod $module {
            keyed!(table $table, [$($user)?], [$($id)+], [$($parent)+], $constraints);

            pub mod sqlite {
                use sea_orm::entity::prelude::*;

                #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
                #[sea_orm(table_name = $table)]
                pub struct Model {
                    $(#[sea_orm(primary_key, auto_increment = false)]
                    pub $user: catamaran::sqlite::TextId,)?
                    $(#[sea_orm(primary_key, auto_increment = false)]
                    $(#[$at])*
                    pub $id: $lite,)+
                    #[sea_orm(column_type = "Text")]
                    pub note: String,
                    $($(#[$at])*
                    pub $parent: Option<$lite>,)+
                    pub version: i64,
                    pub deleted_at: Option<catamaran::sqlite::TextTime>,
                }

                keyed!(relation [$($user)? $($id)+], [$($user)? $($parent)+]);

                impl ActiveModelBehavior for ActiveModel {}
            }

            pub mod postgres {
                use sea_orm::entity::prelude::*;

                #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
                #[sea_orm(table_name = $table)]
                pub struct Model {
                    $(#[sea_orm(primary_key, auto_increment = false)]
                    pub $user: Uuid,)?
                    $(#[sea_orm(primary_key, auto_increment = false)]
                    $(#[$at])*
                    pub $id: $pg,)+
                    #[sea_orm(column_type = "Text")]
                    pub note: String,
                    $($(#[$at])*
                    pub $parent: Option<$pg>,)+
                    pub version: i64,
                    pub deleted_at: Option<chrono::DateTime<chrono::Utc>>,
                }

                keyed!(relation [$($user)? $($id)+], [$($user)? $($parent)+]);

                impl ActiveModelBehavior for ActiveModel {}
            }
        }

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, catamaran::Record)]
        #[record(table = $module::TABLE, sqlite = $module::sqlite, postgres = $module::postgres)]
        pub struct $record {
            $(
                /// The owner.
                #[record(owner, id)]
                pub $user: uuid::Uuid,
            )?
            $(
                /// The id, or a part of it.
                #[record(id)]
                pub $id: $ty,
            )+
            /// A text.
            pub note: String,
            $(
                /// The id of another row, or a part of it.
                pub $parent: Option<$ty>,
            )+
            /// How often the row was written.
            #[record(version)]
            pub version: i64,
            /// When the row was deleted.
            #[record(deleted)]
            pub deleted_at: Option<chrono::DateTime<chrono::Utc>>,
        }

        impl Keyed for $record {
            const NOTE: Column<Self, String> = $record::NOTE;

            fn nth(number: u32) -> Self::Id {
                let nth: fn(u32) -> Self::Id = $nth;
                nth(number)
            }

            fn draft(id: Self::Id, note: &str) -> $draft {
                let drafted: fn(Self::Id, &str) -> $draft = $drafted;
                drafted(id, note)
            }

            fn child(draft: $draft, parent: Option<Self::Id>) -> $draft {
                keyed!(set draft, parent, $($parent)+)
            }

            fn patch(note: &str) -> $patch {
                $patch::new().note(note)
            }

            fn noted(mut self, note: &str) -> Self {
                self.note = note.to_owned();
                self
            }

            fn note(&self) -> &str {
                &self.note
            }
        }
    };
    (set $draft:ident, $value:ident, $one:ident) => {{
        let mut draft = $draft;
        draft.$one = $value;
        draft
    }};
    (set $draft:ident, $value:ident, $($part:ident)+) => {{
        let mut draft = $draft;
        if let Some(($($part),+)) = $value {
            $(draft.$part = Some($part);)+
        }
        draft
    }};
    (relation [$($id:ident)+], [$($parent:ident)+]) => {
        #[derive(Clone, Copy, Debug, EnumIter)]
        pub enum Relation {
            Parent,
        }

        impl RelationTrait for Relation {
            fn def(&self) -> RelationDef {
                let column = |name: &str| {
                    let mut columns = <Column as sea_orm::Iterable>::iter();
                    columns.find(|column| sea_orm::IdenStatic::as_str(column) == name).expect("a column")
                };
                let (from, to) = (
                    keyed!(list $(column(stringify!($parent)))+),
                    keyed!(list $(column(stringify!($id)))+),
                );
                Entity::belongs_to(Entity).from(from).to(to).into()
            }
        }
    };
    (list $one:expr) => { $one };
    (list $($value:expr)+) => { ($($value),+) };
    (
        table $table:literal, [$($user:ident)?], [$($id:ident)+], [$($parent:ident)+],
        ($key:literal, $reference:literal)
    ) => {
        use catamaran::domain::{ForeignKey, ManagedColumns, PrimaryKey, Table};

        const OWNER: &[&str] = &[$(stringify!($user))?];
        const KEY: &[&str] = &[$(stringify!($user),)? $(stringify!($id)),+];
        const PARENT: &[&str] = &[$(stringify!($user),)? $(stringify!($parent)),+];

        pub const TABLE: Table = Table {
            name: $table,
            columns: &[
                $(stringify!($user),)?
                $(stringify!($id),)+
                "note",
                $(stringify!($parent),)+
                "version",
                "deleted_at",
            ],
            primary_key: PrimaryKey {
                name: $key,
                columns: KEY,
            },
            owner: OWNER.first().copied(),
            managed: ManagedColumns {
                version: Some("version"),
                deleted: Some("deleted_at"),
                ..ManagedColumns::NONE
            },
            foreign_keys: &[ForeignKey {
                name: $reference,
                ..ForeignKey::over(PARENT, $table, KEY)
            }],
            ..Table::BLANK
        };
    };
}
