mod m20260101_000001_forgetful {
    mod sqlite {
        use catamaran::migrate::Script;

        pub fn up() -> Script {
            Script::new().sql("CREATE TABLE note (body TEXT) STRICT")
        }

        pub fn down() -> Script {
            Script::new().sql("DROP TABLE note")
        }
    }

    mod postgres {
        use catamaran::migrate::Script;

        pub fn up() -> Script {
            Script::new().sql("CREATE TABLE note (body text)")
        }
    }

    catamaran::migrate::twin_migration!();
}

fn main() {}
