use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::nothing("nothing yet: write Script::new().sql(..)")
}

pub fn down() -> Script {
    Script::nothing("nothing yet: write Script::new().sql(..)")
}
