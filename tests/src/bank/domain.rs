//! Names of tables, keys and checks.

use catamaran::domain::{
    Action, Check, Domain, ForeignKey, Presence, PrimaryKey, Table, UniqueKey,
};

/// Both tables.
pub const DOMAIN: Domain = Domain {
    tables: &[ACCOUNTS, TRANSFERS],
    ..Domain::BLANK
};

/// Balances.
pub const ACCOUNTS: Table = Table {
    name: "accounts",
    columns: &["id", "user_id", "balance", "updated_at", "version"],
    primary_key: PrimaryKey {
        name: "pk_accounts",
        columns: &["id"],
    },
    owner: Some("user_id"),
    defaults: &[],
    unique_keys: &[UniqueKey {
        name: "uq_accounts__user_id_id",
        columns: &["user_id", "id"],
    }],
    indexes: &[],
    foreign_keys: &[],
    checks: &[Check::on_both("ck_accounts__balance")],
    presence: Presence::Both,
    ..Table::BLANK
};

/// The ledger.
pub const TRANSFERS: Table = Table {
    name: "transfers",
    columns: &["id", "user_id", "source", "target", "amount"],
    primary_key: PrimaryKey {
        name: "pk_transfers",
        columns: &["id"],
    },
    owner: Some("user_id"),
    defaults: &[],
    unique_keys: &[],
    indexes: &[],
    foreign_keys: &[
        between("fk_transfers__user_id_source", &["user_id", "source"]),
        between("fk_transfers__user_id_target", &["user_id", "target"]),
    ],
    checks: &[Check::on_both("ck_transfers__amount")],
    presence: Presence::Both,
    ..Table::BLANK
};

const fn between(name: &'static str, columns: &'static [&'static str]) -> ForeignKey {
    ForeignKey {
        name,
        columns,
        references: "accounts",
        referenced_columns: &["user_id", "id"],
        on_delete: Action::NoAction,
        on_update: Action::NoAction,
    }
}
