//! The users of the tests, and the rows that each of them owns.

use std::sync::Arc;

use catamaran::record::Stored;
use catamaran::testing::TwinDatabase;
use catamaran::{
    Cursor, Expected, PageRequest, Query, Repository, Result, Scope, Store, Visibility,
};
use entity::{Habit, HabitDraft};
use uuid::Uuid;

use crate::sample::Sample;

/// An owner.
pub const ADA: Uuid = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_000a);

/// Another owner.
pub const BOB: Uuid = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_000b);

/// An id without a row or an owner.
pub const NOBODY: Uuid = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_000f);

/// Ada's rows in a test's own store.
pub fn adas<R: Stored>(db: &TwinDatabase) -> Arc<dyn Repository<R>> {
    db.store().repository(&scope(ADA))
}

/// Everybody's rows in a test's own store.
pub fn everybodys<R: Stored>(db: &TwinDatabase) -> Arc<dyn Repository<R>> {
    db.store().repository(&everyone())
}

/// The scope of an owner.
pub fn scope(owner: Uuid) -> Scope {
    Scope::owner(owner)
}

/// The scope that sees everybody's rows.
pub fn everyone() -> Scope {
    Scope::system("the suite looks at everybody's rows")
}

/// Makes a habit of that owner.
///
/// # Errors
/// Those of the insert.
pub async fn habit_of(store: &Store, owner: Uuid, name: &str) -> Result<Habit> {
    let habits = store.repository::<Habit>(&scope(owner));
    habits.insert(HabitDraft::new(name, "daily")).await
}

/// An owner's rows of one record: a living row, a deleted one, and the habit that they belong to.
#[derive(Clone, Debug)]
pub struct OwnerRows<R> {
    /// The owner.
    pub owner: Uuid,
    /// The habit under which further rows may be made; the owner if they belong to none.
    pub habit: Uuid,
    /// A living row.
    pub living: R,
    /// A deleted row, as it was before.
    pub deleted: R,
    /// The owner's place after the first row of [`everything`].
    pub cursor: Cursor,
}

/// Every row of a scope, living or deleted.
pub fn everything<R: Sample>() -> Query<R> {
    Query::all().visibility(Visibility::All)
}

impl<R: Sample> OwnerRows<R> {
    /// Makes the rows.
    ///
    /// # Errors
    /// Those of the inserts.
    pub async fn make(store: &Store, owner: Uuid) -> Result<Self> {
        let habit = match R::IS_CHILD {
            true => habit_of(store, owner, "run").await?.id,
            false => owner,
        };
        let rows = store.repository::<R>(&scope(owner));
        let living = rows.insert(R::draft(habit, 1)).await?;
        let deleted = rows.insert(R::draft(habit, 2)).await?;
        rows.delete(deleted.id(), Expected::Any).await?;
        let page = rows.list(&everything(), PageRequest::first(1)).await?;
        Ok(OwnerRows {
            owner,
            habit,
            living,
            deleted,
            cursor: page.next.expect("a second row, so a second page"),
        })
    }
}
