//! Changes of columns.

use catamaran::domain::{Action, DefaultValue, ForeignKey, TypedColumn};

use super::super::sketch::{author, default, index};
use super::Expected::{FailsOnNull, FailsOnRows, Kept, NoWayBack, WithoutValues};
use super::{Change, change, retyped, tags, with_author, with_color};

pub(super) const CHANGES: &[Change] = &[
    change("column added", with_color, Kept),
    change(
        "column added, NOT NULL with a default",
        |s| {
            s.notes().add(TypedColumn::new("color", "text"));
            s.notes()
                .defaults
                .push(default("color", DefaultValue::Text("red")));
        },
        Kept,
    ),
    change(
        "column added, NOT NULL without a default",
        |s| {
            s.notes().add(TypedColumn::new("color", "text"));
        },
        FailsOnRows,
    ),
    change(
        "column dropped",
        |s| s.notes().remove("color"),
        WithoutValues,
    )
    .from(with_color),
    change(
        "column dropped, NOT NULL",
        |s| s.notes().remove("size"),
        NoWayBack,
    ),
    change(
        "column dropped, with an index and a check",
        |s| {
            s.notes().remove("color");
            s.notes().indexes.clear();
            s.notes()
                .checks
                .retain(|check| check.name != "ck_notes__color");
        },
        WithoutValues,
    )
    .from(|s| {
        with_color(s);
        s.notes().indexes.push(index("ix_notes__color", &["color"]));
        s.notes().check("ck_notes__color", "length(color) < 64");
    }),
    change(
        "column renamed",
        |s| {
            s.notes()
                .replace("body", TypedColumn::nullable("content", "text"))
        },
        Kept,
    )
    .renaming(&[("notes.body", "notes.content")]),
    change(
        "column renamed, with an index, a check and a foreign key",
        |s| {
            s.notes()
                .replace("author", TypedColumn::new("writer", "uuid"));
            s.notes().indexes = vec![index("ix_notes__author", &["writer"])];
            s.notes().foreign_keys = vec![ForeignKey {
                columns: &["writer"],
                ..author(Action::NoAction)
            }];
        },
        Kept,
    )
    .from(|s| {
        with_author(s);
        s.notes()
            .indexes
            .push(index("ix_notes__author", &["author"]));
    })
    .renaming(&[("notes.author", "writer")]),
    change(
        "column renamed, and of another type",
        |s| {
            retyped(s, "size", TypedColumn::new("bytes", "bigint"));
        },
        Kept,
    )
    .renaming(&[("notes.size", "notes.bytes")]),
    change(
        "column and its table renamed",
        |s| {
            let tags = s.table("tags");
            tags.name = "labels";
            tags.replace("label", TypedColumn::new("word", "text"));
        },
        Kept,
    )
    .from(|s| s.tables.push(tags()))
    .renaming(&[("tags", "labels"), ("tags.label", "word")]),
    change(
        "column dropped, and one of the same type added",
        |s| {
            s.notes()
                .replace("body", TypedColumn::nullable("content", "text"));
        },
        WithoutValues,
    )
    .dropping(&["notes.body"]),
    change(
        "column of another type: a longer number",
        |s| {
            retyped(s, "size", TypedColumn::new("size", "bigint"));
        },
        Kept,
    ),
    change(
        "column of another type: a number as a text",
        |s| {
            retyped(s, "size", TypedColumn::new("size", "text"));
        },
        Kept,
    ),
    change(
        "column of another type: a number as a fraction",
        |s| {
            retyped(s, "size", TypedColumn::new("size", "double"));
        },
        Kept,
    ),
    change(
        "column of another type: a text as JSON",
        |s| {
            retyped(s, "body", TypedColumn::nullable("body", "json"));
        },
        FailsOnRows,
    ),
    change(
        "column accepts NULL",
        |s| {
            s.notes()
                .replace("size", TypedColumn::nullable("size", "int4"))
        },
        Kept,
    ),
    change(
        "column refuses NULL",
        |s| s.notes().replace("body", TypedColumn::new("body", "text")),
        FailsOnNull,
    ),
];
