//! Changes of tables.

use catamaran::domain::{Action, ForeignKey, TypedColumn};

use super::super::sketch::author;
use super::Expected::{Kept, WithoutValues};
use super::{Change, change, tags};

pub(super) const CHANGES: &[Change] = &[
    change("table added", |s| s.tables.push(tags()), Kept),
    change(
        "table added, with a foreign key to another one",
        |s| {
            let mut tags = tags();
            tags.add(TypedColumn::new("note", "uuid"));
            tags.foreign_keys.push(ForeignKey {
                name: "fk_tags__note",
                columns: &["note"],
                references: "notes",
                ..author(Action::Cascade)
            });
            s.tables.push(tags);
        },
        Kept,
    ),
    change(
        "table dropped",
        |s| s.tables.retain(|one| one.name != "tags"),
        WithoutValues,
    )
    .from(|s| s.tables.push(tags())),
    change("table renamed", |s| s.table("tags").name = "labels", Kept)
        .from(|s| s.tables.push(tags()))
        .renaming(&[("tags", "labels")]),
    change(
        "table dropped, and one like it added",
        |s| s.table("tags").name = "labels",
        WithoutValues,
    )
    .from(|s| s.tables.push(tags()))
    .dropping(&["tags"]),
];
