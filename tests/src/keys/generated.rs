//! Records whose ids the database generates.

use catamaran::Record;
use catamaran::record::Field;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A row of an owner, whose id is a generated number of 64 bits. It may refer to another one.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(table = tickets::TABLE, sqlite = tickets::sqlite, postgres = tickets::postgres)]
pub struct Ticket {
    /// The id.
    #[record(id, generated)]
    pub id: i64,
    /// The owner.
    #[record(owner)]
    pub user_id: Uuid,
    /// A text that is unique.
    pub note: String,
    /// The id of another row.
    pub parent: Option<i64>,
    /// How often the row was written.
    #[record(version)]
    pub version: i64,
    /// When the row was deleted.
    #[record(deleted)]
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A row without an owner or a version, whose id is a generated number of 32 bits.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(table = marks::TABLE, sqlite = marks::sqlite, postgres = marks::postgres)]
pub struct Mark {
    /// The id.
    #[record(id, generated)]
    pub id: i32,
    /// The id of a ticket.
    pub ticket_id: Option<i64>,
}

/// A row of nothing but its id.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(table = ticks::TABLE, sqlite = ticks::sqlite, postgres = ticks::postgres)]
pub struct Tick {
    /// The id.
    #[record(id, generated)]
    pub id: i64,
}

/// The number of a [`Numbered`]: three or four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Field)]
#[field(try_from)]
pub struct ThreeOrFour(i64);

impl TryFrom<i64> for ThreeOrFour {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        match number {
            3 | 4 => Ok(ThreeOrFour(number)),
            _ => Err(format!("{number} is neither three nor four")),
        }
    }
}

/// A row of nothing but its id, whose type refuses most numbers.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(table = ticks::TABLE, sqlite = ticks::sqlite, postgres = ticks::postgres)]
pub struct Numbered {
    /// The id.
    #[record(id, generated)]
    pub id: ThreeOrFour,
}

pub(super) mod tickets {
    use catamaran::domain::{
        Action, ForeignKey, Index, ManagedColumns, PrimaryKey, Table, UniqueKey,
    };

    pub const TABLE: Table = Table {
        name: "tickets",
        columns: &["id", "user_id", "note", "parent", "version", "deleted_at"],
        primary_key: PrimaryKey {
            name: "pk_tickets",
            columns: &["id"],
        },
        generated_key: true,
        owner: Some("user_id"),
        managed: ManagedColumns {
            version: Some("version"),
            deleted: Some("deleted_at"),
            ..ManagedColumns::NONE
        },
        unique_keys: &[UniqueKey {
            name: "uq_tickets__note",
            columns: &["note"],
        }],
        indexes: &[Index {
            name: "ix_tickets__user_id",
            columns: &["user_id"],
            unique: false,
            predicate: None,
        }],
        foreign_keys: &[ForeignKey {
            name: "fk_tickets__parent",
            columns: &["parent"],
            references: "tickets",
            referenced_columns: &["id"],
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
        }],
        ..Table::BLANK
    };

    pub mod sqlite {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "tickets")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i64,
            pub user_id: catamaran::sqlite::TextId,
            #[sea_orm(column_type = "Text")]
            pub note: String,
            pub parent: Option<i64>,
            pub version: i64,
            pub deleted_at: Option<catamaran::sqlite::TextTime>,
        }

        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {
            #[sea_orm(belongs_to = "Entity", from = "Column::Parent", to = "Column::Id")]
            Parent,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }

    pub mod postgres {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "tickets")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i64,
            pub user_id: Uuid,
            #[sea_orm(column_type = "Text")]
            pub note: String,
            pub parent: Option<i64>,
            pub version: i64,
            pub deleted_at: Option<DateTimeUtc>,
        }

        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {
            #[sea_orm(belongs_to = "Entity", from = "Column::Parent", to = "Column::Id")]
            Parent,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }
}

pub(super) mod marks {
    use catamaran::domain::{Action, ForeignKey, PrimaryKey, Table};

    pub const TABLE: Table = Table {
        name: "marks",
        columns: &["id", "ticket_id"],
        primary_key: PrimaryKey {
            name: "pk_marks",
            columns: &["id"],
        },
        generated_key: true,
        foreign_keys: &[ForeignKey {
            name: "fk_marks__ticket",
            columns: &["ticket_id"],
            references: "tickets",
            referenced_columns: &["id"],
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
        }],
        ..Table::BLANK
    };

    pub mod sqlite {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "marks")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            pub ticket_id: Option<i64>,
        }

        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {
            #[sea_orm(
                belongs_to = "super::super::tickets::sqlite::Entity",
                from = "Column::TicketId",
                to = "super::super::tickets::sqlite::Column::Id"
            )]
            Ticket,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }

    pub mod postgres {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "marks")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            pub ticket_id: Option<i64>,
        }

        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {
            #[sea_orm(
                belongs_to = "super::super::tickets::postgres::Entity",
                from = "Column::TicketId",
                to = "super::super::tickets::postgres::Column::Id"
            )]
            Ticket,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }
}

pub(super) mod ticks {
    use catamaran::domain::{PrimaryKey, Table};

    pub const TABLE: Table = Table {
        name: "ticks",
        columns: &["id"],
        primary_key: PrimaryKey {
            name: "pk_ticks",
            columns: &["id"],
        },
        generated_key: true,
        ..Table::BLANK
    };

    /// Both engines have the same types.
    pub mod sqlite {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "ticks")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i64,
        }

        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }

    pub use sqlite as postgres;
}
