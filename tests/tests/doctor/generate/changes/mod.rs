//! Changes of a schema.

mod columns;
mod constraints;
mod tables;

use catamaran::Engine;
use catamaran::domain::{Action, Index, TypedColumn};

use super::sketch::{Sketch, TableSketch, author, index, table};

/// A change of a schema, and what is expected of it on both engines.
pub struct Change {
    pub what: &'static str,
    /// Changes the base to what the migrations so far build.
    pub before: fn(&mut Sketch),
    /// Changes that to what DOMAIN says now.
    pub after: fn(&mut Sketch),
    pub renames: &'static [(&'static str, &'static str)],
    pub drops: &'static [&'static str],
    /// Statements of the migrations so far that DOMAIN does not describe, for SQLite and for Postgres.
    pub beside: [&'static [&'static str]; 2],
    pub expected: Expected,
    /// The engine on which it is left to be done by hand.
    pub by_hand_on: Option<Engine>,
}

/// What becomes of two rows in each table, one of them with NULL where it is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// They are kept with every value, also after the way down and up again.
    Kept,
    /// They are kept, but their values in columns that are dropped are gone.
    WithoutValues,
    /// They are kept without the values of the dropped column; the way back fails on rows, as no value is known for them.
    NoWayBack,
    /// The migration fails while a column has NULL; without NULL the rows are kept.
    FailsOnNull,
    /// The migration fails on rows, as no value is known for them.
    FailsOnRows,
}

const NOTHING: fn(&mut Sketch) = |_| {};

const fn change(what: &'static str, after: fn(&mut Sketch), expected: Expected) -> Change {
    Change {
        what,
        before: NOTHING,
        after,
        renames: &[],
        drops: &[],
        beside: [&[], &[]],
        expected,
        by_hand_on: None,
    }
}

impl Change {
    const fn from(self, before: fn(&mut Sketch)) -> Self {
        Change { before, ..self }
    }

    const fn renaming(self, renames: &'static [(&'static str, &'static str)]) -> Self {
        Change { renames, ..self }
    }

    const fn by_hand_on(self, engine: Engine) -> Self {
        Change {
            by_hand_on: Some(engine),
            ..self
        }
    }

    const fn dropping(self, drops: &'static [&'static str]) -> Self {
        Change { drops, ..self }
    }

    const fn beside(
        self,
        sqlite: &'static [&'static str],
        postgres: &'static [&'static str],
    ) -> Self {
        Change {
            beside: [sqlite, postgres],
            ..self
        }
    }
}

fn tags() -> TableSketch {
    TableSketch {
        columns: vec![
            TypedColumn::new("id", "uuid"),
            TypedColumn::new("label", "text"),
        ],
        ..table("tags")
    }
}

const COLOR: TypedColumn = TypedColumn::nullable("color", "text");
const TITLE: Index = index("ix_notes__title", &["title"]);

fn with_color(sketch: &mut Sketch) {
    sketch.notes().add(COLOR);
}

fn with_index(sketch: &mut Sketch) {
    sketch.notes().indexes.push(TITLE);
}

fn with_author(sketch: &mut Sketch) {
    sketch.notes().foreign_keys.push(author(Action::NoAction));
}

fn retyped(sketch: &mut Sketch, column: &str, by: TypedColumn) {
    let notes = sketch.notes();
    notes
        .checks
        .retain(|check| check.name != format!("ck_notes__{column}"));
    notes.replace(column, by);
}

/// Every change, in the order of the page.
pub fn all() -> impl Iterator<Item = &'static Change> {
    let lists = [tables::CHANGES, columns::CHANGES, constraints::CHANGES];
    lists.into_iter().flatten()
}
