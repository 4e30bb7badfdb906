//! Who uses the vault in the tests.

use std::sync::Arc;

use catamaran::record::Stored;
use catamaran::testing::TwinDatabase;
use catamaran::{Repository, Result, Scope};
use serde_json::json;
use uuid::Uuid;
use vault::{
    Folder, ItemDraft, Kind, Organization, OrganizationDraft, Settings, User, UserDraft, questions,
};

/// The scope that sees everybody's rows.
pub fn everyone() -> Scope {
    Scope::system("the tests look at everybody's rows")
}

/// Everybody's rows.
pub fn everybodys<R: Stored>(db: &TwinDatabase) -> Arc<dyn Repository<R>> {
    db.store().repository(&everyone())
}

/// The rows of one owner.
pub fn owned<R: Stored>(db: &TwinDatabase, owner: Uuid) -> Arc<dyn Repository<R>> {
    db.store().repository(&Scope::owner(owner))
}

/// A user with a folder.
pub async fn ann(db: &TwinDatabase) -> Result<(User, Folder)> {
    questions::register(db.store(), "Ann@example.org", "Ann", "home").await
}

/// Another user with a folder.
pub async fn bob(db: &TwinDatabase) -> Result<(User, Folder)> {
    questions::register(db.store(), "bob@example.org", "Bob", "work").await
}

/// As many users.
pub async fn many_users(db: &TwinDatabase, count: usize) -> Result<Vec<User>> {
    let drafts = (0..count).map(|nth| {
        UserDraft::new(
            format!("user{nth}@example.org"),
            "a user",
            Settings::default(),
        )
    });
    everybodys::<User>(db).insert_many(drafts.collect()).await
}

/// As many organizations.
pub async fn organizations(db: &TwinDatabase, count: usize) -> Result<Vec<Organization>> {
    let drafts = (0..count).map(|nth| OrganizationDraft::new(format!("organization {nth}")));
    everybodys::<Organization>(db)
        .insert_many(drafts.collect())
        .await
}

/// The draft of an item.
pub fn item(kind: Kind, name: impl Into<String>) -> ItemDraft {
    let data = json!({ "notes": ["for the tests"], "length": 1.5 });
    ItemDraft::new(kind, name, data)
}
