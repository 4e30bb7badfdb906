//! Every method, over a record with each kind of key: a text, numbers, a newtype, several columns, and one that begins
//! with the owner.

mod generated;
mod generated_agree;
mod many;
mod one;
mod owners;
mod queries;

use std::sync::Arc;

use catamaran::testing::TwinDatabase;
use catamaran::{Repository, Result};
use suite::keys::Keyed;
use suite::users::{ADA, scope};

/// A test for each kind of key.
macro_rules! for_each_key {
    ($($name:ident)+) => {
        $(mod $name {
            use catamaran::Result;
            use catamaran::testing::{TwinDatabase, twin_test};
            use suite::keys::{
                Counter, Day, Folder, Label, Moment, Octet, Parcel, Rank, Seat, Shelf,
            };

            use super::$name as each;

            #[twin_test(suite::keys::Migrator, everywhere)]
            async fn for_each_kind_of_key(db: &TwinDatabase) -> Result<()> {
                each::<Label>(db).await?;
                each::<Counter>(db).await?;
                each::<Rank>(db).await?;
                each::<Parcel>(db).await?;
                each::<Seat>(db).await?;
                each::<Folder>(db).await?;
                each::<Day>(db).await?;
                each::<Moment>(db).await?;
                each::<Octet>(db).await?;
                each::<Shelf>(db).await
            }
        })+
    };
}

use for_each_key;

/// The rows of an owner's scope. Of the records, only folders have owners.
fn rows<R: Keyed>(db: &TwinDatabase) -> Arc<dyn Repository<R>> {
    db.store().repository(&scope(ADA))
}

/// Drafts of the rows with these numbers, each with the number as its text.
fn drafts<R: Keyed>(numbers: impl IntoIterator<Item = u32>) -> Vec<R::Draft> {
    let numbers = numbers.into_iter();
    let drafts = numbers.map(|number| R::draft(R::nth(number), &number.to_string()));
    drafts.collect()
}

/// Inserts the rows with these numbers.
async fn inserted<R: Keyed>(
    db: &TwinDatabase,
    numbers: impl IntoIterator<Item = u32>,
) -> Result<Vec<R>> {
    rows::<R>(db).insert_many(drafts::<R>(numbers)).await
}

fn ids<R: Keyed>(numbers: impl IntoIterator<Item = u32>) -> Vec<R::Id> {
    numbers.into_iter().map(R::nth).collect()
}

fn ids_of<R: Keyed>(rows: &[R]) -> Vec<R::Id> {
    rows.iter().map(R::id).collect()
}
