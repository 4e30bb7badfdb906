//! A SeaORM `ConnectionTrait` over a unit of work.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::{SharedSession, UnitSession};
use crate::driver::Dialect;
use crate::model::engine::Engine;
use crate::model::error::Result;

/// A SeaORM `ConnectionTrait` over the connection of a unit of work.
///
/// ```no_run
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{Note, sqlite};
/// # async fn tour(store: catamaran::Store) -> Result<(), Box<dyn std::error::Error>> {
/// use catamaran::{Scope, Unit};
/// use sea_orm::{EntityTrait, PaginatorTrait};
///
/// let unit = store.begin_write(&Scope::system("counting for the report")).await?;
/// if let Unit::Sqlite(native) = &unit {
///     let notes = sqlite::note::Entity::find().count(&native.seaorm()).await?;
///     println!("{notes} notes, the deleted ones and every owner's");
/// }
/// unit.commit().await?;
/// # Ok(())
/// # }
/// ```
///
/// Its statements are the application's: the library adds no owner, version, timestamps or soft delete. On Postgres row
/// level security still applies. A statement that the database refuses ends the unit.
///
/// [`InvalidQuery`](crate::ErrorKind::InvalidQuery) refuses a statement that would control the transaction. In an
/// owner's scope it also refuses statements that do not only read and write rows. If it was to be executed, and not
/// queried, the unit ends as after any write that is refused. Settings, temporary tables and locks end with the unit.
pub struct SeaOrm<D: Dialect> {
    session: SharedSession<D>,
}

impl<D: Dialect> SeaOrm<D> {
    pub(super) fn new(session: SharedSession<D>) -> Self {
        SeaOrm { session }
    }

    async fn session(&self) -> Result<UnitSession<D>, DbErr> {
        Ok(UnitSession::lock(&self.session).await?)
    }
}

#[async_trait]
impl<D: Dialect> ConnectionTrait for SeaOrm<D> {
    fn get_database_backend(&self) -> DbBackend {
        match D::ENGINE {
            Engine::Sqlite => DbBackend::Sqlite,
            Engine::Postgres => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut session = self.session().await?;
        let executed = session.seaorm_execute(statement).await;
        executed.inspect_err(|error| session.fail_write(&error.clone().into()))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut session = self.session().await?;
        let executed = session.seaorm_unprepared(sql).await;
        executed.inspect_err(|error| session.fail_write(&error.clone().into()))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let rows = self.query_all_raw(statement).await?;
        Ok(rows.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.session().await?.seaorm_fetch(statement).await
    }
}
