use catamaran::migrate::{Script, TwinMigration};

/// The reference domain's history, which makes the application's role, and then the table.
#[derive(Clone, Copy, Debug)]
pub struct History;

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut migrations = migration::History::migrations();
        migrations.push(Box::new(CreateSteps));
        migrations
    }
}

struct CreateSteps;

const OWNER: &str = "(user_id = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')\
     ::jsonb ->> 'sub', '')::uuid))";

/// The table in one engine's types: of an id, an integer, a text, a time and a version, and what ends a table.
fn table([id, integer, text, time, version, end]: [&str; 6]) -> Script {
    Script::new()
        .sql(format!(
            "CREATE TABLE steps (id {id} NOT NULL, user_id {id} NOT NULL, badge {integer} NOT NULL, \
             title {text} NOT NULL, before_id {id} NOT NULL, after_id {id}, updated_at {time} NOT NULL, \
             version {version} NOT NULL, deleted_at {time}, \
             CONSTRAINT pk_steps PRIMARY KEY (id), \
             CONSTRAINT uq_steps__user_id_id UNIQUE (user_id, id), \
             CONSTRAINT uq_steps__badge UNIQUE (badge), \
             CONSTRAINT fk_steps__user_id_before_id FOREIGN KEY (user_id, before_id) \
             REFERENCES steps (user_id, id), \
             CONSTRAINT fk_steps__user_id_after_id FOREIGN KEY (user_id, after_id) \
             REFERENCES steps (user_id, id)){end}"
        ))
        .sql(
            "CREATE UNIQUE INDEX uq_steps__user_id_title ON steps (user_id, title) \
             WHERE deleted_at IS NULL",
        )
}

impl TwinMigration for CreateSteps {
    fn name(&self) -> &'static str {
        "m20991231_000001_create_steps"
    }

    fn sqlite_up(&self) -> Script {
        table(["TEXT", "INTEGER", "TEXT", "TEXT", "INTEGER", " STRICT"])
    }

    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE steps")
    }

    fn postgres_up(&self) -> Script {
        let text = "text COLLATE \"C\"";
        let mut script = table(["uuid", "integer", text, "timestamptz", "bigint", ""]);
        for sql in [
            "ALTER TABLE steps ENABLE ROW LEVEL SECURITY".to_owned(),
            "ALTER TABLE steps FORCE ROW LEVEL SECURITY".to_owned(),
            format!("CREATE POLICY owner_steps ON steps FOR ALL USING {OWNER} WITH CHECK {OWNER}"),
            "GRANT SELECT, INSERT, UPDATE, DELETE ON steps TO catamaran_app".to_owned(),
        ] {
            script = script.sql(sql);
        }
        script
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("DROP TABLE steps")
    }
}
