use catamaran::migrate::Script;

const REASON: &str = "SQLite has no roles; whoever opens the file may do everything";

pub fn up() -> Script {
    Script::nothing(REASON)
}

pub fn down() -> Script {
    Script::nothing(REASON)
}
