use catamaran::migrate::{Script, TwinMigration};

struct Forgetful;

impl TwinMigration for Forgetful {
    fn name(&self) -> &'static str {
        "m20260101_000001_forgetful"
    }
    fn sqlite_up(&self) -> Script {
        Script::new().sql("CREATE TABLE note (body TEXT) STRICT")
    }
    fn sqlite_down(&self) -> Script {
        Script::new().sql("DROP TABLE note")
    }
    fn postgres_up(&self) -> Script {
        Script::new().sql("CREATE TABLE note (body text)")
    }
}

fn main() {}
