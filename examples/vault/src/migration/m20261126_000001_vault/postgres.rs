use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql("CALL catamaran_v1.create_application_role(catamaran_app)")
        .sql(USERS)
        .sql("CREATE UNIQUE INDEX uq_users__email ON users (lower(email))")
        .sql(ORGANIZATIONS)
        .sql(MEMBERSHIPS)
        .sql("CREATE INDEX ix_memberships__organization_id ON memberships (organization_id)")
        .sql(FOLDERS)
        .sql("ALTER TABLE folders ENABLE ROW LEVEL SECURITY")
        .sql("ALTER TABLE folders FORCE ROW LEVEL SECURITY")
        .sql(OWNER_FOLDERS)
        .sql(ITEMS)
        .sql("CREATE INDEX ix_items__owner_id_folder_id ON items (owner_id, folder_id)")
        .sql("ALTER TABLE items ENABLE ROW LEVEL SECURITY")
        .sql("ALTER TABLE items FORCE ROW LEVEL SECURITY")
        .sql(OWNER_ITEMS)
        .sql(COLLECTIONS)
        .sql("CREATE INDEX ix_collections__organization_id ON collections (organization_id)")
        .sql(COLLECTION_ITEMS)
        .sql("CREATE INDEX ix_collection_items__item_id ON collection_items (item_id)")
        .sql(COLLECTION_USERS)
        .sql("CREATE INDEX ix_collection_users__user_id ON collection_users (user_id)")
        .sql(SHARED_ITEMS)
        .sql(ATTACHMENTS)
        .sql("CREATE INDEX ix_attachments__item_id ON attachments (item_id)")
        .sql(EVENTS)
        .sql("CREATE INDEX ix_events__happened_at ON events (happened_at, id)")
        .sql("CREATE INDEX ix_events__user_id ON events (user_id)")
        .sql(GRANT)
        .sql("GRANT USAGE ON SEQUENCE events_id_seq TO catamaran_app")
}

pub fn down() -> Script {
    Script::new()
        .sql("DROP TABLE events")
        .sql("DROP TABLE attachments")
        .sql("DROP POLICY shared_items ON items")
        .sql("DROP TABLE collection_users")
        .sql("DROP TABLE collection_items")
        .sql("DROP TABLE collections")
        .sql("DROP TABLE items")
        .sql("DROP TABLE folders")
        .sql("DROP TABLE memberships")
        .sql("DROP TABLE organizations")
        .sql("DROP TABLE users")
        .sql("CALL catamaran_v1.revoke_application_role(catamaran_app)")
}

const USERS: &str = r#"
CREATE TABLE users (
    id uuid NOT NULL,
    email text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT ck_users__email CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT ck_users__created_at CHECK (catamaran_v1.timestamptz(created_at))
)"#;

const ORGANIZATIONS: &str = r#"
CREATE TABLE organizations (
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    CONSTRAINT pk_organizations PRIMARY KEY (id)
)"#;

const MEMBERSHIPS: &str = r#"
CREATE TABLE memberships (
    user_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    role text COLLATE "C" NOT NULL,
    CONSTRAINT pk_memberships PRIMARY KEY (user_id, organization_id),
    CONSTRAINT fk_memberships__user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_memberships__organization_id
        FOREIGN KEY (organization_id) REFERENCES organizations (id) ON DELETE CASCADE,
    CONSTRAINT ck_memberships__role CHECK (role IN ('owner', 'admin', 'member'))
)"#;

const FOLDERS: &str = r#"
CREATE TABLE folders (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    CONSTRAINT pk_folders PRIMARY KEY (id),
    CONSTRAINT uq_folders__owner_id_id UNIQUE (owner_id, id),
    CONSTRAINT fk_folders__owner_id FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE CASCADE
)"#;

const OWNER_FOLDERS: &str = r"
CREATE POLICY owner_folders ON folders FOR ALL
    USING (owner_id = catamaran_v1.caller())
    WITH CHECK (owner_id = catamaran_v1.caller())";

const ITEMS: &str = r#"
CREATE TABLE items (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    folder_id uuid,
    kind integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    data jsonb NOT NULL,
    favourite boolean NOT NULL DEFAULT false,
    size bigint NOT NULL DEFAULT 0,
    price numeric(12, 2) NOT NULL DEFAULT 0.00,
    reprompt text COLLATE "C",
    opens_at time,
    CONSTRAINT pk_items PRIMARY KEY (id),
    CONSTRAINT fk_items__owner_id FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_items__owner_id_folder_id
        FOREIGN KEY (owner_id, folder_id) REFERENCES folders (owner_id, id) ON DELETE SET NULL (folder_id),
    CONSTRAINT ck_items__kind CHECK (kind IN (1, 2, 3, 4)),
    CONSTRAINT ck_items__price CHECK (catamaran_v1.numeric(price, 12)),
    CONSTRAINT ck_items__reprompt CHECK (reprompt IN ('password', 'second_factor')),
    CONSTRAINT ck_items__opens_at CHECK (catamaran_v1.time(opens_at))
)"#;

const OWNER_ITEMS: &str = r"
CREATE POLICY owner_items ON items FOR ALL
    USING (owner_id = catamaran_v1.caller())
    WITH CHECK (owner_id = catamaran_v1.caller())";

/// The users of a collection read its items. Only their owner writes them.
const SHARED_ITEMS: &str = r"
CREATE POLICY shared_items ON items FOR SELECT
    USING (id IN (
        SELECT collection_items.item_id FROM collection_items JOIN collection_users USING (collection_id)
        WHERE collection_users.user_id = catamaran_v1.caller()))";

const COLLECTIONS: &str = r#"
CREATE TABLE collections (
    id uuid NOT NULL,
    organization_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    CONSTRAINT pk_collections PRIMARY KEY (id),
    CONSTRAINT fk_collections__organization_id
        FOREIGN KEY (organization_id) REFERENCES organizations (id) ON DELETE CASCADE
)"#;

const COLLECTION_ITEMS: &str = r"
CREATE TABLE collection_items (
    collection_id uuid NOT NULL,
    item_id uuid NOT NULL,
    CONSTRAINT pk_collection_items PRIMARY KEY (collection_id, item_id),
    CONSTRAINT fk_collection_items__collection_id
        FOREIGN KEY (collection_id) REFERENCES collections (id) ON DELETE CASCADE,
    CONSTRAINT fk_collection_items__item_id FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE
)";

const COLLECTION_USERS: &str = r"
CREATE TABLE collection_users (
    collection_id uuid NOT NULL,
    user_id uuid NOT NULL,
    read_only boolean NOT NULL DEFAULT false,
    CONSTRAINT pk_collection_users PRIMARY KEY (collection_id, user_id),
    CONSTRAINT fk_collection_users__collection_id
        FOREIGN KEY (collection_id) REFERENCES collections (id) ON DELETE CASCADE,
    CONSTRAINT fk_collection_users__user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
)";

const ATTACHMENTS: &str = r#"
CREATE TABLE attachments (
    id text COLLATE "C" NOT NULL,
    item_id uuid NOT NULL,
    file_name text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT pk_attachments PRIMARY KEY (id),
    CONSTRAINT fk_attachments__item_id FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE,
    CONSTRAINT ck_attachments__id CHECK (length(id) BETWEEN 1 AND 64)
)"#;

const EVENTS: &str = r"
CREATE TABLE events (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    kind integer NOT NULL,
    user_id uuid,
    happened_at timestamptz NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (id),
    CONSTRAINT fk_events__user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT ck_events__happened_at CHECK (catamaran_v1.timestamptz(happened_at))
)";

const GRANT: &str = "
GRANT SELECT, INSERT, UPDATE, DELETE
    ON users, organizations, memberships, folders, items, collections, collection_items, collection_users,
        attachments, events
    TO catamaran_app";
