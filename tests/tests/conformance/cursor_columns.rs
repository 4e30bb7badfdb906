//! A cursor is bound to columns by name and type, and not by their place: records of one table in several versions of
//! an application.

use catamaran::record::Stored;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Cursor, ErrorKind, PageRequest, Query, Record, Result};
use suite::kind::refused;
use suite::specimen::{Specimen, SpecimenDraft};
use suite::users::everybodys;
use uuid::Uuid;

/// Declares the table of a version, and its entities.
macro_rules! entities {
    ($module:ident { $($field:ident: $ty:ty),+ }) => {
        mod $module {
            use catamaran::domain::{Presence, PrimaryKey, Table};

            pub const TABLE: Table = Table {
                name: "specimens",
                columns: &["id", $(stringify!($field)),+],
                primary_key: PrimaryKey {
                    name: "pk_specimens",
                    columns: &["id"],
                },
                presence: Presence::Both,
                ..Table::BLANK
            };

            entities!(sqlite, catamaran::sqlite::TextId, $($field: $ty),+);
            entities!(postgres, uuid::Uuid, $($field: $ty),+);
        }
    };
    ($module:ident, $id:ty, $($field:ident: $ty:ty),+) => {
        pub mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = "specimens")]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: $id,
                $(pub $field: $ty,)+
            }

            #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entities!(first {
    small: i32,
    label: String
});

/// The first version.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = first::TABLE, sqlite = first::sqlite, postgres = first::postgres)]
struct First {
    #[record(id)]
    id: Uuid,
    small: i32,
    label: String,
}

entities!(second { whole: Option<i64>, small: i32, label: String });

/// `whole` takes the place of `small`, and `small` that of `label`.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = second::TABLE, sqlite = second::sqlite, postgres = second::postgres)]
struct Second {
    #[record(id)]
    id: Uuid,
    whole: Option<i64>,
    small: i32,
    label: String,
}

entities!(third { small: i32, note: Option<String>, label: String });

/// `note` takes the place of `label`.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = third::TABLE, sqlite = third::sqlite, postgres = third::postgres)]
struct Third {
    #[record(id)]
    id: Uuid,
    small: i32,
    note: Option<String>,
    label: String,
}

entities!(wide {
    small: i64,
    label: String
});

/// `small` has another type.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = wide::TABLE, sqlite = wide::sqlite, postgres = wide::postgres)]
struct Wide {
    #[record(id)]
    id: Uuid,
    small: i64,
    label: String,
}

entities!(optional { small: Option<i32>, label: Option<String> });

/// Both columns accept NULL.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = optional::TABLE, sqlite = optional::sqlite, postgres = optional::postgres)]
struct Optional {
    #[record(id)]
    id: Uuid,
    small: Option<i32>,
    label: Option<String>,
}

async fn cursor_of<R: Stored>(db: &TwinDatabase, query: &Query<R>) -> Result<Cursor> {
    let page = everybodys::<R>(db)
        .list(query, PageRequest::first(1))
        .await?;
    Ok(page.next.expect("a second row"))
}

/// The ids after the cursor.
async fn after<R: Stored + Record<Id = Uuid>>(
    db: &TwinDatabase,
    query: &Query<R>,
    cursor: &Cursor,
) -> Result<Vec<Uuid>> {
    let request = PageRequest::after(10, cursor.clone());
    let page = everybodys::<R>(db).list(query, request).await?;
    Ok(page.items.iter().map(Record::id).collect())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn a_cursor_is_valid_after_a_column_was_added_before_those_of_its_query(
    db: &TwinDatabase,
) -> Result<()> {
    let ids = [1, 2, 3].map(Uuid::from_u128);
    let drafts = [5, 6, 7].into_iter().zip(ids).map(|(small, id)| {
        SpecimenDraft::new(format!("{}", 9 - small))
            .id(id)
            .small(small)
    });
    everybodys::<Specimen>(db)
        .insert_many(drafts.collect())
        .await?;
    let small = First::SMALL.lt(9).order_by(First::SMALL.asc());
    let label = First::LABEL.ne("x").order_by(First::LABEL.desc());
    let small = cursor_of(db, &small).await?;
    let label = cursor_of(db, &label).await?;

    let same = Second::SMALL.lt(9).order_by(Second::SMALL.asc());
    assert_eq!(after(db, &same, &small).await?, ids[1..]);
    let same = Third::SMALL.lt(9).order_by(Third::SMALL.asc());
    assert_eq!(after(db, &same, &small).await?, ids[1..]);
    let same = Second::LABEL.ne("x").order_by(Second::LABEL.desc());
    assert_eq!(after(db, &same, &label).await?, ids[1..]);
    let same = Specimen::LABEL.ne("x").order_by(Specimen::LABEL.desc());
    assert_eq!(after(db, &same, &label).await?, ids[1..]);
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn a_cursor_of_another_column_in_the_same_place_is_refused(db: &TwinDatabase) -> Result<()> {
    let drafts = (0..3).map(|small| SpecimenDraft::new("label").small(small));
    everybodys::<Specimen>(db)
        .insert_many(drafts.collect())
        .await?;
    let other = ErrorKind::InvalidCursor {
        reason: "it belongs to another query",
    };
    let order = Query::all().order_by(First::SMALL.asc());
    let by_small = cursor_of(db, &order).await?;
    let filter = First::SMALL.lt(9).into();
    let of_small = cursor_of(db, &filter).await?;
    let by_label = cursor_of(db, &Query::all().order_by(First::LABEL.asc())).await?;

    let query = Query::all().order_by(Second::WHOLE.asc());
    assert_eq!(refused(after(db, &query, &by_small).await), other);
    let query = Second::WHOLE.lt(9).into();
    assert_eq!(refused(after(db, &query, &of_small).await), other);
    let query = Query::all().order_by(Third::NOTE.asc());
    assert_eq!(refused(after(db, &query, &by_label).await), other);

    let query = Query::all().order_by(Wide::SMALL.asc());
    assert_eq!(refused(after(db, &query, &by_small).await), other);
    let query = Wide::SMALL.lt(9).into();
    assert_eq!(refused(after(db, &query, &of_small).await), other);
    let query = Query::all().order_by(Optional::SMALL.asc());
    assert_eq!(refused(after(db, &query, &by_small).await), other);
    let query = Query::all().order_by(Optional::LABEL.asc());
    assert_eq!(refused(after(db, &query, &by_label).await), other);
    Ok(())
}
