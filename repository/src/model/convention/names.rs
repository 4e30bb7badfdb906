//! The names of the convention, one after another in one text, in the order of their places: the primary key, the unique
//! keys, the indexes, the foreign keys, the checks.

use crate::model::domain::Table;

/// A part of a table.
struct Part {
    /// Its own name, or nothing.
    name: &'static str,
    prefix: &'static str,
    /// Those in its name.
    columns: &'static [&'static str],
}

pub(super) const fn place_of_unique_key(index: usize) -> usize {
    1 + index
}

pub(super) const fn place_of_index(table: &Table, index: usize) -> usize {
    place_of_unique_key(table.unique_keys.len()) + index
}

pub(super) const fn place_of_foreign_key(table: &Table, index: usize) -> usize {
    place_of_index(table, table.indexes.len()) + index
}

pub(super) const fn place_of_check(table: &Table, index: usize) -> usize {
    place_of_foreign_key(table, table.foreign_keys.len()) + index
}

const fn places(table: &Table) -> usize {
    place_of_check(table, table.checks.len())
}

const fn part(table: &Table, place: usize) -> Part {
    if place == 0 {
        return Part {
            name: table.primary_key.name,
            prefix: "pk_",
            columns: &[],
        };
    }
    if place < place_of_index(table, 0) {
        let key = table.unique_keys[place - place_of_unique_key(0)];
        return Part {
            name: key.name,
            prefix: "uq_",
            columns: key.columns,
        };
    }
    if place < place_of_foreign_key(table, 0) {
        let index = table.indexes[place - place_of_index(table, 0)];
        return Part {
            name: index.name,
            prefix: if index.unique { "uq_" } else { "ix_" },
            columns: index.columns,
        };
    }
    if place < place_of_check(table, 0) {
        let key = table.foreign_keys[place - place_of_foreign_key(table, 0)];
        return Part {
            name: key.name,
            prefix: "fk_",
            columns: key.columns,
        };
    }
    let check = table.checks[place - place_of_check(table, 0)];
    Part {
        name: check.name,
        prefix: "ck_",
        columns: check.columns,
    }
}

/// A column of an index without its direction.
pub(super) const fn plain(column: &str) -> &str {
    // By bytes: a name may have others than those of ASCII.
    match column.as_bytes().split_last_chunk() {
        Some((name, b" DESC")) if !name.is_empty() => text(name),
        _ => column,
    }
}

/// The length in bytes of the name that the convention gives the part; 0 if it has a name.
const fn length_of(table: &Table, place: usize) -> usize {
    let part = part(table, place);
    if !part.name.is_empty() {
        return 0;
    }
    let mut length = part.prefix.len() + table.name.len();
    let mut index = 0;
    while index < part.columns.len() {
        let separator = if index == 0 { 2 } else { 1 };
        length += separator + plain(part.columns[index]).len();
        index += 1;
    }
    length
}

/// The length in bytes of all names that the convention gives.
pub const fn length(table: &Table) -> usize {
    start_of(table, places(table))
}

/// Where the name of a place starts.
const fn start_of(table: &Table, place: usize) -> usize {
    let (mut start, mut before) = (0, 0);
    while before < place {
        start += length_of(table, before);
        before += 1;
    }
    start
}

/// A text of `N` bytes that is being written.
struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    const fn push(&mut self, text: &str) {
        let text = text.as_bytes();
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.length] = text[index];
            self.length += 1;
            index += 1;
        }
    }
}

/// All names that the convention gives, one after another.
pub const fn bytes<const N: usize>(table: &Table) -> [u8; N] {
    let mut text = Text {
        bytes: [0; N],
        length: 0,
    };
    let mut place = 0;
    while place < places(table) {
        let part = part(table, place);
        if part.name.is_empty() {
            text.push(part.prefix);
            text.push(table.name);
            let mut index = 0;
            while index < part.columns.len() {
                text.push(if index == 0 { "__" } else { "_" });
                text.push(plain(part.columns[index]));
                index += 1;
            }
        }
        place += 1;
    }
    text.bytes
}

/// The bytes as text. They are those of whole texts.
pub const fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// The name of a part: its own, or that of the convention.
pub(super) const fn name(table: &Table, names: &'static str, place: usize) -> &'static str {
    let part = part(table, place);
    if !part.name.is_empty() {
        return part.name;
    }
    let (_, rest) = names.split_at(start_of(table, place));
    rest.split_at(length_of(table, place)).0
}
