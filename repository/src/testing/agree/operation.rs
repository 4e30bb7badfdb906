//! The operations of a run, as data: they are generated, executed, shrunk and printed.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::model::query::{Comparison, Nulls, TextMatch, Visibility};
use crate::model::scope::Scope;
use crate::model::value::Value;

/// A row: one value for each column of its record.
pub(super) type Row = Vec<Value>;

/// The id of a row as a caller gives it: a value for each of its columns.
pub(super) type Id = Vec<Value>;

/// Values of some columns.
pub(super) type Values = Vec<(usize, Value)>;

/// The owners whose scopes are used.
const OWNERS: [Uuid; 3] = [
    Uuid::from_u128(0x0a_0000_0000_4000_8000_0000_0000_0001),
    Uuid::from_u128(0x0b_0000_0000_4000_8000_0000_0000_0002),
    Uuid::from_u128(0x0c_0000_0000_4000_8000_0000_0000_0003),
];

pub(super) const OWNER_COUNT: usize = OWNERS.len();

/// Whose scope a call uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// One of the owners.
    Owner(usize),
    /// The system.
    System,
}

impl Who {
    pub(super) fn owner(self) -> Option<Uuid> {
        match self {
            Who::Owner(number) => Some(OWNERS[number % OWNER_COUNT]),
            Who::System => None,
        }
    }

    pub(super) fn scope(self) -> Scope {
        match self.owner() {
            Some(owner) => Scope::owner(owner),
            None => Scope::system("comparing the engines"),
        }
    }
}

/// The time that both stores read, and the number from which they make ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) number: u32,
    pub(super) now: DateTime<Utc>,
}

/// One step of a run. Both engines finish it before the next one begins.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) turn: Turn,
    pub(super) action: Action,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    /// A call on a repository of the store.
    Call { who: Who, call: Call },
    /// A unit of work.
    Unit(UnitPlan),
    /// Asks whether a unit with this key was committed.
    WasDone { who: Who, key: Uuid },
    /// Deletes old keys.
    ForgetKeys { who: Who, before: DateTime<Utc> },
}

/// A unit of work with all of its calls.
#[derive(Clone, Debug)]
pub(super) struct UnitPlan {
    pub(super) who: Who,
    pub(super) how: How,
    pub(super) body: Vec<Inner>,
    pub(super) end: End,
    /// A call on a repository of the unit, after the unit has ended.
    pub(super) after: Option<Call>,
}

/// How a unit begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// `begin_read`.
    BeginRead,
    /// `begin_write`.
    BeginWrite,
    /// `read`, with a closure.
    Read,
    /// `write`, with a closure.
    Write,
    /// `writing().run_mut`, with a closure.
    Run { serializable: bool },
    /// `writing().once_mut`, with a closure.
    Once(Uuid),
}

impl How {
    /// The method of the store.
    pub(super) fn name(self) -> &'static str {
        match self {
            How::BeginRead => "begin_read",
            How::BeginWrite => "begin_write",
            How::Read => "read",
            How::Write => "write",
            How::Run { .. } => "run",
            How::Once(_) => "once",
        }
    }

    pub(super) fn reads(self) -> bool {
        matches!(self, How::BeginRead | How::Read)
    }
}

/// How a unit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Commits. A closure returns `Ok`.
    Commit,
    /// Rolls back. A closure returns an error of its own.
    RollBack,
    /// Drops the unit. A closure returns an error of its own.
    Drop,
}

/// A part of a unit.
#[derive(Clone, Debug)]
pub(super) enum Inner {
    Call(Call),
    /// A savepoint with its calls. Its work returns `Ok`, or an error of its own.
    Savepoint {
        body: Vec<Inner>,
        release: bool,
    },
    /// A read on the store while the unit is open.
    Outside {
        who: Who,
        call: Call,
    },
}

/// A call of a method of the repository of one record.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The position of the record in the run's list.
    pub(super) table: usize,
    pub(super) method: Method,
}

#[derive(Clone, Debug)]
pub(super) enum Method {
    Find(Id),
    Get(Id),
    Lock(Vec<Id>),
    Exists(Asked),
    Count(Asked),
    /// Reads all pages of a query, each by the cursor of the one before.
    Pages {
        query: Asked,
        size: u32,
        backwards: bool,
    },
    /// Reads one page, and uses its changed cursor for a page of the second query.
    Follow {
        first: Asked,
        tamper: Tamper,
        then: Asked,
        size: u32,
        backwards: bool,
    },
    Stream(Asked),
    Insert(Draft),
    InsertMany(Vec<Draft>),
    /// Inserts the same draft many times, with new ids: those that the library makes, or numbered ones.
    InsertRun {
        draft: Draft,
        rows: usize,
    },
    Update(Row),
    Patch {
        id: Id,
        expected: Option<i64>,
        changes: Values,
    },
    Upsert(Seen),
    UpsertMany(Vec<Seen>),
    /// Upserts the same draft many times, with new ids: those that the library makes, or numbered ones.
    UpsertRun {
        draft: Draft,
        rows: usize,
    },
    Delete {
        id: Id,
        expected: Option<i64>,
    },
    Restore {
        id: Id,
        expected: Option<i64>,
    },
    Purge {
        before: DateTime<Utc>,
        limit: u32,
    },
    PatchWhere {
        filter: Filter,
        changes: Values,
    },
    DeleteWhere(Filter),
    /// Writes a column with custom SQL, past the record. The key is the primary key, with the owner if it has one.
    Plant {
        key: Id,
        column: usize,
        value: Value,
    },
}

/// The arguments of an insert.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) id: Option<Id>,
    pub(super) values: Values,
}

/// The argument of an upsert.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// `Upsert::new`.
    New(Draft),
    /// `Upsert::seen`.
    Seen(Row),
}

/// A query.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) filter: Filter,
    pub(super) order: Vec<Key>,
    pub(super) visibility: Visibility,
}

/// A key of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) column: usize,
    pub(super) descending: bool,
    pub(super) nulls: Option<Nulls>,
}

impl Key {
    /// Where NULLs are, also if the query does not say so.
    pub(super) fn nulls(self) -> Nulls {
        self.nulls.unwrap_or(match self.descending {
            true => Nulls::First,
            false => Nulls::Last,
        })
    }
}

#[derive(Clone, Debug)]
pub(super) enum Filter {
    All,
    None,
    Compare(usize, Comparison, Value),
    IsIn(usize, Vec<Value>),
    /// `Filter::ids`, of which the columns of the id are these.
    Ids(&'static [usize], Vec<Id>),
    IsNull(usize),
    Text(usize, TextMatch, String),
    Not(Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    /// One condition, repeated and joined by `or` or `and`.
    Chain {
        link: Box<Filter>,
        links: usize,
        or: bool,
    },
}

/// A change of a cursor.
#[derive(Clone, Debug)]
pub(super) enum Tamper {
    None,
    /// Replaces the byte at this share of its length, of 256.
    Byte(u8),
    /// Cuts it at this share of its length, of 256.
    Cut(u8),
    /// Replaces it.
    Text(String),
}

impl Tamper {
    pub(super) fn apply(&self, cursor: &str) -> String {
        let at = |share: u8| cursor.len() * usize::from(share) / 256;
        match self {
            Tamper::None => cursor.to_owned(),
            Tamper::Byte(share) => with_other_byte(cursor, *share),
            Tamper::Cut(share) => cursor.get(..at(*share)).unwrap_or_default().to_owned(),
            Tamper::Text(text) => text.clone(),
        }
    }
}

/// The cursor with another character at this share of its length, of 256.
pub fn with_other_byte(cursor: &str, share: u8) -> String {
    // A cursor is ASCII.
    let mut bytes = cursor.as_bytes().to_vec();
    if let Some(byte) = bytes.get_mut(cursor.len() * usize::from(share) / 256) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Method {
    /// The name of the repository's method.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Method::Find(_) => "find",
            Method::Get(_) => "get",
            Method::Lock(_) => "lock",
            Method::Exists(_) => "exists",
            Method::Count(_) => "count",
            Method::Pages { .. } | Method::Follow { .. } => "list",
            Method::Stream(_) => "stream",
            Method::Insert(_) => "insert",
            Method::InsertMany(_) | Method::InsertRun { .. } => "insert_many",
            Method::Update(_) => "update",
            Method::Patch { .. } => "patch",
            Method::Upsert(_) => "upsert",
            Method::UpsertMany(_) | Method::UpsertRun { .. } => "upsert_many",
            Method::Delete { .. } => "delete",
            Method::Restore { .. } => "restore",
            Method::Purge { .. } => "purge",
            Method::PatchWhere { .. } => "patch_where",
            Method::DeleteWhere(_) => "delete_where",
            Method::Plant { .. } => "custom SQL",
        }
    }

    /// Whether a read unit refuses the call.
    pub(super) fn writes(&self) -> bool {
        !matches!(
            self,
            Method::Find(_)
                | Method::Get(_)
                | Method::Exists(_)
                | Method::Count(_)
                | Method::Pages { .. }
                | Method::Follow { .. }
                | Method::Stream(_)
        )
    }
}

impl Action {
    /// Every call of the step.
    pub(super) fn calls(&self) -> Vec<&Call> {
        fn collect<'a>(body: &'a [Inner], into: &mut Vec<&'a Call>) {
            for inner in body {
                match inner {
                    Inner::Call(call) | Inner::Outside { call, .. } => into.push(call),
                    Inner::Savepoint { body, .. } => collect(body, into),
                }
            }
        }
        match self {
            Action::Call { call, .. } => vec![call],
            Action::Unit(unit) => {
                let mut calls = Vec::new();
                collect(&unit.body, &mut calls);
                calls.extend(&unit.after);
                calls
            }
            Action::WasDone { .. } | Action::ForgetKeys { .. } => Vec::new(),
        }
    }

    /// The number of operations: calls, beginnings and ends.
    pub(super) fn operations(&self) -> usize {
        fn of(body: &[Inner]) -> usize {
            let parts = body.iter().map(|inner| match inner {
                Inner::Call(_) | Inner::Outside { .. } => 1,
                Inner::Savepoint { body, .. } => 1 + of(body),
            });
            parts.sum()
        }
        match self {
            Action::Unit(unit) => 2 + of(&unit.body) + usize::from(unit.after.is_some()),
            Action::Call { .. } | Action::WasDone { .. } | Action::ForgetKeys { .. } => 1,
        }
    }
}
