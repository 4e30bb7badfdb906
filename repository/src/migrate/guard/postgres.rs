//! The transaction and the settings of a script on Postgres.

use std::collections::BTreeSet;

use sea_orm::sqlx::PgConnection;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value};

use crate::migrate::script::Prepared;

/// Every setting that a script can change, except custom ones: Postgres does not list these.
const SETTINGS: &str = "SELECT (SELECT pg_catalog.jsonb_object_agg(s.name, pg_catalog.current_setting(s.name)) \
     FROM pg_catalog.pg_settings s WHERE s.context IN ('user', 'superuser'))::text, \
     pg_catalog.current_setting('role'), pg_catalog.current_setting('session_authorization')";

/// Sets those settings of a JSON object that differ. Parameter 2: whether only for the transaction.
const RESTORE: &str = "SELECT pg_catalog.count(pg_catalog.set_config(b.key, coalesce(b.value, ''), $2)) \
     FROM pg_catalog.jsonb_each_text($1::text::jsonb) b \
     WHERE coalesce(pg_catalog.current_setting(b.key, true), '') <> coalesce(b.value, '')";

/// The same for the role and the session's user, which Postgres does not list.
const RESTORE_USER: &str =
    "SELECT pg_catalog.set_config($1, $2, $3) WHERE pg_catalog.current_setting($1) <> $2";

/// The transaction, and the values of the settings whose names are in a JSON array.
const BEGUN: &str = "SELECT pg_catalog.pg_current_xact_id()::text, \
     (SELECT pg_catalog.jsonb_object_agg(n.name, pg_catalog.current_setting(n.name, true)) \
     FROM pg_catalog.jsonb_array_elements_text($1::text::jsonb) n (name))::text";

/// The settings of a connection before the first script.
pub(in crate::migrate) struct Session {
    /// The settings as a JSON object.
    settings: String,
    role: String,
    authorization: String,
    /// Whether they are restored until the end of the transaction only: in a transaction of the caller's, whose own
    /// settings may end there as well.
    local: bool,
    /// The settings of the runner itself, which end with the transaction.
    own: &'static str,
}

impl Session {
    /// Reads the settings. `local`: they are restored until the end of the transaction only.
    pub(in crate::migrate) async fn read<C: ConnectionTrait>(
        db: &C,
        local: bool,
    ) -> Result<Self, DbErr> {
        let row = one(db, SETTINGS, []).await?;
        Ok(Session {
            settings: row.try_get_by_index(0)?,
            role: row.try_get_by_index(1)?,
            authorization: row.try_get_by_index(2)?,
            local,
            own: "",
        })
    }

    /// The same, with statements that set what the runner relies on.
    pub(in crate::migrate) fn with(self, own: &'static str) -> Self {
        Session { own, ..self }
    }

    /// Sets the settings back. The role is first: it may be needed to set the others.
    pub(in crate::migrate) async fn restore<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<(), DbErr> {
        for (name, value) in self.users() {
            let values = [name.into(), value.into(), self.local.into()];
            let sql = Statement::from_sql_and_values(DbBackend::Postgres, RESTORE_USER, values);
            db.query_one_raw(sql).await?;
        }
        self.set(db, &self.settings).await?;
        if !self.own.is_empty() {
            db.execute_unprepared(self.own).await?;
        }
        Ok(())
    }

    async fn set<C: ConnectionTrait>(&self, db: &C, settings: &str) -> Result<(), DbErr> {
        one(db, RESTORE, [settings.into(), self.local.into()]).await?;
        Ok(())
    }

    /// Gives another connection these settings.
    pub(in crate::migrate) async fn restore_on(
        &self,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        for (name, value) in self.users() {
            let set = sqlx::query(RESTORE_USER).bind(name).bind(value);
            set.bind(self.local).execute(&mut *connection).await?;
        }
        let set = sqlx::query(RESTORE).bind(&self.settings).bind(self.local);
        set.execute(connection).await?;
        Ok(())
    }

    /// The role is set after the session's user, which resets it.
    fn users(&self) -> [(&'static str, &str); 2] {
        [
            ("session_authorization", &self.authorization),
            ("role", &self.role),
        ]
    }
}

/// The transaction and the custom settings before a script.
pub(super) struct Begun {
    transaction: String,
    custom: Option<String>,
}

/// Notes the transaction, and the custom settings whose names may be in the texts.
pub(super) async fn begin(tx: &DatabaseTransaction, texts: &[Prepared]) -> Result<Begun, DbErr> {
    let names: BTreeSet<&str> = texts.iter().flat_map(|text| dotted(&text.sql)).collect();
    let names = serde_json::Value::from_iter(names).to_string();
    let row = one(tx, BEGUN, [names.into()]).await?;
    Ok(Begun {
        transaction: row.try_get_by_index(0)?,
        custom: row.try_get_by_index(1)?,
    })
}

impl Begun {
    /// Whether the transaction is the one of [`begin`].
    pub(super) async fn is_same_transaction(
        &self,
        tx: &DatabaseTransaction,
    ) -> Result<bool, DbErr> {
        let now: String = one(tx, BEGUN, ["[]".into()]).await?.try_get_by_index(0)?;
        Ok(now == self.transaction)
    }

    /// Sets the custom settings back.
    pub(super) async fn restore_custom(
        &self,
        tx: &DatabaseTransaction,
        session: &Session,
    ) -> Result<(), DbErr> {
        match &self.custom {
            Some(custom) => session.set(tx, custom).await,
            None => Ok(()),
        }
    }
}

/// Names such as `app.tenant` anywhere in a text, also in the body of a function. A custom setting has such a name.
fn dotted(sql: &str) -> impl Iterator<Item = &str> {
    let in_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == '.';
    let is_part = |part: &str| part.starts_with(|c: char| c.is_alphabetic() || c == '_');
    sql.split(move |c| !in_name(c))
        .filter(move |name| name.contains('.') && name.split('.').all(is_part))
}

async fn one<C: ConnectionTrait, const N: usize>(
    db: &C,
    sql: &str,
    values: [Value; N],
) -> Result<sea_orm::QueryResult, DbErr> {
    let sql = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let row = db.query_one_raw(sql).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("a query without FROM returned no row".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_custom_settings_are_found_anywhere_in_a_text() {
        let sql = "SET app.tenant = '1.5'; DO $$ BEGIN PERFORM set_config('app.b.c', 'x', false); END $$; SELECT .5";
        assert_eq!(dotted(sql).collect::<Vec<_>>(), ["app.tenant", "app.b.c"]);
    }
}
