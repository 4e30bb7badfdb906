//! [`DOMAIN`]: the names of the tables, columns and constraints.

use catamaran::domain::{
    Action, Check, ColumnDefault, Command, DefaultValue, Domain, ForeignKey, Index, Policy, Table,
    TableSource, UniqueKey,
};
use catamaran::table;

use crate::{
    Attachment, Collection, CollectionItem, CollectionUser, Event, Folder, Item, Membership,
    Organization, User,
};

/// The tables, each after those that it references.
pub const DOMAIN: Domain = Domain {
    tables: &[
        USERS,
        ORGANIZATIONS,
        MEMBERSHIPS,
        FOLDERS,
        ITEMS,
        COLLECTIONS,
        COLLECTION_ITEMS,
        COLLECTION_USERS,
        ATTACHMENTS,
        EVENTS,
    ],
    sources: &[
        TableSource::record::<User>(),
        TableSource::record::<Organization>(),
        TableSource::record::<Membership>(),
        TableSource::record::<Folder>(),
        TableSource::record::<Item>(),
        TableSource::record::<Collection>(),
        TableSource::record::<CollectionItem>(),
        TableSource::record::<CollectionUser>(),
        TableSource::record::<Attachment>(),
        TableSource::record::<Event>(),
    ],
    ..Domain::BLANK
};

/// Users. An address is unique without regard to case.
pub const USERS: Table = table!(
    User,
    Table {
        name: "users",
        indexes: &[Index::over(&["lower(email)"])
            .unique()
            .named("uq_users__email")],
        checks: &[Check::over(&["email"]).holds("length(email) BETWEEN 3 AND 254")],
        ..Table::BLANK
    }
);

/// Organizations, whose members share collections.
pub const ORGANIZATIONS: Table = table!(
    Organization,
    Table {
        name: "organizations",
        ..Table::BLANK
    }
);

/// The members of organizations.
pub const MEMBERSHIPS: Table = table!(
    Membership,
    Table {
        name: "memberships",
        indexes: &[Index::over(&["organization_id"])],
        foreign_keys: &[
            child_of("users", &["user_id"]),
            child_of("organizations", &["organization_id"]),
        ],
        ..Table::BLANK
    }
);

/// Folders of one user.
pub const FOLDERS: Table = table!(
    Folder,
    Table {
        name: "folders",
        // What the items of the folder reference, so that both have the same owner.
        unique_keys: &[UniqueKey::over(&["owner_id", "id"])],
        foreign_keys: &[child_of("users", &["owner_id"])],
        ..Table::BLANK
    }
);

/// Items of one user. Those in a collection are also visible to the users of the collection.
pub const ITEMS: Table = table!(
    Item,
    Table {
        name: "items",
        defaults: &[
            ColumnDefault::new("favourite", DefaultValue::Bool(false)),
            ColumnDefault::new("size", DefaultValue::Integer(0)),
            ColumnDefault::new("price", DefaultValue::Numeric { units: 0, scale: 2 }),
        ],
        indexes: &[Index::over(&["owner_id", "folder_id"])],
        foreign_keys: &[
            child_of("users", &["owner_id"]),
            ForeignKey::over(&["owner_id", "folder_id"], "folders", &["owner_id", "id"])
                .on_delete(Action::SetNullOf(&["folder_id"])),
        ],
        policies: &[Policy {
            name: "shared_items",
            permissive: true,
            command: Command::Select,
            roles: &[],
            using: Some(
                "id IN (SELECT collection_items.item_id \
                 FROM collection_items JOIN collection_users USING (collection_id) \
                 WHERE collection_users.user_id = \
                 (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid))",
            ),
            with_check: None,
        }],
        ..Table::BLANK
    }
);

/// Collections of one organization.
pub const COLLECTIONS: Table = table!(
    Collection,
    Table {
        name: "collections",
        indexes: &[Index::over(&["organization_id"])],
        foreign_keys: &[child_of("organizations", &["organization_id"])],
        ..Table::BLANK
    }
);

/// The items of collections.
pub const COLLECTION_ITEMS: Table = table!(
    CollectionItem,
    Table {
        name: "collection_items",
        indexes: &[Index::over(&["item_id"])],
        foreign_keys: &[
            child_of("collections", &["collection_id"]),
            child_of("items", &["item_id"]),
        ],
        ..Table::BLANK
    }
);

/// The users of collections, who see their items.
pub const COLLECTION_USERS: Table = table!(
    CollectionUser,
    Table {
        name: "collection_users",
        defaults: &[ColumnDefault::new("read_only", DefaultValue::Bool(false))],
        indexes: &[Index::over(&["user_id"])],
        foreign_keys: &[
            child_of("collections", &["collection_id"]),
            child_of("users", &["user_id"]),
        ],
        ..Table::BLANK
    }
);

/// Files that belong to items.
pub const ATTACHMENTS: Table = table!(
    Attachment,
    Table {
        name: "attachments",
        indexes: &[Index::over(&["item_id"])],
        foreign_keys: &[child_of("items", &["item_id"])],
        checks: &[Check::over(&["id"]).holds("length(id) BETWEEN 1 AND 64")],
        ..Table::BLANK
    }
);

/// What happened. The events of a user who is deleted stay.
pub const EVENTS: Table = table!(
    Event,
    Table {
        name: "events",
        indexes: &[
            Index::over(&["happened_at", "id"]).named("ix_events__happened_at"),
            Index::over(&["user_id"]),
        ],
        foreign_keys: &[ForeignKey::over(&["user_id"], "users", &["id"]).on_delete(Action::SetNull)],
        ..Table::BLANK
    }
);

/// A reference to the id of a row, with which this row is removed.
const fn child_of(parent: &'static str, columns: &'static [&'static str]) -> ForeignKey {
    ForeignKey::over(columns, parent, &["id"]).on_delete(Action::Cascade)
}
