use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new().sql("CALL catamaran_v1.create_application_role(catamaran_app)")
}

pub fn down() -> Script {
    Script::new().sql("CALL catamaran_v1.revoke_application_role(catamaran_app)")
}
