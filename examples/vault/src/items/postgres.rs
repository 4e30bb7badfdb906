use async_trait::async_trait;
use catamaran::{PostgresRepository, Result};

use super::{ItemName, ItemRepository, Total};
use crate::Item;

const NAMES: &str = "\
    SELECT id, name FROM items WHERE $1::uuid IS NULL OR owner_id = $1 ORDER BY name, id";

const BY_FOLDER_NAME: &str = "\
    SELECT folders.name, items.id, items.name \
    FROM items LEFT JOIN folders ON folders.id = items.folder_id \
    WHERE $1::uuid IS NULL OR items.owner_id = $1 \
    ORDER BY folders.name NULLS LAST, items.name, items.id";

/// A policy of the table, too, lets the users of a collection read its items.
const VISIBLE: &str = "\
    SELECT id, name FROM items \
    WHERE $1::uuid IS NULL OR owner_id = $1 OR id IN ( \
        SELECT collection_items.item_id \
        FROM collection_items JOIN collection_users USING (collection_id) \
        WHERE collection_users.user_id = $1 \
    ) \
    ORDER BY name, id";

const TOTALS: &str = "\
    SELECT kind, count(*), sum(price)::numeric(18, 2) FROM items WHERE $1::uuid IS NULL OR owner_id = $1 GROUP BY kind ORDER BY kind";

pub(super) const MOVE: &str = "UPDATE items SET owner_id = $2, folder_id = NULL WHERE id = $1";

#[async_trait]
impl ItemRepository for PostgresRepository<Item> {
    async fn names(&self) -> Result<Vec<ItemName>> {
        let values = vec![self.scope().owner_id().into()];
        Ok(ItemName::all(self.query_as(NAMES, values).await?))
    }

    async fn by_folder_name(&self) -> Result<Vec<(Option<String>, ItemName)>> {
        let values = vec![self.scope().owner_id().into()];
        Ok(ItemName::in_folders(
            self.query_as(BY_FOLDER_NAME, values).await?,
        ))
    }

    async fn totals(&self) -> Result<Vec<Total>> {
        let values = vec![self.scope().owner_id().into()];
        Ok(Total::all(self.query_as(TOTALS, values).await?))
    }

    async fn visible(&self) -> Result<Vec<ItemName>> {
        let values = vec![self.scope().owner_id().into()];
        Ok(ItemName::all(self.query_as(VISIBLE, values).await?))
    }
}
