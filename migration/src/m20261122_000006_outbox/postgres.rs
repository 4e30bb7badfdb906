use catamaran::migrate::Script;

const REASON: &str = "a server is the remote side; it has nothing to send";

pub fn up() -> Script {
    Script::nothing(REASON)
}

pub fn down() -> Script {
    Script::nothing(REASON)
}
