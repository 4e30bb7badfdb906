//! The workloads.

use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Workload {
    /// Inserts one row.
    Insert,
    /// 16 tasks, each of which inserts one row at a time.
    Inserters,
    /// Reads one row by id.
    Get,
    /// A keyset page of 50 by `(updated_at, id)`; each call reads the page after that of the call before.
    Page,
    /// Updates one row by compare-and-swap on its version, and returns the new row.
    Update,
    /// Inserts 10,000 rows atomically.
    InsertMany,
    /// Upserts 10,000 rows atomically, half of which exist and are compared by version.
    UpsertMany,
    /// Reads 10,000 rows.
    ReadMany,
    /// Reads 10,000 rows as a stream.
    StreamMany,
    /// A transaction of ten calls, five of which read.
    Transaction,
    /// 16 tasks with a mixture of reads and writes, beside a ticker.
    Mixture,
    /// The same on a runtime with one thread.
    MixtureOnOneThread,
    /// 4 tasks that count rows without an index, beside a ticker.
    Scan,
    /// The same on a runtime with one thread.
    ScanOnOneThread,
    /// Reads one row by id under row level security.
    GetAsOwner,
}

impl Workload {
    /// All of them, in the order of reports.
    pub const ALL: [Workload; 15] = [
        Workload::Insert,
        Workload::Inserters,
        Workload::Get,
        Workload::Page,
        Workload::Update,
        Workload::InsertMany,
        Workload::UpsertMany,
        Workload::ReadMany,
        Workload::StreamMany,
        Workload::Transaction,
        Workload::Mixture,
        Workload::MixtureOnOneThread,
        Workload::Scan,
        Workload::ScanOnOneThread,
        Workload::GetAsOwner,
    ];

    /// The short name, for `--only`.
    pub const fn code(self) -> &'static str {
        match self {
            Workload::Insert => "W1",
            Workload::Inserters => "W1c",
            Workload::Get => "W2",
            Workload::Page => "W3",
            Workload::Update => "W4",
            Workload::InsertMany => "W5",
            Workload::UpsertMany => "W6",
            Workload::ReadMany => "W7",
            Workload::StreamMany => "W7s",
            Workload::Transaction => "W8",
            Workload::Mixture => "W9",
            Workload::MixtureOnOneThread => "W9t",
            Workload::Scan => "S",
            Workload::ScanOnOneThread => "St",
            Workload::GetAsOwner => "W10",
        }
    }

    /// What it does.
    pub const fn name(self) -> &'static str {
        match self {
            Workload::Insert => "insert one",
            Workload::Inserters => "insert one, 16 tasks",
            Workload::Get => "get by id",
            Workload::Page => "page of 50",
            Workload::Update => "compare-and-swap update",
            Workload::InsertMany => "insert 10,000",
            Workload::UpsertMany => "upsert 10,000",
            Workload::ReadMany => "read 10,000",
            Workload::StreamMany => "stream 10,000",
            Workload::Transaction => "transaction of 10",
            Workload::Mixture => "mixture, 16 tasks",
            Workload::MixtureOnOneThread => "mixture, one thread",
            Workload::Scan => "full scan, 4 tasks",
            Workload::ScanOnOneThread => "full scan, one thread",
            Workload::GetAsOwner => "get under row level security",
        }
    }

    /// Whether a call takes so long that a few are enough.
    pub const fn is_bulk(self) -> bool {
        matches!(
            self,
            Workload::InsertMany | Workload::UpsertMany | Workload::ReadMany | Workload::StreamMany
        )
    }

    /// Whether it runs for a given time and has a ticker beside it.
    pub const fn has_ticker(self) -> bool {
        matches!(
            self,
            Workload::Mixture
                | Workload::MixtureOnOneThread
                | Workload::Scan
                | Workload::ScanOnOneThread
        )
    }

    /// Whether it runs on a runtime of its own with one thread.
    pub const fn is_on_one_thread(self) -> bool {
        matches!(
            self,
            Workload::MixtureOnOneThread | Workload::ScanOnOneThread
        )
    }

    /// Whether the report compares the client's processor time.
    pub const fn compares_cpu(self) -> bool {
        matches!(self, Workload::InsertMany | Workload::UpsertMany)
    }
}
