//! The comparison: what a place should have beside what it has.

mod columns;
mod constraints;
mod guard;

use super::finding::{Aspect, Finding, Mend, Part, Place};
use super::mend;
use super::schema::{Schema, Table};

/// Every difference, in the order of the tables.
pub fn compare(place: Place, expected: &Schema, actual: &Schema) -> Vec<Finding> {
    let mut all = Findings {
        place,
        found: Vec::new(),
    };
    for (name, wanted) in &expected.tables {
        match actual.tables.get(name) {
            Some(found) => table(&mut all, name, wanted, found),
            None => all.on(name).say(
                Part::Table,
                "",
                Aspect::Missing,
                "the table",
                "no such table",
                mend::missing_table(place, name),
            ),
        }
    }
    // Last, since the keys that they refer to are to be mended before them.
    for (name, wanted) in &expected.tables {
        if let Some(found) = actual.tables.get(name) {
            constraints::foreign_keys(&mut all.on(name), wanted, found);
        }
    }
    for name in actual
        .tables
        .keys()
        .filter(|name| !expected.tables.contains_key(*name))
    {
        all.on(name).say(
            Part::Table,
            "",
            Aspect::Extra,
            "no such table",
            "the table",
            mend::extra_table(place, name),
        );
    }
    for (name, what) in &actual.others {
        let mend = Mend::Sql(vec![format!("DROP {what}")]);
        all.on(name).say(
            Part::Other,
            what,
            Aspect::Extra,
            "nothing of the kind",
            what,
            mend,
        );
    }
    all.found
}

fn table(all: &mut Findings, name: &str, wanted: &Table, found: &Table) {
    let mut on = all.on(name);
    columns::compare(&mut on, wanted, found);
    constraints::primary_key(&mut on, wanted, found);
    let (Some(wanted_db), Some(found_db)) = (&wanted.database, &found.database) else {
        return;
    };
    constraints::unique_keys(&mut on, wanted_db, found_db);
    constraints::indexes(&mut on, wanted_db, found_db);
    constraints::checks(&mut on, wanted_db, found_db);
    if wanted_db.strict == Some(true) && found_db.strict == Some(false) {
        let mend = mend::alter(
            on.place(),
            name,
            &[],
            "ending its CREATE TABLE with `STRICT`",
        );
        on.say(
            Part::Table,
            "",
            Aspect::Type,
            "STRICT",
            "not STRICT: any value fits any column",
            mend,
        );
    }
    if let (Some(wanted), Some(found)) = (&wanted_db.guard, &found_db.guard) {
        guard::compare(&mut on, wanted, found);
    }
}

/// What was found so far in a place.
struct Findings {
    place: Place,
    found: Vec<Finding>,
}

impl Findings {
    fn on<'a>(&'a mut self, table: &'a str) -> OnTable<'a> {
        OnTable { all: self, table }
    }
}

/// The same, at work on one table.
struct OnTable<'a> {
    all: &'a mut Findings,
    table: &'a str,
}

impl OnTable<'_> {
    fn place(&self) -> Place {
        self.all.place
    }

    fn say(
        &mut self,
        part: Part,
        name: &str,
        aspect: Aspect,
        wanted: impl ToString,
        found: impl ToString,
        mend: Mend,
    ) {
        self.all.found.push(Finding {
            place: self.all.place,
            table: self.table.to_owned(),
            part,
            name: name.to_owned(),
            aspect,
            wanted: wanted.to_string(),
            found: found.to_string(),
            mend,
        });
    }
}
