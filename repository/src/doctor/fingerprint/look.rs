//! What a store's own connection is told of its database.
//!
//! On Postgres it is one statement, and so one round trip. SQLite is in the process, and has no SQL that reads a
//! table which may not exist: the names of the migrations are a second statement, in the same snapshot.

use super::super::read::{self, Row, Unreadable};
use super::super::schema::Schema;
use crate::dialect::{Access, Dialect, Extent, Text};
use crate::engine::Engine;
use crate::error::{ErrorKind, Result};
use crate::scope::Scope;
use crate::session::Session;
use crate::value::Value;

/// What was seen.
pub(super) struct Seen {
    pub(super) schema: Schema,
    applied: Applied,
}

/// The migrations that SeaORM has recorded.
enum Applied {
    Names(Vec<String>),
    NotPermitted,
}

impl Seen {
    pub(super) fn applied(&self) -> Result<&[String]> {
        match &self.applied {
            Applied::Names(names) => Ok(names),
            Applied::NotPermitted => Err(ErrorKind::Permission {
                reason: "the role may not read which migrations are applied; grant it SELECT on seaql_migrations".into(),
            }
            .into()),
        }
    }
}

pub(super) async fn look<D: Dialect>(pool: &D::Pool, role: &str) -> Result<Seen> {
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
    let history = rows.iter().find(|row| row.kind == "history");
    let applied = match (history, D::ENGINE) {
        (None, _) => Applied::Names(Vec::new()),
        (Some(_), Engine::Sqlite) => {
            let text = plain("SELECT version FROM seaql_migrations ORDER BY version");
            let names = session.fetch(&text, Vec::new(), |row| D::text(row, 0));
            Applied::Names(names.await?)
        }
        (Some(row), Engine::Postgres) => recorded(row).map_err(unreadable)?,
    };
    session.rollback().await?;
    let schema = read::interpret(D::ENGINE, rows).map_err(unreadable)?;
    Ok(Seen { schema, applied })
}

/// The names as Postgres tells them: a JSON array in a text, or nothing where none is recorded.
fn recorded(row: &Row) -> Result<Applied, Unreadable> {
    if !row.flag(1)? {
        return Ok(Applied::NotPermitted);
    }
    let names = row.optional_text(0)?.unwrap_or_default();
    match names.as_str() {
        "" => Ok(Applied::Names(Vec::new())),
        names => serde_json::from_str(names)
            .map(Applied::Names)
            .map_err(|error| Unreadable::Catalog(error.to_string())),
    }
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
