use catamaran::migrate::{Script, TwinMigration};

/// The history of the domain.
#[derive(Clone, Copy, Debug)]
pub struct History;

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(CreateShelves)]
    }
}

struct CreateShelves;

impl TwinMigration for CreateShelves {
    fn name(&self) -> &'static str {
        "m20261127_000001_create_shelves"
    }

    fn sqlite_up(&self) -> Script {
        Script::new()
            .sql(
                "CREATE TABLE rooms (
                    id TEXT NOT NULL CONSTRAINT pk_rooms PRIMARY KEY,
                    user_id TEXT NOT NULL,
                    CONSTRAINT uq_rooms__user_id_id UNIQUE (user_id, id)
                ) STRICT",
            )
            .sql(
                "CREATE TABLE shelves (
                    id TEXT NOT NULL CONSTRAINT pk_shelves PRIMARY KEY,
                    user_id TEXT NOT NULL,
                    room_id TEXT,
                    above_id TEXT,
                    deleted_at TEXT,
                    CONSTRAINT uq_shelves__user_id_id UNIQUE (user_id, id),
                    CONSTRAINT fk_shelves__user_id_room_id FOREIGN KEY (user_id, room_id)
                        REFERENCES rooms (user_id, id) ON DELETE CASCADE,
                    CONSTRAINT fk_shelves__user_id_above_id FOREIGN KEY (user_id, above_id)
                        REFERENCES shelves (user_id, id)
                ) STRICT",
            )
            .sql(
                "CREATE TABLE books (
                    id TEXT NOT NULL CONSTRAINT pk_books PRIMARY KEY,
                    user_id TEXT NOT NULL,
                    shelf_id TEXT,
                    mark TEXT,
                    text TEXT,
                    cover BLOB,
                    facts TEXT CHECK (json_valid(facts)),
                    updated_at TEXT NOT NULL,
                    version INTEGER NOT NULL,
                    CONSTRAINT fk_books__user_id_shelf_id FOREIGN KEY (user_id, shelf_id)
                        REFERENCES shelves (user_id, id)
                ) STRICT",
            )
            .sql(
                "CREATE TRIGGER fk_shelves__user_id_above_id__set_null AFTER DELETE ON shelves BEGIN
                    UPDATE shelves SET above_id = NULL WHERE user_id = OLD.user_id AND above_id = OLD.id;
                END",
            )
            .sql(
                "CREATE TRIGGER fk_books__user_id_shelf_id__set_null AFTER DELETE ON shelves BEGIN
                    UPDATE books SET shelf_id = NULL WHERE user_id = OLD.user_id AND shelf_id = OLD.id;
                END",
            )
    }

    fn sqlite_down(&self) -> Script {
        Script::new()
            .sql("DROP TABLE books")
            .sql("DROP TABLE shelves")
            .sql("DROP TABLE rooms")
    }

    fn postgres_up(&self) -> Script {
        let script = Script::new()
            .sql(
                "CREATE TABLE rooms (
                    id uuid NOT NULL CONSTRAINT pk_rooms PRIMARY KEY,
                    user_id uuid NOT NULL,
                    CONSTRAINT uq_rooms__user_id_id UNIQUE (user_id, id)
                )",
            )
            .sql(
                "CREATE TABLE shelves (
                    id uuid NOT NULL CONSTRAINT pk_shelves PRIMARY KEY,
                    user_id uuid NOT NULL,
                    room_id uuid,
                    above_id uuid,
                    deleted_at timestamptz,
                    CONSTRAINT uq_shelves__user_id_id UNIQUE (user_id, id),
                    CONSTRAINT fk_shelves__user_id_room_id FOREIGN KEY (user_id, room_id)
                        REFERENCES rooms (user_id, id) ON DELETE CASCADE,
                    CONSTRAINT fk_shelves__user_id_above_id FOREIGN KEY (user_id, above_id)
                        REFERENCES shelves (user_id, id) ON DELETE SET NULL (above_id)
                )",
            )
            .sql(
                r#"CREATE TABLE books (
                    id uuid NOT NULL CONSTRAINT pk_books PRIMARY KEY,
                    user_id uuid NOT NULL,
                    shelf_id uuid,
                    mark text COLLATE "C",
                    text text COLLATE "C",
                    cover bytea,
                    facts jsonb,
                    updated_at timestamptz NOT NULL,
                    version bigint NOT NULL,
                    CONSTRAINT fk_books__user_id_shelf_id FOREIGN KEY (user_id, shelf_id)
                        REFERENCES shelves (user_id, id) ON DELETE SET NULL (shelf_id)
                )"#,
            );
        let script = ["rooms", "shelves", "books"].into_iter().fold(script, |script, table| {
            let of_the_caller = "user_id = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb \
                ->> 'sub', '')::uuid)";
            script
                .sql(format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
                .sql(format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
                .sql(format!(
                    "CREATE POLICY owner_{table} ON {table} FOR ALL USING ({of_the_caller}) WITH CHECK ({of_the_caller})"
                ))
        });
        script.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON rooms, shelves, books TO catamaran_app")
    }

    fn postgres_down(&self) -> Script {
        self.sqlite_down()
    }
}
