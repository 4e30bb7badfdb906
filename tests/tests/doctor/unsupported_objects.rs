//! Objects that the domain cannot describe are reported, and recreated by the suggested `down`.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor};

use crate::edited_history::{Edited, Edits, edit};
use crate::sqlite_file::the;

/// Statements, and what of each has to come back.
const POSTGRES: &[(&str, &str)] = &[
    (
        "ALTER TABLE devices ADD CONSTRAINT uq_late UNIQUE (platform) DEFERRABLE INITIALLY DEFERRED",
        "UNIQUE (platform) DEFERRABLE INITIALLY DEFERRED",
    ),
    (
        "CREATE UNIQUE INDEX ix_more ON devices (version) INCLUDE (platform)",
        "(version) INCLUDE (platform)",
    ),
    (
        "CREATE INDEX ix_hash ON devices USING hash (platform)",
        "USING hash (platform)",
    ),
    (
        "ALTER TABLE devices ADD CONSTRAINT ck_own CHECK (version < 10) NO INHERIT",
        "CHECK (version < 10) NO INHERIT",
    ),
    (
        "ALTER TABLE devices ADD CONSTRAINT ck_new CHECK (version < 11) NOT VALID",
        "CHECK (version < 11) NOT VALID",
    ),
    (
        "ALTER TABLE devices ADD CONSTRAINT fk_new FOREIGN KEY (user_id, id) REFERENCES habits (user_id, id) NOT VALID",
        "REFERENCES habits(user_id, id) NOT VALID",
    ),
    (
        "ALTER TABLE devices ADD CONSTRAINT ex_version EXCLUDE USING btree (version WITH =)",
        "EXCLUDE USING btree (version WITH =)",
    ),
    (
        "CREATE TABLE scraps (id bigint CONSTRAINT pk_scraps PRIMARY KEY DEFERRABLE)",
        "PRIMARY KEY (id) DEFERRABLE",
    ),
];

const SQLITE: &[(&str, &str)] = &[(
    "CREATE INDEX ix_nocase ON devices (platform COLLATE NOCASE)",
    "platform COLLATE NOCASE",
)];

#[tokio::test]
async fn a_suggested_down_recreates_unsupported_objects() {
    for (engine, all) in [(Engine::Postgres, POSTGRES), (Engine::Sqlite, SQLITE)] {
        edit(Edits {
            engine: Some(engine),
            added: all.iter().map(|(sql, _)| (*sql).to_owned()).collect(),
            ..Edits::default()
        });
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<Edited>()
            .only(engine);
        let report = doctor.check().await;
        if engine == Engine::Postgres {
            let finding = the(&report, Code::UniqueKeyExtra, "devices: uq_late");
            assert!(finding.found.contains(" DEFERRABLE"), "{finding}");
        }
        let suggestion = doctor.suggest(&report, "m20300101_000001_fix").await;
        assert!(suggestion.by_hand.is_empty(), "{suggestion}");
        let down = suggestion.down(engine).join("\n");
        for (_, expected) in all {
            assert!(down.contains(expected), "no {expected}: {suggestion}");
        }
    }
}
