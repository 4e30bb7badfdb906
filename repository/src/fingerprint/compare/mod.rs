//! Compares the schema that a place should have with the one that it has.

mod access_control;
mod columns;
mod constraints;
mod exchanges;
mod foreign_keys;
mod generated;
mod indexes;
mod renames;
mod retype;
mod spelling;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;
use super::ddl::rebuild;
use super::decisions::Decisions;
use super::finding::{Finding, Part};
use super::fix::Fix;
use super::read::equivalent;
use super::schema::{Conflict, Hazard, OtherObject, Schema, Table};
use super::statement::{Object, Statement};
use super::suppression;
use super::text;
use crate::fingerprint::ident;
use crate::model::domain::{Place, Suppression};
use crate::model::engine::Engine;

/// Compares a place with the schema that it should have.
///
/// Suppressed differences are reported like others, but no table is rebuilt because of them. Decisions come before the
/// renames that the comparison would find by itself.
pub(crate) fn compare(
    place: Place,
    at: Option<&str>,
    required: &Schema,
    actual: &Schema,
    suppressions: &'static [Suppression],
    decisions: &Decisions,
) -> Vec<Finding> {
    let (mut required, mut actual) = (required.clone(), actual.clone());
    if actual.engine == Engine::Sqlite && place.is_database() {
        spelling::as_expected(&required, &mut actual);
    }
    // A table that cannot be read is not compared.
    required
        .tables
        .retain(|name, _| !actual.unread.contains_key(name));
    let mut all = Comparison {
        place,
        at: at.map(str::to_owned),
        engine: actual.engine,
        found: Vec::new(),
        intended: required.others.clone(),
        taken: actual.taken.clone(),
        exchanged: BTreeSet::new(),
        edited: BTreeMap::new(),
        suppressions,
        decisions: decisions.clone(),
    };
    equivalent::resolve(&mut required, &mut actual);
    for hazard in &actual.hazards {
        if !required.hazards.contains(hazard) {
            all.hazard(hazard);
        }
    }
    tables::compare(&mut all, &required, &mut actual);
    for (name, edited) in std::mem::take(&mut all.edited) {
        if edited.needs_rebuild {
            all.rebuild_table(&name, edited, &actual);
        }
    }
    all.found
}

/// The comparison of a place, with its findings so far.
struct Comparison {
    place: Place,
    at: Option<String>,
    engine: Engine,
    found: Vec<Finding>,
    /// Triggers and views that should exist: those that foreign keys of SQLite need; in a down migration, those of the
    /// earlier schema.
    intended: Vec<OtherObject>,
    /// Names that other objects have, with a description of the object.
    taken: BTreeMap<String, String>,
    /// The tables with columns that look exchanged.
    exchanged: BTreeSet<String>,
    /// The SQLite tables with the fixes so far applied.
    edited: BTreeMap<String, EditedTable>,
    suppressions: &'static [Suppression],
    decisions: Decisions,
}

/// A SQLite table with the fixes so far applied.
struct EditedTable {
    table: Table,
    /// The indexes of the findings that it fixes.
    findings: Vec<usize>,
    /// Whether a fix needs a rebuild of the table.
    needs_rebuild: bool,
}

/// A fix, and its effect on the table.
struct TableFix<'t> {
    fix: Fix,
    edit: Option<Edit<'t>>,
    /// Whether SQLite needs a rebuild of the table for it.
    needs_rebuild: bool,
}

/// A function that changes a table.
type Edit<'t> = Box<dyn Fn(&mut Table) + 't>;

impl From<Fix> for TableFix<'_> {
    fn from(fix: Fix) -> Self {
        TableFix {
            fix,
            edit: None,
            needs_rebuild: false,
        }
    }
}

impl<'t> TableFix<'t> {
    /// A rebuild of the table with the edit applied.
    fn rebuilding(edit: impl Fn(&mut Table) + 't) -> Self {
        TableFix {
            needs_rebuild: true,
            ..TableFix::altering(Fix::sql([]), edit)
        }
    }

    /// Sets the query that finds the rows on which it fails.
    fn failing_on(mut self, query: Option<String>) -> Self {
        self.fix = self.fix.failing_on(query);
        self
    }

    /// Statements with the same effect as the edit.
    fn altering(fix: Fix, edit: impl Fn(&mut Table) + 't) -> Self {
        TableFix {
            fix,
            edit: Some(Box::new(edit)),
            needs_rebuild: false,
        }
    }

    /// Sets which data it loses.
    fn losing(mut self, what: Option<String>) -> Self {
        self.fix = self.fix.losing(what);
        self
    }
}

/// A table on both sides, with the comparison that collects its findings.
struct OnTable<'a> {
    all: &'a mut Comparison,
    name: &'a str,
    wanted: &'a Table,
    found: &'a Table,
    required: &'a Schema,
    actual: &'a Schema,
}

impl Comparison {
    /// Whether such a difference is suppressed.
    fn is_suppressed(&self, code: Code, subject: &str) -> bool {
        let mut suppressions = self.suppressions.iter();
        suppressions.any(|suppression| suppression::covers(suppression, self.place, code, subject))
    }

    /// Whether a trigger or a view is intended, and stays.
    fn is_intended(&self, other: &OtherObject) -> bool {
        if self
            .intended
            .iter()
            .any(|meant| other.is_as_wanted(self.engine, meant))
        {
            return true;
        }
        let subject = Part::Named.subject(&other.table, &other.name);
        let mut codes = Code::ALL.iter().filter(|code| code.is_of_others());
        codes.any(|code| self.is_suppressed(*code, &subject))
    }

    /// Rebuilds a SQLite table once for all its findings: the first one gets the statements.
    fn rebuild_table(&mut self, name: &str, edited: EditedTable, actual: &Schema) {
        let from = &actual.tables[name];
        let statements = rebuild::statements(name, from, &edited.table, &actual.others);
        match statements.and_then(printable) {
            Ok(statements) => {
                let mut statements = Some(statements);
                for finding in edited.findings {
                    if let Fix::Sql(change) = &mut self.found[finding].fix {
                        change.statements = statements.take().unwrap_or_default();
                    }
                }
            }
            Err(first) => {
                for finding in edited.findings {
                    self.found[finding].fix = Fix::Words(first.clone());
                }
            }
        }
    }

    /// Reports a problem that needs no comparison.
    fn hazard(&mut self, hazard: &Hazard) {
        let part = match hazard.name.is_empty() {
            true => Part::Table,
            false => Part::Named,
        };
        let sides = sides(&hazard.wanted, &hazard.found);
        let what = (part, hazard.name.as_str());
        self.report(&hazard.table, what, hazard.code, sides, hazard.fix.clone());
    }

    /// The fix, or the instruction for what has to be done before it can run.
    fn unless_by_hand(&self, table: &str, fix: Fix) -> Fix {
        let Fix::Sql(change) = &fix else {
            return fix;
        };
        // Changing a column that has another one's name would keep the wrong values.
        if self.exchanged.contains(table) {
            return Fix::Words(format!(
                "first find out which columns of {} have each other's names, then check again",
                ident::name(table)
            ));
        }
        if let Err(words) = printable(change.statements.clone()) {
            return Fix::Words(words);
        }
        let made = change.statements.iter().flat_map(|one| &one.made);
        let mut taken = made.filter_map(|thing| match thing {
            Object::Named(name) => self.taken.get_key_value(name),
            Object::Column { .. } | Object::Constraint { .. } => None,
        });
        match taken.next() {
            Some((name, what)) => Fix::Words(format!(
                "the name {} belongs to {what}: rename or drop that first, then check again",
                ident::name(name)
            )),
            None => fix,
        }
    }

    fn report(&mut self, table: &str, what: (Part, &str), code: Code, sides: Sides, fix: Fix) {
        let fix = self.unless_by_hand(table, fix).on(table);
        self.found.push(Finding {
            code,
            place: self.place,
            at: self.at.clone(),
            table: table.to_owned(),
            part: what.0,
            name: what.1.to_owned(),
            wanted: sides.wanted,
            found: sides.found,
            fix,
        });
    }
}

/// The statements, unless a name in them has control characters, which a terminal or a Rust file would interpret.
///
/// # Errors
/// The instruction to run it another way.
fn printable(statements: Vec<Statement>) -> Result<Vec<Statement>, String> {
    let obeyed = statements.iter().find(|one| text::has_controls(&one.sql));
    match obeyed {
        Some(one) => Err(format!(
            "a name in it has control characters: run this from a program, not in a terminal: {}",
            text::on_one_line(&one.sql)
        )),
        None => Ok(statements),
    }
}

/// The texts of both sides of a finding.
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

impl<'a> OnTable<'a> {
    fn is_database(&self) -> bool {
        self.all.place.is_database()
    }

    fn report<'t>(
        &mut self,
        what: (Part, &str),
        code: Code,
        sides: Sides,
        table_fix: impl Into<TableFix<'t>>,
    ) {
        let table_fix = table_fix.into();
        let before = self.all.at.clone();
        if self.found.source.is_some() {
            self.all.at.clone_from(&self.found.source);
        }
        let fix = table_fix.fix.clone();
        self.all.report(self.name, what, code, sides, fix);
        self.all.at = before;
        let Some(said) = self.all.found.len().checked_sub(1) else {
            return;
        };
        let is_suppressed = self
            .all
            .is_suppressed(code, &self.all.found[said].subject());
        // An instruction is not part of a rebuild.
        let is_sql = matches!(self.all.found[said].fix, Fix::Sql(_));
        if let (Engine::Sqlite, Some(edit), true, false) =
            (self.all.engine, &table_fix.edit, is_sql, is_suppressed)
        {
            let table = self.without_conflicts();
            let edited = self.all.edited.entry(self.name.to_owned());
            let edited = edited.or_insert_with(|| EditedTable {
                table,
                findings: Vec::new(),
                needs_rebuild: false,
            });
            edit(&mut edited.table);
            edited.needs_rebuild |= table_fix.needs_rebuild;
            edited.findings.push(said);
        }
    }

    /// Whether the place is a live database, with rows.
    fn is_live(&self) -> bool {
        self.all.place.is_live()
    }

    /// The instruction if columns are missing that have to be filled by hand first.
    fn instruction_if_missing(&self, table: &str, columns: &[String]) -> Option<TableFix<'static>> {
        let (wanted, found) = (
            self.required.tables.get(table)?,
            self.actual.tables.get(table)?,
        );
        let is_missing = |name: &&String| {
            let column = wanted.column(name);
            let is_by_hand = column.is_some_and(|column| !columns::can_be_filled(column));
            self.is_live() && is_by_hand && found.column(name).is_none()
        };
        let first = columns.iter().find(is_missing)?;
        let words = format!("first add the column {table}.{first}, then check again");
        Some(Fix::Words(words).into())
    }

    /// The fix, unless one of these columns of the table has to be added first.
    fn unless_missing<'t>(
        &self,
        columns: &[String],
        table_fix: impl FnOnce() -> TableFix<'t>,
    ) -> TableFix<'t> {
        self.instruction_if_missing(self.name, columns)
            .unwrap_or_else(table_fix)
    }

    fn column<'t>(
        &mut self,
        column: &str,
        code: Code,
        sides: Sides,
        table_fix: impl Into<TableFix<'t>>,
    ) {
        self.report((Part::Column, column), code, sides, table_fix);
    }

    fn named<'t>(
        &mut self,
        name: &str,
        code: Code,
        sides: Sides,
        table_fix: impl Into<TableFix<'t>>,
    ) {
        self.report((Part::Named, name), code, sides, table_fix);
    }

    /// The given statements on Postgres; a rebuild with the edit on SQLite, which cannot alter this.
    fn alter<'t>(
        &self,
        postgres: impl IntoIterator<Item = Statement>,
        edit: impl Fn(&mut Table) + 't,
    ) -> TableFix<'t> {
        if self.all.engine == Engine::Postgres {
            return Fix::sql(postgres).into();
        }
        let mut into = self.without_conflicts();
        edit(&mut into);
        match rebuild::statements(self.name, self.found, &into, &self.actual.others) {
            Ok(_) => TableFix::rebuilding(edit),
            Err(first) => Fix::Words(first).into(),
        }
    }

    /// The table without the `ON CONFLICT` clauses that are not suppressed.
    fn without_conflicts(&self) -> Table {
        let mut table = self.found.clone();
        let subject = |conflict: &Conflict| conflict.part.subject(self.name, &conflict.name);
        table.conflicts.retain(|conflict| {
            let subject = subject(conflict);
            self.all.is_suppressed(Code::ConflictClause, &subject)
        });
        table
    }

    /// The module of the entity, for a fix in Rust.
    fn module(&self) -> Option<&'a str> {
        self.found.source.as_deref()
    }
}
