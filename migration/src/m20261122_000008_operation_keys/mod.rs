//! The idempotency keys of units of work that were committed.

mod postgres;
mod sqlite;

use catamaran::migrate::{Script, TwinMigration};

pub struct Migration;

impl TwinMigration for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000008_operation_keys"
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
