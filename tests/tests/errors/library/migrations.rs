use catamaran::migrate::{Script, TwinMigration};

#[derive(Clone, Copy, Debug)]
pub struct History;

pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(CreateLibrary)]
    }
}

struct CreateLibrary;

const ROOM: &str =
    "CONSTRAINT fk_shelves__room_id FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE";

const REFERENCES: &str = "CONSTRAINT pk_books PRIMARY KEY (id),
    CONSTRAINT fk_books__shelf_id FOREIGN KEY (shelf_id) REFERENCES shelves (id) ON DELETE RESTRICT,
    CONSTRAINT fk_books__series_number FOREIGN KEY (series, number) REFERENCES volumes (series, number),
    CONSTRAINT fk_books__follows_id FOREIGN KEY (follows_id) REFERENCES books (id),
    CONSTRAINT ck_books__pages CHECK (pages > 0)";

/// The tables in one engine's types: of an id, a text, a number and a time, and what ends a table.
fn tables([id, text, number, time, end]: [&str; 5]) -> Script {
    Script::new()
        .sql(format!(
            "CREATE TABLE rooms (id {id} NOT NULL, name {text} NOT NULL, \
             CONSTRAINT pk_rooms PRIMARY KEY (id)){end}"
        ))
        .sql(format!(
            "CREATE TABLE shelves (id {id} NOT NULL, room_id {id} NOT NULL, code {text} NOT NULL, \
             deleted_at {time}, CONSTRAINT pk_shelves PRIMARY KEY (id), \
             CONSTRAINT uq_shelves__code UNIQUE (code), {ROOM}){end}"
        ))
        .sql(format!(
            "CREATE TABLE volumes (id {id} NOT NULL, series {text} NOT NULL, number {number} NOT NULL, \
             CONSTRAINT pk_volumes PRIMARY KEY (id), \
             CONSTRAINT uq_volumes__series_number UNIQUE (series, number)){end}"
        ))
        .sql(format!(
            "CREATE TABLE books (id {id} NOT NULL, shelf_id {id} NOT NULL, series {text}, number {number}, \
             follows_id {id}, title {text} NOT NULL, subtitle {text}, pages {number} NOT NULL, {REFERENCES}){end}"
        ))
        .sql("CREATE INDEX ix_books__title_subtitle ON books (title, subtitle)")
}

fn none() -> Script {
    Script::new()
        .sql("DROP TABLE books")
        .sql("DROP TABLE volumes")
        .sql("DROP TABLE shelves")
        .sql("DROP TABLE rooms")
}

impl TwinMigration for CreateLibrary {
    fn name(&self) -> &'static str {
        "m20261122_000001_create_library"
    }

    fn sqlite_up(&self) -> Script {
        tables(["TEXT", "TEXT", "INTEGER", "TEXT", " STRICT"])
    }

    fn sqlite_down(&self) -> Script {
        none()
    }

    fn postgres_up(&self) -> Script {
        tables(["uuid", "text COLLATE \"C\"", "int4", "timestamptz", ""])
    }

    fn postgres_down(&self) -> Script {
        none()
    }
}
