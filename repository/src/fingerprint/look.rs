//! What a store's own connection is told of its database.
//!
//! On Postgres it is one statement behind the one that pins the search path. SQLite is in the process, and has no SQL that
//! reads a table which may not exist: the names of the migrations are a second statement, in the same snapshot.

use super::read;
use super::read::{Row, Seen, Unreadable, equivalent};
use super::schema::Schema;
use crate::driver::{Access, Dialect, Extent};
use crate::model::engine::Engine;
use crate::model::error::{ErrorKind, Result};
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::session::Session;
use crate::sql::SqlText;

pub(crate) async fn look<D: Dialect>(pool: &D::Pool, role: &str) -> Result<Seen> {
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
    let mut session = Session::<D>::begin(pool, &scope, Access::Read, Extent::Unit).await?;
    let values = match D::ENGINE {
        Engine::Sqlite => Vec::new(),
        Engine::Postgres => {
            let schema = text(&mut session, read::PIN).await?;
            vec![Value::Text(role.to_owned()), Value::Text(schema)]
        }
    };
    let decode = |row: &D::Row| {
        Ok((
            D::get::<String>(row, 0)?,
            D::get::<String>(row, 1)?,
            D::get::<String>(row, 3)?,
        ))
    };
    let text = plain(read::catalog(D::ENGINE));
    let mut rows = Vec::new();
    for (kind, table, facts) in session.fetch(&text, values, decode).await? {
        rows.push(Row::new(kind, table, &facts).map_err(unreadable)?);
    }
    let applied = match read::told(&rows).map_err(unreadable)? {
        Some(applied) => applied,
        None => {
            let text = plain(read::NAMES);
            let rows = session.fetch(&text, Vec::new(), |row| D::get::<String>(row, 0));
            read::recorded(&rows.await?)
        }
    };
    session.rollback().await?;
    let schema = read::interpret(D::ENGINE, rows).map_err(unreadable)?;
    Ok(Seen { schema, applied })
}

/// Asks about whatever differs, as the doctor does.
pub(crate) async fn settle<D: Dialect>(pool: &D::Pool, wanted: &Schema, found: &mut Schema) {
    for mut pair in equivalent::pairs(wanted, found) {
        for kind in 0..2 {
            let questions: Vec<String> = pair.questions()[kind].iter().copied().cloned().collect();
            let answers = answers::<D>(pool, &questions).await;
            if answers.is_ok_and(|answers| pair.settle(&answers)) {
                break;
            }
        }
    }
}

/// In a session of their own, since one that fails ends it.
async fn answers<D: Dialect>(pool: &D::Pool, questions: &[String]) -> Result<Vec<String>> {
    let scope = Scope::system("asking whether two expressions are alike");
    let mut session = Session::<D>::begin(pool, &scope, Access::Read, Extent::Unit).await?;
    let answers = async {
        if D::ENGINE == Engine::Postgres {
            text(&mut session, equivalent::SETTINGS).await?;
        }
        let mut answers = Vec::new();
        for question in questions {
            answers.push(text(&mut session, question).await?);
        }
        Ok(answers)
    };
    let answers = answers.await;
    session.rollback().await?;
    answers
}

/// The rows of one column, a line each.
async fn text<D: Dialect>(session: &mut Session<D>, sql: &str) -> Result<String> {
    let sql = plain(sql);
    let texts = session.fetch(&sql, Vec::new(), |row| D::get::<String>(row, 0));
    Ok(texts.await?.join("\n"))
}

fn plain(sql: &str) -> SqlText {
    SqlText {
        sql: sql.into(),
        table: None,
    }
}

/// Something that the application did not make.
fn unreadable(error: Unreadable) -> crate::model::error::Error {
    let reason = error.to_string();
    ErrorKind::SchemaDiffers { reason }.into()
}
