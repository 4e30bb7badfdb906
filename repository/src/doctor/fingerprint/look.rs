//! What a store's own connection is told of its database.
//!
//! On Postgres it is one statement, and so one round trip. SQLite is in the process, and has no SQL that reads a
//! table which may not exist: the names of the migrations are a second statement, in the same snapshot.

use super::super::read::{self, Applied, Row, Seen, Unreadable};
use crate::dialect::{Access, Dialect, Extent, Text};
use crate::engine::Engine;
use crate::error::{ErrorKind, Result};
use crate::scope::Scope;
use crate::session::Session;
use crate::value::Value;

pub(super) async fn look<D: Dialect>(pool: &D::Pool, role: &str) -> Result<Seen> {
    let mut seen = once::<D>(pool, role).await?;
    for _ in 1..read::LOOKS {
        if !seen.was_changed() {
            break;
        }
        seen = once::<D>(pool, role).await?;
    }
    Ok(seen)
}

async fn once<D: Dialect>(pool: &D::Pool, role: &str) -> Result<Seen> {
    let scope = Scope::system("comparing the schema with the application's");
    let (extent, values) = match D::ENGINE {
        Engine::Sqlite => (Extent::Unit, Vec::new()),
        Engine::Postgres => (Extent::Statement, vec![Value::Text(role.to_owned())]),
    };
    let mut session = Session::<D>::begin(pool, &scope, Access::Read, extent).await?;
    let decode = |row: &D::Row| Ok((D::text(row, 0)?, D::text(row, 1)?, D::text(row, 3)?));
    let text = plain(read::catalog(D::ENGINE));
    let mut rows = Vec::new();
    for (kind, table, facts) in session.fetch(&text, values, decode).await? {
        rows.push(Row::new(kind, table, &facts).map_err(unreadable)?);
    }
    let applied = match read::told(&rows).map_err(unreadable)? {
        Some(applied) => applied,
        None => {
            let text = plain(read::NAMES);
            let names = session.fetch(&text, Vec::new(), |row| D::text(row, 0));
            Applied::Names(names.await?)
        }
    };
    session.rollback().await?;
    let schema = read::interpret(D::ENGINE, rows).map_err(unreadable)?;
    Ok(Seen { schema, applied })
}

fn plain(sql: &str) -> Text {
    Text {
        sql: sql.into(),
        table: None,
    }
}

/// Something that the application did not make.
fn unreadable(error: Unreadable) -> crate::Error {
    let reason = error.to_string();
    ErrorKind::SchemaDiffers { reason }.into()
}
