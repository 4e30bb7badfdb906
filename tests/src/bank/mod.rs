//! A domain of accounts and transfers. The sum of the balances never changes.

mod domain;
mod migrations;
mod postgres;
mod sqlite;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use domain::{ACCOUNTS, DOMAIN, TRANSFERS};
pub use migrations::{History, Migrator};

/// An account of an owner.
#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::ACCOUNTS, sqlite = self::sqlite::account, postgres = self::postgres::account)]
pub struct Account {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The owner.
    #[record(owner)]
    pub user_id: Uuid,
    /// How much; never below zero.
    pub balance: i64,
    /// When it was last written.
    #[record(updated)]
    pub updated_at: DateTime<Utc>,
    /// How often it was written.
    #[record(version)]
    pub version: i64,
}

/// What went from one account to another of the same owner. Never changed.
#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::TRANSFERS, sqlite = self::sqlite::transfer, postgres = self::postgres::transfer)]
pub struct Transfer {
    /// The id, made by the client.
    #[record(id)]
    pub id: Uuid,
    /// The owner.
    #[record(owner)]
    pub user_id: Uuid,
    /// The account that has less.
    pub source: Uuid,
    /// The account that has more.
    pub target: Uuid,
    /// How much.
    pub amount: i64,
}
