//! What a statement of a migration costs a database in use: locks, scans, rewrites, losses.
//!
//! It reads the statements that the doctor writes, by their words. The rules for Postgres are those of the notes on
//! `ALTER TABLE` (<https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES>) and of its
//! [table of locks](https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES); those for SQLite are
//! in <https://www.sqlite.org/lang_altertable.html>.

use std::collections::BTreeSet;

use crate::model::engine::Engine;

/// How long a statement keeps others waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// A moment: only the catalog changes.
    Catalog,
    /// Every row is read while writers wait; on Postgres under ACCESS EXCLUSIVE also readers.
    Scan,
    /// Every row is written again while others wait.
    Rewrite,
}

impl Cost {
    /// `catalog`, `scan` or `rewrite`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cost::Catalog => "catalog",
            Cost::Scan => "scan",
            Cost::Rewrite => "rewrite",
        }
    }
}

/// A statement with its cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The statement.
    pub sql: String,
    /// What it costs; `None` for a table that the same migration creates, which nobody uses yet.
    pub cost: Option<Cost>,
    /// The lock, and what happens under it.
    pub note: String,
    /// How to avoid a scan or a rewrite that keeps others waiting.
    pub way_around: Option<&'static str>,
}

/// Reviews the statements of a migration, in their order.
pub(super) fn review(engine: Engine, statements: &[String]) -> Vec<Reviewed> {
    let mut new_tables = BTreeSet::new();
    let reviewed = statements.iter().map(|sql| {
        let words = Words::of(sql);
        let on_new_table = words
            .table()
            .is_some_and(|table| new_tables.contains(&table));
        if words.begins(&["CREATE", "TABLE"]) || words.begins(&["CREATE", "UNLOGGED", "TABLE"]) {
            new_tables.extend(words.table());
        }
        let known = match engine {
            Engine::Postgres => postgres(&words),
            Engine::Sqlite => sqlite(&words),
        };
        match known {
            Some(known) if !on_new_table || known.reads_another => Reviewed {
                sql: sql.clone(),
                cost: Some(known.cost),
                note: known.note.to_owned(),
                way_around: known.way_around,
            },
            Some(_) => Reviewed {
                sql: sql.clone(),
                cost: None,
                note: "on a table that this migration creates".to_owned(),
                way_around: None,
            },
            None => Reviewed {
                sql: sql.clone(),
                cost: None,
                note: "not known: read it".to_owned(),
                way_around: None,
            },
        }
    });
    reviewed.collect()
}

/// What is known of a kind of statement.
struct Known {
    cost: Cost,
    note: &'static str,
    way_around: Option<&'static str>,
    /// Whether it is about another table too, so that a new one makes no difference.
    reads_another: bool,
}

const fn known(cost: Cost, note: &'static str) -> Option<Known> {
    Some(Known {
        cost,
        note,
        way_around: None,
        reads_another: false,
    })
}

const fn avoidable(cost: Cost, note: &'static str, way_around: &'static str) -> Option<Known> {
    Some(Known {
        cost,
        note,
        way_around: Some(way_around),
        reads_another: false,
    })
}

fn postgres(words: &Words) -> Option<Known> {
    if words.begins(&["ALTER", "TABLE"]) {
        return alter_table(words);
    }
    if words.begins(&["CREATE", "INDEX"]) || words.begins(&["CREATE", "UNIQUE", "INDEX"]) {
        return match words.has(&["CONCURRENTLY"]) {
            true => known(
                Cost::Catalog,
                "builds the index while others read and write",
            ),
            false => avoidable(
                Cost::Scan,
                "SHARE: writers wait until the index is built",
                "CREATE INDEX CONCURRENTLY in a migration of its own, with Script::outside_transaction",
            ),
        };
    }
    if words.begins(&["CREATE", "TABLE"]) || words.begins(&["CREATE", "UNLOGGED", "TABLE"]) {
        return match words.has(&["REFERENCES"]) {
            true => known(
                Cost::Catalog,
                "SHARE ROW EXCLUSIVE for a moment on the tables that it refers to",
            ),
            false => known(Cost::Catalog, "a new table"),
        };
    }
    if words.begins(&["DROP", "TABLE"]) || words.begins(&["DROP", "INDEX"]) {
        return known(Cost::Catalog, "ACCESS EXCLUSIVE for a moment");
    }
    if words.begins_with_any(&["CREATE", "ALTER", "DROP"], &["POLICY", "TRIGGER", "RULE"]) {
        return known(Cost::Catalog, "a lock on its table for a moment");
    }
    if words.begins_with_any(&["CREATE", "DROP"], &["VIEW", "FUNCTION", "ROLE"]) {
        return known(Cost::Catalog, "changes only the catalog");
    }
    match words.first() {
        Some("GRANT" | "REVOKE" | "COMMENT") => known(Cost::Catalog, "changes only the catalog"),
        Some("UPDATE" | "DELETE" | "INSERT") => avoidable(
            Cost::Rewrite,
            "locks each row that it writes until the commit",
            "write the rows in batches, outside of the migration that changes the schema",
        ),
        _ => None,
    }
}

fn alter_table(words: &Words) -> Option<Known> {
    if words.has(&["ADD", "COLUMN"]) {
        return add_column(words);
    }
    if words.has(&["ALTER", "COLUMN"]) && words.has(&["TYPE"]) {
        return avoidable(
            Cost::Rewrite,
            "ACCESS EXCLUSIVE while the table and its indexes are written again; not if the new type stores the same \
             bytes (varchar as text, a longer varchar)",
            "add a column of the new type, fill it in batches, and exchange the names in a later migration",
        );
    }
    if words.has(&["SET", "NOT", "NULL"]) {
        return avoidable(
            Cost::Scan,
            "ACCESS EXCLUSIVE while every row is checked",
            "ADD CONSTRAINT .. CHECK (.. IS NOT NULL) NOT VALID, then VALIDATE CONSTRAINT in a later migration; SET NOT \
             NULL then reads no row",
        );
    }
    if words.has(&["ADD", "CONSTRAINT"]) || words.has(&["ADD", "CHECK"]) {
        return add_constraint(words);
    }
    if words.has(&["VALIDATE", "CONSTRAINT"]) {
        return known(
            Cost::Scan,
            "SHARE UPDATE EXCLUSIVE: others read and write while every row is checked",
        );
    }
    if words.has(&["SET", "LOGGED"]) || words.has(&["SET", "UNLOGGED"]) {
        return known(
            Cost::Rewrite,
            "ACCESS EXCLUSIVE while the table is written again",
        );
    }
    known(Cost::Catalog, "ACCESS EXCLUSIVE for a moment")
}

fn add_column(words: &Words) -> Option<Known> {
    let is_computed = words.has(&["GENERATED"]);
    // A call other than these may give each row another value.
    let is_constant = |default: &str| {
        !default.contains('(') || default.starts_with("NOW(") || default.starts_with('\'')
    };
    match words.after("DEFAULT") {
        _ if is_computed => avoidable(
            Cost::Rewrite,
            "ACCESS EXCLUSIVE while the table is written again",
            "add an ordinary column and fill it in batches",
        ),
        Some(default) if is_constant(default) => known(
            Cost::Catalog,
            "ACCESS EXCLUSIVE for a moment: a constant default needs no rewrite",
        ),
        Some(_) => avoidable(
            Cost::Rewrite,
            "ACCESS EXCLUSIVE while every row gets a value of its own",
            "a constant default needs no rewrite; or add the column without a default and fill it in batches",
        ),
        None if words.has(&["NOT", "NULL"]) => avoidable(
            Cost::Scan,
            "ACCESS EXCLUSIVE; fails if the table has rows, as there is no value for them",
            "give the column a constant default, which needs no rewrite; or add it nullable, fill it in batches, and set NOT \
             NULL in a later migration",
        ),
        None => known(Cost::Catalog, "ACCESS EXCLUSIVE for a moment"),
    }
}

fn add_constraint(words: &Words) -> Option<Known> {
    let is_later = words.has(&["NOT", "VALID"]);
    if words.has(&["FOREIGN", "KEY"]) {
        return match is_later {
            true => known(
                Cost::Catalog,
                "SHARE ROW EXCLUSIVE for a moment on both tables",
            ),
            false => Some(Known {
                cost: Cost::Scan,
                note: "SHARE ROW EXCLUSIVE: writers of both tables wait while every row is checked",
                way_around: Some("add it NOT VALID, then VALIDATE CONSTRAINT in a later migration"),
                reads_another: true,
            }),
        };
    }
    if words.has(&["PRIMARY", "KEY"]) || words.has(&["UNIQUE"]) {
        return match words.has(&["USING", "INDEX"]) {
            true => known(Cost::Catalog, "ACCESS EXCLUSIVE for a moment"),
            false => avoidable(
                Cost::Scan,
                "ACCESS EXCLUSIVE until the index is built",
                "CREATE UNIQUE INDEX CONCURRENTLY in a migration of its own, then ADD CONSTRAINT .. USING INDEX",
            ),
        };
    }
    match is_later {
        true => known(Cost::Catalog, "ACCESS EXCLUSIVE for a moment"),
        false => avoidable(
            Cost::Scan,
            "ACCESS EXCLUSIVE while every row is checked",
            "add it NOT VALID, then VALIDATE CONSTRAINT in a later migration",
        ),
    }
}

/// On SQLite a migration is one transaction of the only writer: other writers wait until it ends, and readers do not.
fn sqlite(words: &Words) -> Option<Known> {
    if words.begins(&["INSERT", "INTO"]) {
        return known(
            Cost::Rewrite,
            "copies every row: the table is rebuilt, as SQLite cannot alter this; writers wait, and the file grows by the \
             size of the table",
        );
    }
    if words.begins(&["ALTER", "TABLE"]) {
        if words.has(&["DROP", "COLUMN"]) {
            return known(
                Cost::Rewrite,
                "every row is written again while writers wait",
            );
        }
        if words.has(&["ADD", "COLUMN"]) && words.has(&["CHECK"]) {
            return known(Cost::Scan, "every row is checked while writers wait");
        }
        return known(Cost::Catalog, "changes only the schema");
    }
    if words.begins(&["CREATE", "INDEX"]) || words.begins(&["CREATE", "UNIQUE", "INDEX"]) {
        return known(
            Cost::Scan,
            "every row is read and sorted while writers wait",
        );
    }
    if words.begins(&["DROP", "TABLE"]) || words.begins(&["DROP", "INDEX"]) {
        return known(Cost::Catalog, "its pages become free");
    }
    if words.begins_with_any(&["CREATE", "DROP"], &["TABLE", "VIEW", "TRIGGER"]) {
        return known(Cost::Catalog, "changes only the schema");
    }
    match words.first() {
        Some("UPDATE" | "DELETE") => known(Cost::Rewrite, "writes rows while other writers wait"),
        _ => None,
    }
}

/// The words of a statement in capitals, without quotation marks of names; texts stay as they are.
struct Words(Vec<String>);

impl Words {
    fn of(sql: &str) -> Self {
        let words = sql.split_whitespace();
        let words = words.map(|word| {
            let word = word.trim_start_matches('(').trim_end_matches([',', ';']);
            match word {
                text if text.starts_with('\'') => text.to_owned(),
                // The parentheses of a call stay.
                call if call.contains('(') => call.to_uppercase(),
                word => word.trim_end_matches(')').to_uppercase(),
            }
        });
        Words(words.collect())
    }

    fn first(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    fn begins(&self, words: &[&str]) -> bool {
        self.0.len() >= words.len() && self.0.iter().zip(words).all(|(one, other)| one == other)
    }

    fn begins_with_any(&self, first: &[&str], second: &[&str]) -> bool {
        let is_one = |place: usize, of: &[&str]| {
            self.0
                .get(place)
                .is_some_and(|word| of.contains(&word.as_str()))
        };
        is_one(0, first) && is_one(1, second)
    }

    /// Whether the words occur, one after another.
    fn has(&self, words: &[&str]) -> bool {
        let mut places = self.0.windows(words.len());
        places.any(|place| place.iter().zip(words).all(|(one, other)| one == other))
    }

    /// The word after that one.
    fn after(&self, word: &str) -> Option<&str> {
        let place = self.0.iter().position(|other| other == word)?;
        self.0.get(place + 1).map(String::as_str)
    }

    /// The table that the statement is about.
    fn table(&self) -> Option<String> {
        let before = match self.first()? {
            "CREATE" if self.has(&["INDEX"]) => "ON",
            "CREATE" | "ALTER" | "DROP" if self.has(&["TABLE"]) => "TABLE",
            "CREATE" | "ALTER" | "DROP" => "ON",
            "INSERT" => return None,
            _ => return None,
        };
        self.after(before).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(engine: Engine, statements: &[&str]) -> Vec<(Option<Cost>, bool)> {
        let statements: Vec<String> = statements.iter().map(|sql| (*sql).to_owned()).collect();
        let reviewed = review(engine, &statements);
        let reviewed = reviewed.into_iter();
        reviewed
            .map(|one| (one.cost, one.way_around.is_some()))
            .collect()
    }

    #[test]
    fn what_rewrites_or_scans_a_postgres_table_is_reported_with_a_way_around() {
        for (sql, cost) in [
            (
                "ALTER TABLE notes ADD COLUMN color text COLLATE \"C\"",
                Cost::Catalog,
            ),
            (
                "ALTER TABLE notes ADD COLUMN color text NOT NULL DEFAULT 'red'",
                Cost::Catalog,
            ),
            (
                "ALTER TABLE notes ADD COLUMN id uuid DEFAULT gen_random_uuid()",
                Cost::Rewrite,
            ),
            (
                "ALTER TABLE notes ADD COLUMN color text NOT NULL",
                Cost::Scan,
            ),
            (
                "ALTER TABLE notes ALTER COLUMN size TYPE bigint USING size::bigint",
                Cost::Rewrite,
            ),
            (
                "ALTER TABLE notes ALTER COLUMN size SET NOT NULL",
                Cost::Scan,
            ),
            (
                "ALTER TABLE notes ALTER COLUMN size DROP NOT NULL",
                Cost::Catalog,
            ),
            (
                "ALTER TABLE notes ADD CONSTRAINT ck CHECK (size > 0)",
                Cost::Scan,
            ),
            (
                "ALTER TABLE notes ADD CONSTRAINT ck CHECK (size > 0) NOT VALID",
                Cost::Catalog,
            ),
            (
                "ALTER TABLE notes ADD CONSTRAINT pk PRIMARY KEY (id)",
                Cost::Scan,
            ),
            (
                "ALTER TABLE notes ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES b (id)",
                Cost::Scan,
            ),
            ("CREATE INDEX ix ON notes (size)", Cost::Scan),
            (
                "CREATE INDEX CONCURRENTLY ix ON notes (size)",
                Cost::Catalog,
            ),
            ("DROP TABLE notes", Cost::Catalog),
        ] {
            let is_avoidable = cost != Cost::Catalog;
            assert_eq!(
                of(Engine::Postgres, &[sql]),
                [(Some(cost), is_avoidable)],
                "{sql}"
            );
        }
    }

    #[test]
    fn a_table_that_the_migration_creates_keeps_nobody_waiting() {
        let statements = [
            "CREATE TABLE notes (\n    id uuid NOT NULL\n)",
            "CREATE INDEX ix ON notes (id)",
            "ALTER TABLE notes ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES users (id)",
        ];
        assert_eq!(
            of(Engine::Postgres, &statements),
            [
                (Some(Cost::Catalog), false),
                (None, false),
                (Some(Cost::Scan), true)
            ]
        );
    }

    #[test]
    fn the_copy_of_a_rebuilt_sqlite_table_is_a_rewrite() {
        let statements = [
            "CREATE TABLE notes__new (\n    id TEXT NOT NULL\n) STRICT",
            "INSERT INTO notes__new (id) SELECT notes.id FROM notes",
        ];
        let costs = of(Engine::Sqlite, &statements);
        assert_eq!(costs[1], (Some(Cost::Rewrite), false));
    }
}
