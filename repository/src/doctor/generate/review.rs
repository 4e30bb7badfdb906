//! What a statement of a migration costs a database in use: locks, scans, rewrites.
//!
//! A script is one transaction, so the locks of a statement are kept while later statements run. The rules for Postgres
//! are those of the notes on `ALTER TABLE`
//! (<https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES>) and of its
//! [table of locks](https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES); those for SQLite are
//! in <https://www.sqlite.org/lang_altertable.html>.

use std::collections::{BTreeMap, BTreeSet};

use crate::fingerprint::statement::{Statement, Work};
use crate::fingerprint::text;
use crate::model::engine::Engine;

/// How long a statement keeps others waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// Not at all: it is about a table that the same migration creates, which nobody uses yet.
    NewTable,
    /// A moment: only the catalog changes.
    Catalog,
    /// Every row is read while writers wait; on Postgres under ACCESS EXCLUSIVE also readers.
    Scan,
    /// Every row is written again while others wait.
    Rewrite,
}

impl Cost {
    /// `new table`, `catalog`, `scan` or `rewrite`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cost::NewTable => "new table",
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
    /// What it costs.
    pub cost: Cost,
    /// The locks, and what happens under them.
    pub note: String,
    /// How to avoid a scan or a rewrite that keeps others waiting.
    pub way_around: Option<String>,
}

/// A lock on a table of Postgres that keeps writers waiting, and is kept until the end of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lock {
    Share,
    ShareRowExclusive,
    /// It keeps readers waiting too.
    AccessExclusive,
}

impl Lock {
    const fn as_sql(self) -> &'static str {
        match self {
            Lock::Share => "SHARE",
            Lock::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Lock::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

/// What is known of a kind of work.
struct Known {
    cost: Cost,
    /// The lock on the tables that it is about.
    lock: Option<Lock>,
    /// What happens under the lock.
    note: &'static str,
    way_around: Option<&'static str>,
}

const fn known(cost: Cost, lock: Option<Lock>, note: &'static str) -> Known {
    Known {
        cost,
        lock,
        note,
        way_around: None,
    }
}

impl Known {
    const fn avoided_by(self, way_around: &'static str) -> Self {
        Known {
            way_around: Some(way_around),
            ..self
        }
    }
}

/// Reviews the statements of a migration, in their order.
pub(super) fn review(engine: Engine, statements: &[&Statement]) -> Vec<Reviewed> {
    let mut new_tables = BTreeSet::new();
    let mut held = BTreeMap::new();
    let all = statements.iter().map(|statement| {
        let known = match engine {
            Engine::Postgres => postgres(statement.work),
            Engine::Sqlite => sqlite(statement.work),
        };
        Placed::of(statement, known, &mut new_tables, &mut held)
    });
    let all: Vec<Placed<'_>> = all.collect();
    let last_slow = all.iter().rposition(Placed::is_slow);
    let reviewed = all.into_iter().enumerate();
    reviewed
        .map(|(place, one)| one.reviewed(last_slow.is_some_and(|last| last > place)))
        .collect()
}

/// A statement at its place in the script.
struct Placed<'s> {
    statement: &'s Statement,
    known: Known,
    /// The tables that it locks.
    locked: Vec<&'s str>,
    is_on_new_table: bool,
    /// The tables that earlier statements keep locked more strongly than this one does.
    held: Vec<(&'s str, Lock)>,
}

impl<'s> Placed<'s> {
    fn of(
        statement: &'s Statement,
        known: Known,
        new_tables: &mut BTreeSet<&'s str>,
        held: &mut BTreeMap<&'s str, Lock>,
    ) -> Self {
        let tables = statement.tables.iter().map(String::as_str);
        let is_new = |table: &&str| new_tables.contains(table);
        let is_on_new_table =
            !statement.tables.is_empty() && tables.clone().all(|one| is_new(&one));
        if statement.work == Work::CreateTable {
            new_tables.extend(tables.clone().next());
        }
        let locked: BTreeSet<&str> = tables.filter(|one| !new_tables.contains(one)).collect();
        let own = |table: &str| known.lock.filter(|_| locked.contains(table));
        let before = held.iter().map(|(table, lock)| (*table, *lock));
        let before = before
            .filter(|(table, lock)| own(table) < Some(*lock))
            .collect();
        if let Some(lock) = known.lock {
            for table in &locked {
                let strongest = held.entry(*table).or_insert(lock);
                *strongest = (*strongest).max(lock);
            }
        }
        Placed {
            statement,
            locked: locked
                .into_iter()
                .filter(|_| known.lock.is_some())
                .collect(),
            known,
            is_on_new_table,
            held: before,
        }
    }

    /// Whether others wait while it reads or writes every row.
    fn is_slow(&self) -> bool {
        !self.is_on_new_table && self.known.cost >= Cost::Scan
    }

    /// `is_followed` says whether a later statement is slow, so that the locks are kept for longer than a moment.
    fn reviewed(self, is_followed: bool) -> Reviewed {
        let sql = self.statement.sql.clone();
        if self.is_on_new_table {
            return Reviewed {
                sql,
                cost: Cost::NewTable,
                note: "on a table that this migration creates".to_owned(),
                way_around: None,
            };
        }
        let is_slow = self.is_slow();
        let lock = self.known.lock.filter(|_| !self.locked.is_empty());
        let lock = lock.map(|lock| {
            let until = match (is_followed, is_slow) {
                (true, _) => " until the end of the migration",
                (false, true) => "",
                (false, false) => " for a moment",
            };
            format!("{} on {}{until}", lock.as_sql(), listed(&self.locked))
        });
        let note = Some(self.known.note.to_owned()).filter(|note| !note.is_empty());
        let mut notes: Vec<String> = lock.into_iter().chain(note).collect();
        let mut ways: Vec<&str> = self.known.way_around.into_iter().collect();
        if is_slow && !self.held.is_empty() {
            notes.extend(meanwhile(&self.held));
            ways.push(ALONE);
        }
        Reviewed {
            sql,
            cost: self.known.cost,
            note: notes.join("; "),
            way_around: (!ways.is_empty()).then(|| ways.join("; and ")),
        }
    }
}

const ALONE: &str = "move it to a migration of its own, applied by an `up --num 1` of its own: all migrations of one \
                     `up` are one transaction, which keeps its locks";

/// Who waits for the locks of earlier statements meanwhile.
fn meanwhile(held: &[(&str, Lock)]) -> impl Iterator<Item = String> {
    let of = |is_exclusive: bool| -> Vec<&str> {
        let tables = held.iter();
        let tables = tables.filter(|(_, lock)| (*lock == Lock::AccessExclusive) == is_exclusive);
        tables.map(|(table, _)| *table).collect()
    };
    let exclusive = (of(true), "readers and writers");
    let shared = (of(false), "writers");
    [exclusive, shared].into_iter().filter_map(|(tables, who)| {
        (!tables.is_empty()).then(|| {
            let tables = listed(&tables);
            format!("meanwhile {who} of {tables} wait, for the lock of an earlier statement")
        })
    })
}

fn listed(tables: &[&str]) -> String {
    let tables = tables.iter().map(|table| text::on_one_line(table));
    tables.collect::<Vec<_>>().join(", ")
}

fn postgres(work: Work) -> Known {
    use Lock::{AccessExclusive, Share, ShareRowExclusive};
    match work {
        Work::Beside => known(Cost::Catalog, None, "no lock on a table"),
        Work::Alter | Work::DropColumn => known(Cost::Catalog, Some(AccessExclusive), ""),
        Work::CreateTable => known(Cost::Catalog, Some(ShareRowExclusive), "a new table"),
        Work::RenameIndex => known(
            Cost::Catalog,
            None,
            "SHARE UPDATE EXCLUSIVE on the index: others read and write",
        ),
        Work::AddRequired => known(
            Cost::Scan,
            Some(AccessExclusive),
            "fails if the table has rows, as there is no value for them",
        )
        .avoided_by(
            "give the column a constant default, which needs no rewrite; or add it nullable, fill it in batches, and \
             set NOT NULL in a later migration",
        ),
        Work::AddFilled => known(
            Cost::Rewrite,
            Some(AccessExclusive),
            "every row gets a value of its own",
        )
        .avoided_by(
            "a constant default needs no rewrite; or add the column without a default and fill it in batches",
        ),
        Work::AddComputed => known(
            Cost::Rewrite,
            Some(AccessExclusive),
            "the table is written again",
        )
        .avoided_by("add an ordinary column and fill it in batches"),
        Work::SetNotNull => known(
            Cost::Scan,
            Some(AccessExclusive),
            "every row is checked",
        )
        .avoided_by(
            "ADD CONSTRAINT .. CHECK (.. IS NOT NULL) NOT VALID, then VALIDATE CONSTRAINT in a later migration; SET \
             NOT NULL then reads no row",
        ),
        Work::Retype => known(
            Cost::Rewrite,
            Some(AccessExclusive),
            "the table and its indexes are written again, unless the new type stores the same bytes (varchar as text, \
             a longer varchar)",
        )
        .avoided_by(
            "add a column of the new type, fill it in batches, and exchange the names in a later migration",
        ),
        Work::AddKey => known(
            Cost::Scan,
            Some(AccessExclusive),
            "the index of the key is built",
        )
        .avoided_by(
            "CREATE UNIQUE INDEX CONCURRENTLY in a migration of its own, with Script::outside_transaction, then ADD \
             CONSTRAINT .. USING INDEX",
        ),
        Work::AddCheck => known(
            Cost::Scan,
            Some(AccessExclusive),
            "every row is checked",
        )
        .avoided_by("add it NOT VALID, then VALIDATE CONSTRAINT in a later migration"),
        Work::AddForeignKey => known(
            Cost::Scan,
            Some(ShareRowExclusive),
            "writers wait while every row is checked",
        )
        .avoided_by("add it NOT VALID, then VALIDATE CONSTRAINT in a later migration"),
        Work::Validate => known(
            Cost::Scan,
            None,
            "SHARE UPDATE EXCLUSIVE: others read and write while every row is checked",
        ),
        Work::AddIndex => known(
            Cost::Scan,
            Some(Share),
            "writers wait while the index is built",
        )
        .avoided_by(
            "CREATE INDEX CONCURRENTLY in a migration of its own, with Script::outside_transaction",
        ),
        Work::CopyRows | Work::Rewrite => known(
            Cost::Rewrite,
            Some(AccessExclusive),
            "the table is written again",
        ),
    }
}

/// On SQLite a migration is one transaction of the only writer: other writers wait until it ends, and readers do not.
fn sqlite(work: Work) -> Known {
    match work {
        Work::Beside | Work::Alter | Work::RenameIndex => {
            known(Cost::Catalog, None, "changes only the schema")
        }
        Work::CreateTable => known(Cost::Catalog, None, "a new table"),
        Work::AddIndex => known(
            Cost::Scan,
            None,
            "every row is read and sorted while writers wait",
        ),
        Work::CopyRows => known(
            Cost::Rewrite,
            None,
            "copies every row: the table is rebuilt, as SQLite cannot alter this; writers wait, and the file grows by \
             the size of the table",
        ),
        Work::DropColumn
        | Work::AddRequired
        | Work::AddFilled
        | Work::AddComputed
        | Work::SetNotNull
        | Work::Retype
        | Work::AddKey
        | Work::AddCheck
        | Work::AddForeignKey
        | Work::Validate
        | Work::Rewrite => known(
            Cost::Rewrite,
            None,
            "every row is written again while writers wait",
        ),
    }
}

#[cfg(test)]
mod tests;
