//! The table of `docs/doctor-proof.md`: each class of drift, in each place where it can occur.

use std::fmt::Write;

use catamaran::Engine;
use suite::generated::assert_page;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Domain,
    Entities(Engine),
    Migrations(Engine),
    Database(Engine),
}

const COLUMNS: [(Column, &str); 7] = [
    (Column::Domain, "DOMAIN, records"),
    (Column::Entities(Engine::Sqlite), "SQLite entities"),
    (Column::Entities(Engine::Postgres), "Postgres entities"),
    (Column::Migrations(Engine::Sqlite), "SQLite migrations"),
    (Column::Migrations(Engine::Postgres), "Postgres migrations"),
    (Column::Database(Engine::Sqlite), "SQLite database"),
    (Column::Database(Engine::Postgres), "Postgres database"),
];

/// What was tried.
pub struct Tried {
    pub class: &'static str,
    pub column: Column,
    /// The code of the finding.
    pub told: String,
    /// Whether it was found in its place and nowhere else, and fixed; or what went wrong.
    pub outcome: Result<(), String>,
}

#[derive(Default)]
pub struct Coverage {
    tried: Vec<Tried>,
}

impl Coverage {
    pub fn add(&mut self, tried: impl IntoIterator<Item = Tried>) {
        self.tried.extend(tried);
    }

    /// What went wrong.
    pub fn failures(&self) -> Vec<String> {
        let failures = self.tried.iter().filter_map(|tried| {
            let error = tried.outcome.as_ref().err()?;
            Some(format!("== {}, {:?}\n{error}", tried.class, tried.column))
        });
        failures.collect()
    }

    /// The table, in Markdown.
    pub fn table(&self) -> String {
        let mut classes: Vec<&str> = Vec::new();
        for tried in &self.tried {
            if !classes.contains(&tried.class) {
                classes.push(tried.class);
            }
        }
        let heads: Vec<&str> = COLUMNS.iter().map(|(_, head)| *head).collect();
        let mut text = format!(
            "| Drift | {} |\n|---{}|\n",
            heads.join(" | "),
            "|---".repeat(heads.len())
        );
        for class in classes {
            let cells: Vec<String> = COLUMNS
                .iter()
                .map(|(column, _)| self.cell(class, *column))
                .collect();
            // Writing to a text does not fail.
            let _ = writeln!(text, "| {class} | {} |", cells.join(" | "));
        }
        text
    }

    fn cell(&self, class: &str, column: Column) -> String {
        let mut told: Vec<String> = Vec::new();
        for tried in self
            .tried
            .iter()
            .filter(|t| t.class == class && t.column == column)
        {
            let word = match &tried.outcome {
                Ok(()) => tried.told.clone(),
                Err(_) => format!("FAILED {}", tried.told),
            };
            if !told.contains(&word) {
                told.push(word);
            }
        }
        match told.is_empty() {
            true => "–".to_owned(),
            false => told.join(", "),
        }
    }

    /// Compares the page with the results; with `CATAMARAN_WRITE_DOCS` set, writes it.
    pub fn assert_page(&self) {
        let page = format!("{HEAD}\n{}", self.table());
        assert_page("doctor-proof.md", &page);
    }
}

const HEAD: &str = "\
# What the doctor finds

Every class of drift that the doctor knows of, injected into each place where it can be, in the reference domain,
with real databases. A cell is the code that is told there. In every cell the finding is in the right place and in
no other, and its fix was applied: the steps of the report, run once and in their order, after which nothing is found any
more; what is to be done to the fields of an entity was done to its source, which was then the right entity's, word for word;
a relation was compared with the right source, which has it.
In DOMAIN's own column the fix is a line for DOMAIN or a record, of which the telling part was compared.

- `–`: it cannot be there, or the place cannot say it (an entity knows no index; SQLite has no roles).
- `in words`: the fix is for people, because only they know the values.
- `refused`: the migration runner does not let such a migration through.
- `CAT.. elsewhere`: DOMAIN is the measure, so both databases are reported; their fixes make them what DOMAIN says.

Beside the list, every word of the reference migrations and of an adversarial domain's is lost, written otherwise and followed by
what does not belong there, one at a time: of some hundred thousand slips the databases take about 6,500, and each of these
is told unless it changes nothing, by what Postgres itself prints of its schema or for a reason that the suite names
(`CATAMARAN_EVERY_WORD=1 cargo test -p suite --all-features --test doctor mutations`; every run tries one of 23). Both suites run on the
PostgreSQL of Debian and, in CI, on the newest one.

This page is written by `cargo test -p suite --all-features --test doctor` with `CATAMARAN_WRITE_DOCS=1`, and compared with what
the suite finds whenever it runs.
";
