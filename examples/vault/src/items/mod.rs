//! The questions of items that need custom SQL. Each is written once for each engine.

mod postgres;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use catamaran::{AnyRepository, Numeric, Repository, Result, Scope, Store};
use uuid::Uuid;

use crate::{Item, Kind};

/// The repository of items: that of any record, and the queries that only items have.
///
/// Each query is about the items of the scope: those of its owner, or everybody's in the system's scope.
///
/// # Errors of every query
/// The errors of every repository call.
#[async_trait]
pub trait ItemRepository: Repository<Item> {
    /// Returns the ids and names of the items, ordered by name.
    async fn names(&self) -> Result<Vec<ItemName>>;

    /// Returns the items, each with the name of its folder, ordered by the name of the folder and then by their own.
    /// Items without a folder come last.
    async fn by_folder_name(&self) -> Result<Vec<(Option<String>, ItemName)>>;

    /// Returns how many items there are of each kind, and what they cost, ordered by the number of the kind. A kind
    /// without items is left out.
    async fn totals(&self) -> Result<Vec<Total>>;

    /// Returns the items that the owner of the scope may see: the owner's own, and those of the collections that the
    /// owner is a user of. Ordered by name.
    async fn visible(&self) -> Result<Vec<ItemName>>;
}

/// An item without its contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemName {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: String,
}

/// The items of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// The kind.
    pub kind: Kind,
    /// How many there are.
    pub items: i64,
    /// The sum of their prices.
    pub price: Numeric<18, 2>,
}

impl Total {
    fn all(rows: Vec<(Kind, i64, Numeric<18, 2>)>) -> Vec<Self> {
        let rows = rows.into_iter();
        rows.map(|(kind, items, price)| Total { kind, items, price })
            .collect()
    }
}

impl ItemName {
    fn all(rows: Vec<(Uuid, String)>) -> Vec<Self> {
        let names = rows.into_iter().map(|(id, name)| ItemName { id, name });
        names.collect()
    }

    fn in_folders(rows: Vec<(Option<String>, Uuid, String)>) -> Vec<(Option<String>, Self)> {
        let rows = rows.into_iter();
        rows.map(|(folder, id, name)| (folder, ItemName { id, name }))
            .collect()
    }
}

/// The repository of items of a store in one scope.
pub fn items(store: &Store, scope: &Scope) -> Arc<dyn ItemRepository> {
    match store.native(scope) {
        AnyRepository::Sqlite(repository) => Arc::new(repository),
        AnyRepository::Postgres(repository) => Arc::new(repository),
    }
}

/// Moves an item to another owner, out of its folder. Returns whether there is such an item.
///
/// No owner may do that: row level security refuses a row of another owner. So it works in the system's scope.
///
/// # Errors
/// [`ForeignKey`](catamaran::ErrorKind::ForeignKey) if there is no such user, and the errors of every repository call.
pub async fn move_item(store: &Store, item: Uuid, owner: Uuid) -> Result<bool> {
    let scope = Scope::system("an item moves to another owner");
    let values = vec![item.into(), owner.into()];
    let moved = match store.native::<Item>(&scope) {
        AnyRepository::Sqlite(items) => items.execute(sqlite::MOVE, values).await?,
        AnyRepository::Postgres(items) => items.execute(postgres::MOVE, values).await?,
    };
    Ok(moved == 1)
}
