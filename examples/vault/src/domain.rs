//! [`DOMAIN`]: the names of the tables, columns and constraints.

use catamaran::domain::{
    Action, Check, ColumnDefault, Command, DefaultValue, Domain, ForeignKey, Index, ManagedColumns,
    Policy, PrimaryKey, Table, TableSource, UniqueKey,
};

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
pub const USERS: Table = Table {
    name: "users",
    columns: &["id", "email", "name", "settings", "created_at"],
    primary_key: key("pk_users", &["id"]),
    managed: ManagedColumns {
        created: Some("created_at"),
        ..ManagedColumns::NONE
    },
    indexes: &[Index {
        name: "uq_users__email",
        columns: &["lower(email)"],
        unique: true,
        predicate: None,
    }],
    checks: &[
        Check::on_sqlite("ck_users__id"),
        Check::on_both("ck_users__email")
            .of(&["email"])
            .holds("length(email) BETWEEN 3 AND 254"),
        Check::on_sqlite("ck_users__settings"),
        Check::on_both("ck_users__created_at"),
    ],
    ..Table::BLANK
};

/// Organizations, whose members share collections.
pub const ORGANIZATIONS: Table = Table {
    name: "organizations",
    columns: &["id", "name"],
    primary_key: key("pk_organizations", &["id"]),
    checks: &[Check::on_sqlite("ck_organizations__id")],
    ..Table::BLANK
};

/// The members of organizations.
pub const MEMBERSHIPS: Table = Table {
    name: "memberships",
    columns: &["user_id", "organization_id", "role"],
    primary_key: key("pk_memberships", &["user_id", "organization_id"]),
    indexes: &[index(
        "ix_memberships__organization_id",
        &["organization_id"],
    )],
    foreign_keys: &[
        reference(
            "fk_memberships__user_id",
            &["user_id"],
            "users",
            &["id"],
            Action::Cascade,
        ),
        reference(
            "fk_memberships__organization_id",
            &["organization_id"],
            "organizations",
            &["id"],
            Action::Cascade,
        ),
    ],
    checks: &[
        Check::on_sqlite("ck_memberships__user_id"),
        Check::on_sqlite("ck_memberships__organization_id"),
        Check::on_both("ck_memberships__role"),
    ],
    ..Table::BLANK
};

/// Folders of one user.
pub const FOLDERS: Table = Table {
    name: "folders",
    columns: &["id", "owner_id", "name"],
    primary_key: key("pk_folders", &["id"]),
    owner: Some("owner_id"),
    // What the items of the folder reference, so that both have the same owner.
    unique_keys: &[UniqueKey {
        name: "uq_folders__owner_id_id",
        columns: &["owner_id", "id"],
    }],
    foreign_keys: &[reference(
        "fk_folders__owner_id",
        &["owner_id"],
        "users",
        &["id"],
        Action::Cascade,
    )],
    checks: &[
        Check::on_sqlite("ck_folders__id"),
        Check::on_sqlite("ck_folders__owner_id"),
    ],
    ..Table::BLANK
};

/// Items of one user. Those in a collection are also visible to the users of the collection.
pub const ITEMS: Table = Table {
    name: "items",
    columns: &[
        "id",
        "owner_id",
        "folder_id",
        "kind",
        "name",
        "data",
        "favourite",
        "size",
        "price",
        "reprompt",
        "opens_at",
    ],
    primary_key: key("pk_items", &["id"]),
    owner: Some("owner_id"),
    defaults: &[
        default("favourite", DefaultValue::Bool(false)),
        default("size", DefaultValue::Integer(0)),
        default("price", DefaultValue::Numeric { units: 0, scale: 2 }),
    ],
    indexes: &[index(
        "ix_items__owner_id_folder_id",
        &["owner_id", "folder_id"],
    )],
    foreign_keys: &[
        reference(
            "fk_items__owner_id",
            &["owner_id"],
            "users",
            &["id"],
            Action::Cascade,
        ),
        reference(
            "fk_items__owner_id_folder_id",
            &["owner_id", "folder_id"],
            "folders",
            &["owner_id", "id"],
            Action::SetNullOf(&["folder_id"]),
        ),
    ],
    checks: &[
        Check::on_sqlite("ck_items__id"),
        Check::on_sqlite("ck_items__owner_id"),
        Check::on_sqlite("ck_items__folder_id"),
        Check::on_both("ck_items__kind"),
        Check::on_sqlite("ck_items__data"),
        Check::on_sqlite("ck_items__favourite"),
        Check::on_both("ck_items__price"),
        Check::on_both("ck_items__reprompt"),
        Check::on_both("ck_items__opens_at"),
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
};

/// Collections of one organization.
pub const COLLECTIONS: Table = Table {
    name: "collections",
    columns: &["id", "organization_id", "name"],
    primary_key: key("pk_collections", &["id"]),
    indexes: &[index(
        "ix_collections__organization_id",
        &["organization_id"],
    )],
    foreign_keys: &[reference(
        "fk_collections__organization_id",
        &["organization_id"],
        "organizations",
        &["id"],
        Action::Cascade,
    )],
    checks: &[
        Check::on_sqlite("ck_collections__id"),
        Check::on_sqlite("ck_collections__organization_id"),
    ],
    ..Table::BLANK
};

/// The items of collections.
pub const COLLECTION_ITEMS: Table = Table {
    name: "collection_items",
    columns: &["collection_id", "item_id"],
    primary_key: key("pk_collection_items", &["collection_id", "item_id"]),
    indexes: &[index("ix_collection_items__item_id", &["item_id"])],
    foreign_keys: &[
        reference(
            "fk_collection_items__collection_id",
            &["collection_id"],
            "collections",
            &["id"],
            Action::Cascade,
        ),
        reference(
            "fk_collection_items__item_id",
            &["item_id"],
            "items",
            &["id"],
            Action::Cascade,
        ),
    ],
    checks: &[
        Check::on_sqlite("ck_collection_items__collection_id"),
        Check::on_sqlite("ck_collection_items__item_id"),
    ],
    ..Table::BLANK
};

/// The users of collections, who see their items.
pub const COLLECTION_USERS: Table = Table {
    name: "collection_users",
    columns: &["collection_id", "user_id", "read_only"],
    primary_key: key("pk_collection_users", &["collection_id", "user_id"]),
    defaults: &[default("read_only", DefaultValue::Bool(false))],
    indexes: &[index("ix_collection_users__user_id", &["user_id"])],
    foreign_keys: &[
        reference(
            "fk_collection_users__collection_id",
            &["collection_id"],
            "collections",
            &["id"],
            Action::Cascade,
        ),
        reference(
            "fk_collection_users__user_id",
            &["user_id"],
            "users",
            &["id"],
            Action::Cascade,
        ),
    ],
    checks: &[
        Check::on_sqlite("ck_collection_users__collection_id"),
        Check::on_sqlite("ck_collection_users__user_id"),
        Check::on_sqlite("ck_collection_users__read_only"),
    ],
    ..Table::BLANK
};

/// Files that belong to items.
pub const ATTACHMENTS: Table = Table {
    name: "attachments",
    columns: &["id", "item_id", "file_name", "content"],
    primary_key: key("pk_attachments", &["id"]),
    indexes: &[index("ix_attachments__item_id", &["item_id"])],
    foreign_keys: &[reference(
        "fk_attachments__item_id",
        &["item_id"],
        "items",
        &["id"],
        Action::Cascade,
    )],
    checks: &[
        Check::on_both("ck_attachments__id")
            .of(&["id"])
            .holds("length(id) BETWEEN 1 AND 64"),
        Check::on_sqlite("ck_attachments__item_id"),
    ],
    ..Table::BLANK
};

/// What happened. The events of a user who is deleted stay.
pub const EVENTS: Table = Table {
    name: "events",
    columns: &["id", "kind", "user_id", "happened_at"],
    primary_key: key("pk_events", &["id"]),
    generated_key: true,
    indexes: &[
        index("ix_events__happened_at", &["happened_at", "id"]),
        index("ix_events__user_id", &["user_id"]),
    ],
    foreign_keys: &[reference(
        "fk_events__user_id",
        &["user_id"],
        "users",
        &["id"],
        Action::SetNull,
    )],
    checks: &[
        Check::on_sqlite("ck_events__kind"),
        Check::on_sqlite("ck_events__user_id"),
        Check::on_both("ck_events__happened_at"),
    ],
    ..Table::BLANK
};

const fn key(name: &'static str, columns: &'static [&'static str]) -> PrimaryKey {
    PrimaryKey { name, columns }
}

const fn default(column: &'static str, value: DefaultValue) -> ColumnDefault {
    ColumnDefault { column, value }
}

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index {
        name,
        columns,
        unique: false,
        predicate: None,
    }
}

/// A foreign key, which an update of the parent's key never changes.
const fn reference(
    name: &'static str,
    columns: &'static [&'static str],
    references: &'static str,
    referenced_columns: &'static [&'static str],
    on_delete: Action,
) -> ForeignKey {
    ForeignKey {
        name,
        columns,
        references,
        referenced_columns,
        on_delete,
        on_update: Action::NoAction,
    }
}
