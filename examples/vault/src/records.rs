//! The records: a struct for each table.

use catamaran::Record;
use catamaran::record::Json;
use chrono::{DateTime, NaiveTime, Utc};
use uuid::Uuid;

use crate::{Kind, Price, Reprompt, Role, Settings, domain, postgres, sqlite};

/// A user of the vault.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::USERS, sqlite = sqlite::user, postgres = postgres::user)]
pub struct User {
    /// The id, and the owner of the user's rows.
    #[record(id)]
    pub id: Uuid,
    /// The address, unique without regard to the case of ASCII letters.
    pub email: String,
    /// The name.
    pub name: String,
    /// What the user has chosen.
    pub settings: Json<Settings>,
    /// When the user registered.
    #[record(created)]
    pub created_at: DateTime<Utc>,
}

/// An organization.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::ORGANIZATIONS, sqlite = sqlite::organization, postgres = postgres::organization)]
pub struct Organization {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The name.
    pub name: String,
}

/// The membership of a user in an organization. Its id is `(user_id, organization_id)`.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::MEMBERSHIPS, sqlite = sqlite::membership, postgres = postgres::membership)]
pub struct Membership {
    /// The user.
    #[record(id)]
    pub user_id: Uuid,
    /// The organization.
    #[record(id)]
    pub organization_id: Uuid,
    /// What the user may do.
    pub role: Role,
}

/// A folder of one user.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::FOLDERS, sqlite = sqlite::folder, postgres = postgres::folder)]
pub struct Folder {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The user.
    #[record(owner)]
    pub owner_id: Uuid,
    /// The name.
    pub name: String,
}

/// What a user keeps in the vault.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::ITEMS, sqlite = sqlite::item, postgres = postgres::item)]
pub struct Item {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The user.
    #[record(owner)]
    pub owner_id: Uuid,
    /// The folder, which has the same owner; `None` outside of any folder.
    pub folder_id: Option<Uuid>,
    /// What it is.
    pub kind: Kind,
    /// The name.
    pub name: String,
    /// Its contents, which depend on its kind.
    pub data: serde_json::Value,
    /// Whether it is listed first.
    #[record(default = false)]
    pub favourite: bool,
    /// How large it is, in bytes.
    #[record(default = 0)]
    pub size: i64,
    /// What it costs each year.
    #[record(default = Price::of_units::<0>())]
    pub price: Price,
    /// What is asked again before it is shown, if anything.
    pub reprompt: Option<Reprompt>,
    /// The time of day from which it is shown, in the user's time zone.
    pub opens_at: Option<NaiveTime>,
}

/// A collection, in which an organization shares items.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::COLLECTIONS, sqlite = sqlite::collection, postgres = postgres::collection)]
pub struct Collection {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The organization.
    pub organization_id: Uuid,
    /// The name.
    pub name: String,
}

/// An item in a collection. Its id is `(collection_id, item_id)`.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::COLLECTION_ITEMS, sqlite = sqlite::collection_item, postgres = postgres::collection_item)]
pub struct CollectionItem {
    /// The collection.
    #[record(id)]
    pub collection_id: Uuid,
    /// The item, which everybody in the collection sees.
    #[record(id)]
    pub item_id: Uuid,
}

/// A user of a collection. Its id is `(collection_id, user_id)`.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::COLLECTION_USERS, sqlite = sqlite::collection_user, postgres = postgres::collection_user)]
pub struct CollectionUser {
    /// The collection.
    #[record(id)]
    pub collection_id: Uuid,
    /// The user.
    #[record(id)]
    pub user_id: Uuid,
    /// Whether the user may only read its items.
    #[record(default = false)]
    pub read_only: bool,
}

/// The maximum length of an attachment: 10 MiB.
pub const MAX_ATTACHMENT: usize = 10 * 1024 * 1024;

/// A file that belongs to an item.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::ATTACHMENTS, sqlite = sqlite::attachment, postgres = postgres::attachment)]
pub struct Attachment {
    /// The id, a text that the client makes.
    #[record(id)]
    pub id: String,
    /// The item.
    pub item_id: Uuid,
    /// The name of the file.
    pub file_name: String,
    /// The contents.
    #[record(max_bytes = MAX_ATTACHMENT)]
    pub content: Vec<u8>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = domain::EVENTS, sqlite = sqlite::event, postgres = postgres::event)]
pub struct Event {
    /// The number of the event, which the database generates.
    #[record(id, generated)]
    pub id: i64,
    /// What it was.
    pub kind: i32,
    /// The user, unless nobody did it, or the user is deleted.
    pub user_id: Option<Uuid>,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
}
