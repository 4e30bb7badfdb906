//! One living entry for each owner, habit and day, where the owner was no part of the key.
//!
//! Without the owner in it, the key told who asked: an entry on another owner's habit was a clash of the key
//! if that habit had the day, and a missing parent if it had not. With the owner in it, only an owner's own
//! rows can clash, and another's habit is a missing parent either way.

mod postgres;
mod sqlite;

use catamaran::migrate::{Script, TwinMigration};

pub struct Migration;

impl TwinMigration for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000007_entry_key_per_owner"
    }

    fn sqlite_up(&self) -> Script {
        sqlite::up()
    }

    fn sqlite_down(&self) -> Script {
        sqlite::down()
    }

    fn postgres_up(&self) -> Script {
        postgres::up()
    }

    fn postgres_down(&self) -> Script {
        postgres::down()
    }
}
