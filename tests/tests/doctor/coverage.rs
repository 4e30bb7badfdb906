//! The table of `docs/src/doctor-proof.md`: each class of drift, in each place where it can occur.

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

Each class of drift that the doctor reports, injected into every place where it can occur, in the reference domain and
in real databases. A cell has the code of the finding. In every cell

- the finding is in that place and in no other;
- the steps of the report run once, in their order, and then nothing is found any more;
- the fix of an entity's field, applied to its source, gives exactly the correct source;
- the fix of an entity's relation is compared with the correct source, which has that relation;
- the fix of DOMAIN or a record is a line of Rust, whose essential part is compared.

| cell | meaning |
|---|---|
| `–` | it cannot occur there, or the place cannot express it: an entity has no indexes, and SQLite has no roles |
| `in words` | the fix is an instruction, because only people know the values |
| `refused` | the migration runner refuses such a migration |
| `CAT.. elsewhere` | the places are compared with DOMAIN, so both databases are reported; their fixes make them match DOMAIN |

A second suite mutates the reference migrations and those of an adversarial domain. One at a time, each word is removed,
replaced, or followed by a word that does not belong there. Of some hundred thousand mutations the databases accept about
6,500. Each of these is reported unless it changes nothing, according to the schema that Postgres prints or for a reason
that the suite names. Every run tries one of 23; this command tries all of them:

```sh
CATAMARAN_EVERY_WORD=1 cargo test -p suite --all-features --test doctor mutations
```

Both suites run on Debian's PostgreSQL and, in CI, on the newest one.

`cargo test -p suite --all-features --test doctor` with `CATAMARAN_WRITE_DOCS=1` writes this page. Every other run of the
suite compares the page with its results.
";
