//! Idempotency keys: a record of committed units of work, for callers that repeat a call.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::driver::Dialect;
use crate::model::derive::canonical;
use crate::model::domain::{ManagedColumns, PrimaryKey, Table, TableTypes, TypedColumn};
use crate::model::error::Result;
use crate::model::value::{MAX_BYTES, Value};
use crate::operation::Context;
use crate::session::Session;
use crate::sql::Sql;
use crate::sql::SqlText;

/// The table of the idempotency keys, for the domain of an application that uses
/// `Writing::once`.
///
/// A key belongs to the owner of the scope in which it is used, so that no owner sees the keys of another. The keys of
/// the system's scope belong to the nil UUID. A migration of the application creates the table; in the reference domain
/// it is `m20261122_000008_operation_keys`.
pub const OPERATION_KEYS: Table = Table {
    name: "catamaran_operation_keys",
    columns: &["user_id", "id", "created_at"],
    primary_key: PrimaryKey {
        name: "pk_catamaran_operation_keys",
        columns: &["user_id", "id"],
    },
    owner: Some("user_id"),
    managed: ManagedColumns {
        created: Some("created_at"),
        ..ManagedColumns::NONE
    },
    ..Table::BLANK
};

/// The column types of [`OPERATION_KEYS`], which has no record, for the models of the same domain.
pub const OPERATION_KEYS_TYPES: TableTypes = TableTypes {
    table: OPERATION_KEYS.name,
    columns: &[
        TypedColumn::new("user_id", "uuid"),
        TypedColumn::new("id", "uuid"),
        TypedColumn::new("created_at", "timestamptz"),
    ],
};

fn text(sql: Sql<impl Dialect>) -> SqlText {
    SqlText::new(sql.finish(), Some(&OPERATION_KEYS))
}

/// Inserts the key; returns whether it was new. Waits for a unit that has inserted it and has not ended.
pub(crate) async fn insert<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    key: Uuid,
) -> Result<bool> {
    context.check_scope(&OPERATION_KEYS)?;
    let mut sql = Sql::<D>::new("INSERT INTO ");
    sql.name(OPERATION_KEYS.name).push(" (");
    sql.names(OPERATION_KEYS.columns.iter().copied());
    sql.push(") VALUES (");
    sql.separated(", ", OPERATION_KEYS.columns, |sql, _| {
        sql.parameter();
    });
    sql.push(") ON CONFLICT DO NOTHING");
    let now = context.now().to_write()?;
    let owner = context.scope.owner_id().unwrap_or(Uuid::nil());
    let values = vec![Value::Uuid(owner), Value::Uuid(key), Value::Timestamp(now)];
    let inserted = session.execute(&text(sql), values).await?;
    Ok(inserted == 1)
}

/// Deletes the keys of the scope that were inserted before this time; returns how many.
pub(crate) async fn forget<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    mut before: DateTime<Utc>,
) -> Result<u64> {
    context.check_scope(&OPERATION_KEYS)?;
    canonical("before", &mut before, MAX_BYTES)?;
    let mut sql = Sql::<D>::new("DELETE FROM ");
    sql.name(OPERATION_KEYS.name)
        .push(" WHERE ")
        .name("created_at");
    sql.push(" < ").parameter();
    let mut values = vec![Value::Timestamp(before)];
    if let Some(owner) = context.scope.owner_id() {
        sql.push(" AND ").name("user_id").push(" = ").parameter();
        values.push(Value::Uuid(owner));
    }
    session.execute(&text(sql), values).await
}
