//! The comparison: what a place should have beside what it has.

mod columns;
mod constraints;
mod guard;
mod indexes;
mod tables;

use std::collections::BTreeMap;

use super::code::Code;
use super::finding::{Finding, Part};
use super::mend::{Mend, rebuild};
use super::schema::{Schema, Table};
use crate::domain::Place;
use crate::engine::Engine;

/// What a comparison comes to.
pub(super) struct Compared {
    /// Every difference, in the order in which they can be mended.
    pub(super) findings: Vec<Finding>,
    /// How a table of SQLite that differs is made anew as it should be.
    pub(super) rebuilds: BTreeMap<String, Vec<String>>,
}

/// Compares a place with what it should have.
pub(super) fn compare(
    place: Place,
    at: Option<&str>,
    expected: &Schema,
    actual: &Schema,
) -> Compared {
    let (mut expected, mut actual) = (expected.clone(), actual.clone());
    // Of a table that cannot be read nothing is said.
    expected
        .tables
        .retain(|name, _| !actual.unread.contains_key(name));
    let mut all = Comparison {
        place,
        at: at.map(str::to_owned),
        engine: actual.engine,
        found: Vec::new(),
        rebuilds: BTreeMap::new(),
    };
    tables::compare(&mut all, &expected, &mut actual);
    all.found.sort_by_key(|finding| turn(finding.code));
    Compared {
        findings: all.found,
        rebuilds: all.rebuilds,
    }
}

/// When a mend has its turn: a foreign key after the key that it refers to, and what is too much goes when
/// nothing depends on it any more.
fn turn(code: Code) -> u8 {
    match code {
        Code::ForeignKeyMissing | Code::ForeignKeyTarget => 1,
        Code::UniqueKeyExtra | Code::IndexExtra | Code::UniqueIndexExtra | Code::TableExtra => 2,
        _ => 0,
    }
}

/// What was found so far in a place.
struct Comparison {
    place: Place,
    at: Option<String>,
    engine: Engine,
    found: Vec<Finding>,
    rebuilds: BTreeMap<String, Vec<String>>,
}

/// One table on both sides, and where its differences go.
struct OnTable<'a> {
    all: &'a mut Comparison,
    name: &'a str,
    wanted: &'a Table,
    found: &'a Table,
    actual: &'a Schema,
}

impl Comparison {
    fn say(&mut self, table: &str, what: (Part, &str), code: Code, sides: Sides, mend: Mend) {
        self.found.push(Finding {
            code,
            place: self.place,
            at: self.at.clone(),
            table: table.to_owned(),
            part: what.0,
            name: what.1.to_owned(),
            wanted: sides.wanted,
            found: sides.found,
            mend,
        });
    }
}

/// What either side has.
struct Sides {
    wanted: String,
    found: String,
}

fn sides(wanted: impl ToString, found: impl ToString) -> Sides {
    Sides {
        wanted: wanted.to_string(),
        found: found.to_string(),
    }
}

impl OnTable<'_> {
    fn is_database(&self) -> bool {
        self.all.place.is_database()
    }

    fn say(&mut self, what: (Part, &str), code: Code, sides: Sides, mend: Mend) {
        let before = self.all.at.clone();
        if self.found.source.is_some() {
            self.all.at.clone_from(&self.found.source);
        }
        self.all.say(self.name, what, code, sides, mend);
        self.all.at = before;
    }

    fn column(&mut self, column: &str, code: Code, sides: Sides, mend: Mend) {
        self.say((Part::Column, column), code, sides, mend);
    }

    fn named(&mut self, name: &str, code: Code, sides: Sides, mend: Mend) {
        self.say((Part::Named, name), code, sides, mend);
    }

    /// Statements on Postgres; on SQLite, which cannot alter this, the table made anew as it is but for the edit.
    fn alter(&mut self, postgres: Vec<String>, edit: impl FnOnce(&mut Table)) -> Mend {
        match self.all.engine {
            Engine::Postgres => Mend::sql(Engine::Postgres, postgres),
            Engine::Sqlite => {
                let mut into = self.found.clone();
                edit(&mut into);
                let others = &self.actual.others;
                let (name, found, wanted) = (self.name, self.found, self.wanted);
                self.all
                    .rebuilds
                    .entry(name.to_owned())
                    .or_insert_with(|| rebuild::statements(name, found, wanted, others));
                let sql = rebuild::statements(self.name, self.found, &into, others);
                Mend::sql(Engine::Sqlite, sql)
            }
        }
    }

    /// The module of the entity, for a mend that is a line of Rust.
    fn module(&self) -> Option<&str> {
        self.found.source.as_deref()
    }
}
