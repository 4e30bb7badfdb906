use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql(USERS)
        .sql("CREATE UNIQUE INDEX uq_users__email ON users (lower(email))")
        .sql(ORGANIZATIONS)
        .sql(MEMBERSHIPS)
        .sql("CREATE INDEX ix_memberships__organization_id ON memberships (organization_id)")
        .sql(FOLDERS)
        .sql(ITEMS)
        .sql("CREATE INDEX ix_items__owner_id_folder_id ON items (owner_id, folder_id)")
        .sql(ITEMS_OUT_OF_A_DELETED_FOLDER)
        .sql(COLLECTIONS)
        .sql("CREATE INDEX ix_collections__organization_id ON collections (organization_id)")
        .sql(COLLECTION_ITEMS)
        .sql("CREATE INDEX ix_collection_items__item_id ON collection_items (item_id)")
        .sql(COLLECTION_USERS)
        .sql("CREATE INDEX ix_collection_users__user_id ON collection_users (user_id)")
        .sql(ATTACHMENTS)
        .sql("CREATE INDEX ix_attachments__item_id ON attachments (item_id)")
        .sql(EVENTS)
        .sql("CREATE INDEX ix_events__happened_at ON events (happened_at, id)")
        .sql("CREATE INDEX ix_events__user_id ON events (user_id)")
}

pub fn down() -> Script {
    Script::new()
        .sql("DROP TABLE events")
        .sql("DROP TABLE attachments")
        .sql("DROP TABLE collection_users")
        .sql("DROP TABLE collection_items")
        .sql("DROP TABLE collections")
        .sql("DROP TABLE items")
        .sql("DROP TABLE folders")
        .sql("DROP TABLE memberships")
        .sql("DROP TABLE organizations")
        .sql("DROP TABLE users")
}

const USERS: &str = r"
CREATE TABLE users (
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT ck_users__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_users__email CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT ck_users__settings CHECK (catamaran_v1.json(settings)),
    CONSTRAINT ck_users__created_at CHECK (catamaran_v1.timestamptz(created_at))
) STRICT";

const ORGANIZATIONS: &str = r"
CREATE TABLE organizations (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_organizations PRIMARY KEY (id),
    CONSTRAINT ck_organizations__id CHECK (catamaran_v1.uuid(id))
) STRICT";

const MEMBERSHIPS: &str = r"
CREATE TABLE memberships (
    user_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    role TEXT NOT NULL,
    CONSTRAINT pk_memberships PRIMARY KEY (user_id, organization_id),
    CONSTRAINT fk_memberships__user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_memberships__organization_id
        FOREIGN KEY (organization_id) REFERENCES organizations (id) ON DELETE CASCADE,
    CONSTRAINT ck_memberships__user_id CHECK (catamaran_v1.uuid(user_id)),
    CONSTRAINT ck_memberships__organization_id CHECK (catamaran_v1.uuid(organization_id)),
    CONSTRAINT ck_memberships__role CHECK (role IN ('owner', 'admin', 'member'))
) STRICT";

const FOLDERS: &str = r"
CREATE TABLE folders (
    id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_folders PRIMARY KEY (id),
    CONSTRAINT uq_folders__owner_id_id UNIQUE (owner_id, id),
    CONSTRAINT fk_folders__owner_id FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT ck_folders__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_folders__owner_id CHECK (catamaran_v1.uuid(owner_id))
) STRICT";

/// What `ON DELETE SET NULL (folder_id)` does on Postgres.
const ITEMS_OUT_OF_A_DELETED_FOLDER: &str = "
CREATE TRIGGER fk_items__owner_id_folder_id__set_null AFTER DELETE ON folders
BEGIN
    UPDATE items SET folder_id = NULL WHERE owner_id = OLD.owner_id AND folder_id = OLD.id;
END";

const ITEMS: &str = r"
CREATE TABLE items (
    id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    folder_id TEXT,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    data TEXT NOT NULL,
    favourite INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    price INTEGER NOT NULL DEFAULT 0,
    reprompt TEXT,
    opens_at TEXT,
    CONSTRAINT pk_items PRIMARY KEY (id),
    CONSTRAINT fk_items__owner_id FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_items__owner_id_folder_id
        FOREIGN KEY (owner_id, folder_id) REFERENCES folders (owner_id, id),
    CONSTRAINT ck_items__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_items__owner_id CHECK (catamaran_v1.uuid(owner_id)),
    CONSTRAINT ck_items__folder_id CHECK (catamaran_v1.uuid(folder_id)),
    CONSTRAINT ck_items__data CHECK (catamaran_v1.json(data)),
    CONSTRAINT ck_items__favourite CHECK (catamaran_v1.boolean(favourite)),
    CONSTRAINT ck_items__kind CHECK (kind IN (1, 2, 3, 4)),
    CONSTRAINT ck_items__price CHECK (catamaran_v1.numeric(price, 12)),
    CONSTRAINT ck_items__reprompt CHECK (reprompt IN ('password', 'second_factor')),
    CONSTRAINT ck_items__opens_at CHECK (catamaran_v1.time(opens_at))
) STRICT";

const COLLECTIONS: &str = r"
CREATE TABLE collections (
    id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_collections PRIMARY KEY (id),
    CONSTRAINT fk_collections__organization_id
        FOREIGN KEY (organization_id) REFERENCES organizations (id) ON DELETE CASCADE,
    CONSTRAINT ck_collections__id CHECK (catamaran_v1.uuid(id)),
    CONSTRAINT ck_collections__organization_id CHECK (catamaran_v1.uuid(organization_id))
) STRICT";

const COLLECTION_ITEMS: &str = r"
CREATE TABLE collection_items (
    collection_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    CONSTRAINT pk_collection_items PRIMARY KEY (collection_id, item_id),
    CONSTRAINT fk_collection_items__collection_id
        FOREIGN KEY (collection_id) REFERENCES collections (id) ON DELETE CASCADE,
    CONSTRAINT fk_collection_items__item_id FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE,
    CONSTRAINT ck_collection_items__collection_id CHECK (catamaran_v1.uuid(collection_id)),
    CONSTRAINT ck_collection_items__item_id CHECK (catamaran_v1.uuid(item_id))
) STRICT";

const COLLECTION_USERS: &str = r"
CREATE TABLE collection_users (
    collection_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    read_only INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT pk_collection_users PRIMARY KEY (collection_id, user_id),
    CONSTRAINT fk_collection_users__collection_id
        FOREIGN KEY (collection_id) REFERENCES collections (id) ON DELETE CASCADE,
    CONSTRAINT fk_collection_users__user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT ck_collection_users__collection_id CHECK (catamaran_v1.uuid(collection_id)),
    CONSTRAINT ck_collection_users__user_id CHECK (catamaran_v1.uuid(user_id)),
    CONSTRAINT ck_collection_users__read_only CHECK (catamaran_v1.boolean(read_only))
) STRICT";

const ATTACHMENTS: &str = r"
CREATE TABLE attachments (
    id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    content BLOB NOT NULL,
    CONSTRAINT pk_attachments PRIMARY KEY (id),
    CONSTRAINT fk_attachments__item_id FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE,
    CONSTRAINT ck_attachments__id CHECK (length(id) BETWEEN 1 AND 64),
    CONSTRAINT ck_attachments__item_id CHECK (catamaran_v1.uuid(item_id))
) STRICT";

const EVENTS: &str = r"
CREATE TABLE events (
    id INTEGER NOT NULL CONSTRAINT pk_events PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    user_id TEXT,
    happened_at TEXT NOT NULL,
    CONSTRAINT fk_events__user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT ck_events__kind CHECK (catamaran_v1.int4(kind)),
    CONSTRAINT ck_events__user_id CHECK (catamaran_v1.uuid(user_id)),
    CONSTRAINT ck_events__happened_at CHECK (catamaran_v1.timestamptz(happened_at))
) STRICT";
