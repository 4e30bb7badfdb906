//! Changes of defaults, constraints, indexes and owners, and changes beside a view and a trigger.

use catamaran::Engine;
use catamaran::domain::{Action, Check, DefaultValue, Index, ManagedColumns, TypedColumn};

use super::super::sketch::{Sketch, author, default, unique};
use super::Expected::{FailsOnRows, Kept};
use super::{Change, TITLE, change, retyped, with_author, with_index};

pub(super) const CHANGES: &[Change] = &[
    change(
        "default added",
        |s| {
            s.notes()
                .defaults
                .push(default("size", DefaultValue::Integer(0)));
        },
        Kept,
    ),
    change(
        "default changed",
        |s| s.notes().defaults = vec![default("size", DefaultValue::Integer(1))],
        Kept,
    )
    .from(|s| {
        s.notes()
            .defaults
            .push(default("size", DefaultValue::Integer(0)))
    }),
    change("default dropped", |s| s.notes().defaults.clear(), Kept).from(|s| {
        s.notes()
            .defaults
            .push(default("size", DefaultValue::Integer(0)))
    }),
    change(
        "check added",
        |s| {
            s.notes().check("ck_notes__body", "length(body) < 100000");
        },
        Kept,
    ),
    change(
        "check added that rows violate",
        |s| {
            s.notes().check("ck_notes__nothing", "size > 1000000000");
        },
        FailsOnRows,
    ),
    change(
        "check dropped",
        |s| {
            s.notes()
                .checks
                .retain(|check| check.name != "ck_notes__title")
        },
        Kept,
    ),
    change(
        "check changed",
        |s| {
            s.notes()
                .check("ck_notes__title", "length(title) BETWEEN 1 AND 100")
        },
        Kept,
    ),
    change(
        "check renamed",
        |s| {
            let checks = &mut s.notes().checks;
            checks.retain(|check| check.name != "ck_notes__title");
            checks.push(Check::on_both("ck_notes__short").holds("length(title) BETWEEN 1 AND 64"));
        },
        Kept,
    ),
    change(
        "enum: variant added",
        |s| {
            s.notes()
                .check("ck_notes__kind", "kind IN ('list', 'picture', 'text')")
        },
        Kept,
    ),
    change(
        "enum: variant dropped that rows have",
        |s| s.notes().check("ck_notes__kind", "kind IN ('picture')"),
        FailsOnRows,
    )
    .from(|s| {
        s.notes()
            .check("ck_notes__kind", "kind IN ('list', 'text')")
    }),
    change("index added", with_index, Kept),
    change("index dropped", |s| s.notes().indexes.clear(), Kept).from(with_index),
    change(
        "index of other columns",
        |s| {
            s.notes().indexes = vec![Index {
                columns: &["title", "size DESC"],
                ..TITLE
            }]
        },
        Kept,
    )
    .from(with_index),
    change(
        "index renamed",
        |s| {
            s.notes().indexes = vec![Index {
                name: "ix_notes__by_title",
                ..TITLE
            }]
        },
        Kept,
    )
    .from(with_index),
    change(
        "unique index added",
        |s| {
            s.notes().indexes.push(Index {
                unique: true,
                ..TITLE
            })
        },
        Kept,
    ),
    change(
        "partial index added",
        |s| {
            s.notes().indexes.push(Index {
                unique: true,
                predicate: Some("body IS NOT NULL"),
                ..TITLE
            });
        },
        Kept,
    ),
    change(
        "partial index of another predicate",
        |s| {
            s.notes().indexes = vec![Index {
                predicate: Some("body IS NULL"),
                ..TITLE
            }];
        },
        Kept,
    )
    .from(|s| {
        s.notes().indexes.push(Index {
            predicate: Some("body IS NOT NULL"),
            ..TITLE
        })
    }),
    change(
        "unique key added",
        |s| {
            s.notes()
                .unique_keys
                .push(unique("uq_notes__title", &["title"]))
        },
        Kept,
    ),
    change(
        "unique key dropped",
        |s| s.notes().unique_keys.clear(),
        Kept,
    )
    .from(|s| {
        s.notes()
            .unique_keys
            .push(unique("uq_notes__title", &["title"]))
    }),
    change(
        "primary key of other columns",
        |s| s.notes().key = vec!["author", "id"],
        Kept,
    ),
    change("foreign key added", with_author, Kept),
    change(
        "foreign key dropped",
        |s| s.notes().foreign_keys.clear(),
        Kept,
    )
    .from(with_author),
    change(
        "foreign key: on delete",
        |s| s.notes().foreign_keys = vec![author(Action::Cascade)],
        Kept,
    )
    .from(with_author),
    change("owner added", |s| s.notes().owner = Some("author"), Kept),
    change("owner dropped", |s| s.notes().owner = None, Kept)
        .from(|s| s.notes().owner = Some("author")),
    change(
        "soft delete added",
        |s| {
            s.notes()
                .add(TypedColumn::nullable("deleted_at", "timestamptz"));
            s.notes().managed.deleted = Some("deleted_at");
        },
        Kept,
    ),
    change(
        "version added, with a default",
        |s| {
            s.notes().add(TypedColumn::new("version", "bigint"));
            s.notes().managed = ManagedColumns {
                version: Some("version"),
                ..ManagedColumns::NONE
            };
            s.notes()
                .defaults
                .push(default("version", DefaultValue::Integer(1)));
        },
        Kept,
    ),
    change(
        "check changed, beside a view and a trigger",
        |s| {
            s.notes()
                .check("ck_notes__title", "length(title) BETWEEN 1 AND 100");
        },
        Kept,
    )
    .from(beside)
    .beside(SQLITE, POSTGRES),
    change(
        "column of another type, beside a view and a trigger",
        |s| {
            retyped(s, "size", TypedColumn::new("size", "bigint"));
        },
        Kept,
    )
    .from(beside)
    .beside(SQLITE, POSTGRES)
    .by_hand_on(Engine::Postgres),
    change(
        "column renamed, beside a view and a trigger",
        |s| {
            retyped(s, "size", TypedColumn::new("length", "int4"));
        },
        Kept,
    )
    .from(beside)
    .beside(SQLITE, POSTGRES)
    .renaming(&[("notes.size", "length")]),
];

/// Keeps what [`SQLITE`] and [`POSTGRES`] create.
fn beside(sketch: &mut Sketch) {
    sketch.keep("CAT005", "sizes: sizes");
    sketch.keep("CAT006", "notes: touch");
}

const SQLITE: &[&str] = &[
    "CREATE VIEW sizes AS SELECT size FROM notes",
    "CREATE TRIGGER touch AFTER UPDATE OF size ON notes BEGIN UPDATE users SET name = name; END",
];

const POSTGRES: &[&str] = &[
    "CREATE VIEW sizes AS SELECT size FROM notes",
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER touch AFTER UPDATE OF size ON notes FOR EACH ROW EXECUTE FUNCTION touch()",
];
