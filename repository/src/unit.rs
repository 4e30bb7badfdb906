//! Units of work: one transaction that hands out repositories.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::Mutex;

use crate::dialect::{Access, Dialect, Extent};
use crate::engine::Engine;
use crate::error::Result;
use crate::native::{NativeRepository, SharedSession, Source, UnitSession};
use crate::operation::Context;
use crate::session::{ENDED, Session};

/// A transaction of one dialect. [`Unit`](crate::Unit) is one of either.
///
/// Repositories that it hands out share its one connection; their calls follow one another. Dropping it
/// rolls back.
pub struct NativeUnit<D: Dialect> {
    session: SharedSession<D>,
    context: Context,
    access: Access,
}

impl<D: Dialect> NativeUnit<D> {
    pub(crate) async fn begin(pool: &D::Pool, context: Context, access: Access) -> Result<Self> {
        let session = Session::begin(pool, &context.scope, access, Extent::Unit).await?;
        Ok(NativeUnit {
            session: Arc::new(Mutex::new(Some(session))),
            context,
            access,
        })
    }

    /// A repository whose calls are part of the unit.
    pub fn repository<R>(&self) -> NativeRepository<R, D> {
        let source = Source::Unit {
            session: self.session.clone(),
            access: self.access,
        };
        NativeRepository::new(source, self.context.clone())
    }

    /// SeaORM's own door into the unit, for entities and statements of this dialect.
    pub fn seaorm(&self) -> SeaOrm<D> {
        SeaOrm {
            session: self.session.clone(),
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self.session.lock().await.take() {
            Some(session) => session.commit().await,
            None => Err(ENDED.into()),
        }
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        match self.session.lock().await.take() {
            Some(session) => session.rollback().await,
            None => Err(ENDED.into()),
        }
    }
}

impl<D: Dialect> Drop for NativeUnit<D> {
    fn drop(&mut self) {
        // A repository may outlive the unit; the session must not.
        if let Ok(mut session) = self.session.try_lock() {
            drop(session.take());
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let session = self.session.clone();
            runtime.spawn(async move { drop(session.lock().await.take()) });
        }
    }
}

/// SeaORM's own door into a unit of work: a `ConnectionTrait` over the unit's connection.
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
/// What goes through it is the application's own: owner, version, timestamps and soft delete are not
/// added on SQLite, and on Postgres only row level security is. A statement that fails forbids every
/// further call of the unit, as with repositories.
pub struct SeaOrm<D: Dialect> {
    session: SharedSession<D>,
}

impl<D: Dialect> SeaOrm<D> {
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
        self.session().await?.seaorm_execute(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.session().await?.seaorm_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let rows = self.query_all_raw(statement).await?;
        Ok(rows.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.session().await?.seaorm_fetch(statement).await
    }
}
