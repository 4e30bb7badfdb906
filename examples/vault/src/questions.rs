//! What the application asks of several tables, or of one by the methods that every repository has.

use catamaran::{Expected, IdSource, Page, PageRequest, Query, Result, Scope, Store, UuidV7};
use chrono::{Days, NaiveDate, NaiveTime};
use uuid::Uuid;

pub use crate::items::move_item;
use crate::{Event, Folder, FolderDraft, Item, Settings, User, UserDraft};

/// Registers a user with a first folder: both or nothing.
///
/// # Errors
/// [`Unique`](catamaran::ErrorKind::Unique) if the address is taken, in any case of its letters.
pub async fn register(
    store: &Store,
    email: &str,
    name: &str,
    folder: &str,
) -> Result<(User, Folder)> {
    let id = UuidV7.next_id();
    let user = UserDraft::new(email, name, Settings::default()).id(id);
    let folder = FolderDraft::new(folder);
    // The owner of the folder is the owner of the scope.
    let scope = Scope::owner(id);
    let unit = store.write(&scope, async |unit| {
        let user = unit.repository::<User>().insert(user).await?;
        let folder = unit.repository::<Folder>().insert(folder).await?;
        Ok((user, folder))
    });
    unit.await
}

/// Returns a page of the events of a day in UTC, the newest first.
///
/// # Errors
/// [`InvalidCursor`](catamaran::ErrorKind::InvalidCursor) for a cursor of another day.
pub async fn events_of_day(
    store: &Store,
    day: NaiveDate,
    page: PageRequest,
) -> Result<Page<Event>> {
    let begin = day.and_time(NaiveTime::MIN).and_utc();
    let of_day = Event::HAPPENED_AT
        .ge(begin)
        .and(Event::HAPPENED_AT.lt(begin + Days::new(1)));
    let newest_first = of_day.order_by(Event::HAPPENED_AT.desc());
    let events = store.repository::<Event>(&Scope::system("the events of a day"));
    events.list(&newest_first, page).await
}

/// Returns how many items everybody has.
///
/// # Errors
/// [`Permission`](catamaran::ErrorKind::Permission) on Postgres, if the login of the store is bound by row level
/// security.
pub async fn count_everybodys_items(store: &Store) -> Result<u64> {
    let scope = Scope::system("an administrator counts everybody's items");
    store.repository::<Item>(&scope).count(&Query::all()).await
}

/// Deletes a folder. Its items stay, without a folder: the foreign key sets the column to NULL.
///
/// # Errors
/// [`NotFound`](catamaran::ErrorKind::NotFound) if the owner has no such folder.
pub async fn delete_folder(store: &Store, owner: Uuid, folder: Uuid) -> Result<()> {
    let folders = store.repository::<Folder>(&Scope::owner(owner));
    folders.delete(folder, Expected::Any).await
}
