//! A fix changes what it fixes and nothing else: it keeps rows, triggers, views and suppressed differences.

use catamaran::Engine;
use catamaran::doctor::{Code, Fix};
use catamaran::domain::{
    Domain, Index, Place, PrimaryKey, Suppression, Table, TableSource, TableTypes, TypedColumn,
};

use crate::sqlite_file::{File, statements, the};

const THINGS: Table = Table {
    name: "things",
    columns: &["id", "name", "version"],
    primary_key: PrimaryKey {
        name: "pk_things",
        columns: &["id"],
    },
    indexes: &[Index {
        name: "ix_things__name",
        columns: &["lower(name)"],
        unique: false,
        predicate: Some("name IS NOT NULL"),
    }],
    ..Table::BLANK
};

const BLANK: Domain = Domain {
    tables: &[THINGS],
    sources: &[TableSource::types(&TableTypes {
        table: "things",
        columns: &[
            TypedColumn::nullable("id", "bigint"),
            TypedColumn::nullable("name", "text"),
            TypedColumn::new("version", "bigint"),
        ],
    })],
    ..Domain::BLANK
};

static DOMAIN: Domain = BLANK;

/// Everything that the canonical form of a table could leave out, and a nullable `version`.
const ADVERSARIAL: &str = "CREATE TABLE things (
    id INTEGER CONSTRAINT pk_things PRIMARY KEY AUTOINCREMENT,
    parent INTEGER,
    name TEXT COLLATE NOCASE,
    tag TEXT,
    made TEXT NOT NULL DEFAULT (datetime('now')),
    stamp TEXT DEFAULT CURRENT_TIMESTAMP,
    words TEXT NOT NULL DEFAULT 'it''s',
    size INTEGER NOT NULL DEFAULT -1,
    dozen INTEGER NOT NULL DEFAULT (3 * 4),
    twice INTEGER NOT NULL GENERATED ALWAYS AS (size * 2) STORED,
    thrice INTEGER AS (size * 3),
    version INTEGER,
    CONSTRAINT fk_things__parent FOREIGN KEY (parent) REFERENCES parents (id)
        ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT uq_things__tag UNIQUE (tag COLLATE NOCASE, size DESC),
    UNIQUE (dozen, id),
    CONSTRAINT ck_things__size CHECK (size < 1000),
    CHECK (words <> '')
) STRICT";

const ROWS: &str = "SELECT json_array(id, parent, name, tag, made, stamp, words, size, dozen, twice, thrice, version)
    FROM things ORDER BY id";

async fn adversarial() -> File {
    File::with(&[
        "CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT",
        "INSERT INTO parents VALUES (1)",
        ADVERSARIAL,
        "CREATE INDEX ix_things__name ON things (lower(name)) WHERE name IS NOT NULL",
        "CREATE UNIQUE INDEX ix_things__own ON things (tag COLLATE NOCASE, id DESC) WHERE size > 0",
        "INSERT INTO things (id, parent, name, tag, size, version) VALUES (1, 1, 'a', 'x', 7, 1), (2, NULL, 'b', 'y', 8, 2),
            (41, NULL, 'c', 'z', 9, 3)",
        "DELETE FROM things WHERE id = 41",
    ])
    .await
}

#[tokio::test]
async fn a_rebuilt_table_differs_only_by_the_fix() {
    let file = adversarial().await;
    let found = file.look(&DOMAIN).await;
    let report = file
        .look_for(&DOMAIN, Code::ColumnNullability, "things.version")
        .await;
    let finding = the(&report, Code::ColumnNullability, "things.version");
    assert_eq!(finding.fix.loses(), None);
    let (facts, rows) = (file.facts("things").await, file.texts(ROWS).await);
    file.run(&statements(&report, finding)).await;

    let expected: Vec<String> = facts
        .iter()
        .map(|fact| match fact.starts_with("[\"version\"") {
            true => fact.replacen("\"INTEGER\",0", "\"INTEGER\",1", 1),
            false => fact.clone(),
        })
        .collect();
    assert_ne!(expected, facts);
    assert_eq!(file.facts("things").await, expected);
    assert_eq!(file.texts(ROWS).await, rows);

    // The other findings are the same as before.
    let told = |report: &catamaran::doctor::Report| -> Vec<String> {
        let others = report.findings.iter().filter(|other| {
            (other.code, other.subject()) != (Code::ColumnNullability, "things.version".to_owned())
        });
        others
            .map(|other| format!("{} {} {}", other.code, other.subject(), other.found))
            .collect()
    };
    assert_eq!(told(&file.look(&DOMAIN).await), told(&found));

    // Tries what no catalog shows.
    file.run(&["INSERT INTO things (tag, version) VALUES ('w', 1)"])
        .await;
    assert_eq!(
        file.texts("SELECT json_array(id, dozen, words, twice) FROM things WHERE tag = 'w'")
            .await,
        ["[42,12,\"it's\",-2]"],
        "a number that was given is not given again"
    );
    for (refused, why) in [
        (
            "INSERT INTO things (tag, size, version) VALUES ('X', 7, 1)",
            "UNIQUE",
        ),
        (
            "INSERT INTO things (tag, size, version) VALUES ('v', 1000, 1)",
            "ck_things__size",
        ),
        (
            "INSERT INTO things (tag, words, version) VALUES ('v', '', 1)",
            "CHECK",
        ),
        (
            "INSERT INTO things (tag, size, version) VALUES ('v', 'many', 1)",
            "INTEGER",
        ),
    ] {
        let error = file.try_to(refused).await.expect_err(refused);
        assert!(error.contains(why), "{error}");
    }
    file.run(&[
        "PRAGMA foreign_keys = ON",
        "BEGIN",
        // It is checked when the transaction ends.
        "INSERT INTO things (id, parent, tag, version) VALUES (90, 9, 'late', 1)",
        "INSERT INTO parents VALUES (9)",
        "COMMIT",
        "DELETE FROM parents",
    ])
    .await;
    assert_eq!(
        file.texts("SELECT count(parent) || '' FROM things").await,
        ["0"]
    );
}

#[tokio::test]
async fn a_rebuilt_table_stays_without_rowid() {
    let file = File::with(&[
        "CREATE TABLE things (name TEXT, id INTEGER NOT NULL, version INTEGER, CONSTRAINT pk_things PRIMARY KEY (id))
            STRICT, WITHOUT ROWID",
        "INSERT INTO things VALUES ('a', 5, 1), ('b', 4, 2)",
    ])
    .await;
    let facts = file.facts("things").await;
    let report = file
        .look_for(&DOMAIN, Code::ColumnNullability, "things.version")
        .await;
    let finding = the(&report, Code::ColumnNullability, "things.version");
    file.run(&statements(&report, finding)).await;
    let after = file.facts("things").await;
    let changed: Vec<_> = after.iter().filter(|fact| !facts.contains(fact)).collect();
    assert_eq!(changed, ["[\"version\",\"INTEGER\",1,null,0,0]"]);
    assert_eq!(
        file.texts("SELECT name || id || version FROM things").await,
        ["b42", "a51"]
    );
}

/// Views over views, and triggers of every kind.
const IN_THE_WAY: &[&str] = &[
    "CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT",
    "CREATE TABLE things (id INTEGER CONSTRAINT pk_things PRIMARY KEY, name TEXT, version INTEGER) STRICT",
    "CREATE INDEX ix_things__name ON things (lower(name)) WHERE name IS NOT NULL",
    "INSERT INTO things VALUES (1, 'a', 1)",
    "CREATE VIEW \"All\" AS SELECT * FROM [Things]",
    "CREATE VIEW every_name AS SELECT upper(name) AS name FROM \"all\"",
    "CREATE TRIGGER renaming INSTEAD OF UPDATE ON every_name BEGIN UPDATE things SET name = NEW.name; END",
    "CREATE TRIGGER counting AFTER INSERT ON parents BEGIN UPDATE things SET version = version + 1; END",
    "CREATE TRIGGER touching AFTER UPDATE OF name ON things BEGIN UPDATE things SET version = 100; END",
    "CREATE VIEW other AS SELECT * FROM parents",
];

#[tokio::test]
async fn rebuilding_a_table_recreates_its_triggers_and_views() {
    let file = File::with(IN_THE_WAY).await;
    let facts = file.facts("parents").await;
    let report = file
        .look_for(&DOMAIN, Code::ColumnNullability, "things.version")
        .await;
    let finding = the(&report, Code::ColumnNullability, "things.version");
    let fix = statements(&report, finding);
    assert!(!fix.iter().any(|sql| sql.contains("other")), "{fix:#?}");
    file.run(&fix).await;
    assert_eq!(file.facts("parents").await, facts);
    file.run(&["INSERT INTO parents VALUES (1)"]).await;
    assert_eq!(
        file.texts("SELECT name || version FROM things").await,
        ["a2"]
    );
    file.run(&["UPDATE every_name SET name = 'new'"]).await;
    assert_eq!(file.texts("SELECT name FROM every_name").await, ["NEW"]);
    assert_eq!(
        file.texts("SELECT name || version FROM things").await,
        ["new100"]
    );
}

/// A surplus view must not make the fix fail half way when a column that it reads is dropped.
#[tokio::test]
async fn a_view_is_dropped_before_the_column_that_it_reads() {
    let file = File::with(&[
        "CREATE TABLE things (id INTEGER CONSTRAINT pk_things PRIMARY KEY, name TEXT, version INTEGER NOT NULL, icon TEXT)
            STRICT",
        "CREATE INDEX ix_things__name ON things (lower(name)) WHERE name IS NOT NULL",
        "CREATE VIEW icons AS SELECT icon FROM things",
        "CREATE VIEW everything AS SELECT * FROM things",
        "INSERT INTO things VALUES (1, 'a', 1, 'i')",
    ])
    .await;
    let report = file.look(&DOMAIN).await;
    let finding = the(&report, Code::ColumnExtra, "things.icon");
    assert_eq!(finding.fix.loses(), Some("the values of things.icon"));
    file.run(&report.statements(Engine::Sqlite)).await;
    let report = file.look(&DOMAIN).await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(file.texts("SELECT name FROM things").await, ["a"]);
}

/// SQLite refuses to drop most columns that something depends on: the table is rebuilt without the column.
#[tokio::test]
async fn dropping_a_column_drops_what_depends_on_it() {
    for (column, further) in [
        ("icon TEXT UNIQUE", ""),
        ("icon TEXT CHECK (length(icon) = 1)", ""),
        ("icon TEXT, CHECK (icon <> name)", ""),
        ("icon INTEGER REFERENCES parents (id)", ""),
        ("icon TEXT", "CREATE INDEX ix_icon ON things (lower(icon))"),
        (
            "icon TEXT",
            "CREATE INDEX ix_icon ON things (name) WHERE icon IS NULL",
        ),
    ] {
        let create = format!(
            "CREATE TABLE things (id INTEGER CONSTRAINT pk_things PRIMARY KEY, name TEXT, version INTEGER NOT NULL, {column})
                STRICT"
        );
        let file = File::with(&[
            "CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT",
            &create,
            "CREATE INDEX ix_things__name ON things (lower(name)) WHERE name IS NOT NULL",
            further,
            "INSERT INTO things VALUES (1, 'a', 1, NULL)",
        ])
        .await;
        let report = file.look(&DOMAIN).await;
        let finding = the(&report, Code::ColumnExtra, "things.icon");
        assert_eq!(finding.fix.loses(), Some("the values of things.icon"));
        file.run(&statements(&report, finding)).await;
        let report = file.look(&DOMAIN).await;
        assert!(
            report
                .findings
                .iter()
                .all(|other| other.subject() == "parents"),
            "{column}: {report}"
        );
        assert_eq!(
            file.texts("SELECT name || version FROM things").await,
            ["a1"]
        );
    }
}

static SUPPRESSED: Domain = Domain {
    suppressions: &[
        suppressed("CAT011", "things.icon"),
        suppressed("CAT031", "things: ix_things__icon"),
        suppressed("CAT036", "things: ix_things__name"),
        suppressed("CAT005", "icons: icons"),
    ],
    ..BLANK
};

const fn suppressed(code: &'static str, subject: &'static str) -> Suppression {
    Suppression {
        code,
        place: Place::Database(Engine::Sqlite),
        subject,
        reason: "of another application",
    }
}

#[tokio::test]
async fn suppressed_differences_survive_a_rebuild_of_their_table() {
    let file = File::with(&[
        "CREATE TABLE things (id INTEGER CONSTRAINT pk_things PRIMARY KEY, icon TEXT, version INTEGER, title TEXT) STRICT",
        "CREATE INDEX ix_things__name ON things (lower(title) COLLATE NOCASE) WHERE title IS NOT NULL",
        "CREATE INDEX ix_things__icon ON things (icon COLLATE RTRIM)",
        "CREATE VIEW icons AS SELECT icon FROM things",
        "INSERT INTO things VALUES (1, 'i', 1, 'a')",
    ])
    .await;
    let report = file.look(&SUPPRESSED).await;
    let told: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    // A suppressed object is not taken for a renamed one.
    assert_eq!(told, [Code::ColumnRenamed, Code::ColumnNullability]);
    file.run(&report.statements(Engine::Sqlite)).await;
    let report = file.look(&SUPPRESSED).await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.suppressed.len(), SUPPRESSED.suppressions.len());
    assert_eq!(
        file.texts("SELECT icon || name || version FROM things JOIN icons USING (icon)")
            .await,
        ["ia1"]
    );
    let collations = file.texts("SELECT coll FROM pragma_index_xinfo('ix_things__name') WHERE key");
    assert_eq!(collations.await, ["NOCASE"]);
}

/// A trigger names a column that will be renamed. The fix does not guess the trigger's new text.
#[tokio::test]
async fn a_table_is_rebuilt_after_the_names_that_its_trigger_uses_exist() {
    const MEANT: Domain = Domain {
        suppressions: &[Suppression {
            code: "CAT006",
            place: Place::Database(Engine::Sqlite),
            subject: "things: shouting",
            reason: "names are shouted here",
        }],
        ..BLANK
    };
    static DOMAIN: Domain = MEANT;
    let file = File::with(&[
        "CREATE TABLE things (id INTEGER CONSTRAINT pk_things PRIMARY KEY, version INTEGER, title TEXT) STRICT",
        "CREATE INDEX ix_things__name ON things (lower(title)) WHERE title IS NOT NULL",
        "CREATE TRIGGER shouting AFTER INSERT ON things BEGIN UPDATE things SET title = upper(title); END",
        "INSERT INTO things (title, version) VALUES ('a', 1)",
    ])
    .await;
    let report = file.look(&DOMAIN).await;
    let finding = the(&report, Code::ColumnNullability, "things.version");
    assert!(
        matches!(&finding.fix, Fix::Words(words) if words.contains("TRIGGER shouting")),
        "{finding}"
    );
    file.run(&report.statements(Engine::Sqlite)).await;
    let report = file.look(&DOMAIN).await;
    let finding = the(&report, Code::ColumnNullability, "things.version");
    file.run(&statements(&report, finding)).await;
    file.run(&["INSERT INTO things (name, version) VALUES ('b', 2)"])
        .await;
    assert_eq!(
        file.texts("SELECT name || version FROM things").await,
        ["A1", "B2"]
    );
}

/// SQLite refuses to rename anything while a view is broken, or would be after the rename.
#[tokio::test]
async fn a_rename_follows_the_removal_of_what_blocks_it() {
    let file = File::with(&[
        "CREATE TABLE things (id INTEGER CONSTRAINT pk_things PRIMARY KEY, title TEXT, version INTEGER NOT NULL) STRICT",
        "CREATE INDEX ix_things__name ON things (lower(title)) WHERE title IS NOT NULL",
        "CREATE VIEW titles AS SELECT title FROM things",
        "CREATE VIEW more AS SELECT title FROM titles",
        "CREATE VIEW nowhere AS SELECT * FROM gone",
        "INSERT INTO things VALUES (1, 'a', 1)",
    ])
    .await;
    let refused = file
        .try_to("ALTER TABLE things RENAME COLUMN title TO name")
        .await;
    assert!(refused.is_err());
    let report = file.look(&DOMAIN).await;
    file.run(&report.statements(Engine::Sqlite)).await;
    let report = file.look(&DOMAIN).await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(
        file.texts("SELECT name || version FROM things").await,
        ["a1"]
    );
}

/// A view over a dropped table makes every later ALTER TABLE fail.
#[tokio::test]
async fn dropping_a_table_drops_its_readers_unless_the_domain_keeps_them() {
    let file = File::with(&[
        "CREATE TABLE things (id INTEGER CONSTRAINT pk_things PRIMARY KEY, name TEXT, version INTEGER NOT NULL) STRICT",
        "CREATE INDEX ix_things__name ON things (lower(name)) WHERE name IS NOT NULL",
        "CREATE TABLE drafts (icon TEXT)",
        "CREATE VIEW icons AS SELECT icon FROM drafts",
        "CREATE VIEW more AS SELECT * FROM icons",
        "CREATE TRIGGER drafting AFTER INSERT ON things BEGIN INSERT INTO drafts VALUES (NEW.name); END",
    ])
    .await;
    let report = file.look(&SUPPRESSED).await;
    let finding = the(&report, Code::TableExtra, "drafts");
    assert!(
        matches!(&finding.fix, Fix::Words(words) if words.ends_with(": VIEW icons")),
        "{finding}"
    );
    let report = file.look(&DOMAIN).await;
    let drop = statements(&report, the(&report, Code::TableExtra, "drafts"));
    file.run(&drop).await;
    file.run(&[
        "ALTER TABLE things RENAME TO stuff",
        "ALTER TABLE stuff RENAME TO things",
    ])
    .await;
    let report = file.look(&DOMAIN).await;
    assert!(report.is_clean(), "{report}");
}
