//! SeaORM as documented, and SeaORM tuned.
//!
//! Tuned means: no ping before a connection is used, no statement log, the keyset as a row value, and no
//! RETURNING where the row is known.

use async_trait::async_trait;
use catamaran::record::{Native, Twin};
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use futures_util::TryStreamExt;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Set, Statement, TransactionTrait,
};
use uuid::Uuid;

use crate::contestant::{
    Contestant, Outcome, PAGE, Place, Rows, Unit, Upsert, Visit, all_written, ten_calls,
};
use crate::contestants::sqlx_postgres;
use crate::dataset::{OWNER, now, stamped, to_write};
use crate::workload::Workload;

/// Rows of one INSERT: 11 columns each, below the 32,766 parameters of SQLite.
const CHUNK: usize = 2_900;

/// The same contestant over the entities of either engine.
macro_rules! contestant {
    ($module:ident, $dialect:ty) => {
        pub(crate) mod $module {
            use entity::$module::habit::{ActiveModel, Column, Entity, Model};

            use super::*;

            /// SeaORM over its own connection pool.
            pub(crate) struct SeaOrm {
                pub(crate) name: &'static str,
                pub(crate) db: DatabaseConnection,
                pub(crate) tuned: bool,
            }

            fn native<T: Native<$dialect>>(value: T) -> T::Native {
                value.into_native()
            }

            fn habit(model: Model) -> Habit {
                <Habit as Twin<$dialect>>::from_model(model).expect("a habit's values")
            }

            fn habits(models: Vec<Model>) -> Vec<Habit> {
                models.into_iter().map(habit).collect()
            }

            fn model(habit: Habit) -> ActiveModel {
                let model = <Habit as Twin<$dialect>>::into_model(habit);
                model.into_active_model().reset_all()
            }

            fn owned() -> sea_orm::Select<Entity> {
                Entity::find()
                    .filter(Column::UserId.eq(native(OWNER)))
                    .filter(Column::DeletedAt.is_null())
            }

            async fn insert(db: &impl ConnectionTrait, draft: HabitDraft) -> Outcome<Habit> {
                Ok(habit(model(stamped(draft)).insert(db).await?))
            }

            async fn insert_tuned(db: &impl ConnectionTrait, draft: HabitDraft) -> Outcome<Habit> {
                let habit = stamped(draft);
                let insert = Entity::insert(model(habit.clone()));
                insert.exec_without_returning(db).await?;
                Ok(habit)
            }

            async fn get(db: &impl ConnectionTrait, id: Uuid) -> Outcome<Option<Habit>> {
                let query = Entity::find_by_id(native(id))
                    .filter(Column::UserId.eq(native(OWNER)))
                    .filter(Column::DeletedAt.is_null());
                Ok(query.one(db).await?.map(habit))
            }

            async fn page(
                db: &impl ConnectionTrait,
                after: Option<(DateTime<Utc>, Uuid)>,
            ) -> Outcome<Rows> {
                let mut cursor = owned().cursor_by((Column::UpdatedAt, Column::Id));
                if let Some((updated_at, id)) = after {
                    cursor.after((native(updated_at), native(id)));
                }
                let models = cursor.first(PAGE as u64).all(db).await?;
                Ok(Rows::by_key(habits(models)))
            }

            async fn page_tuned(
                db: &impl ConnectionTrait,
                after: Option<(DateTime<Utc>, Uuid)>,
            ) -> Outcome<Rows> {
                let mut query = owned();
                if let Some((updated_at, id)) = after {
                    let key = [Expr::col(Column::UpdatedAt), Expr::col(Column::Id)];
                    let place = [Expr::val(native(updated_at)), Expr::val(native(id))];
                    query = query.filter(Expr::tuple(key).gt(Expr::tuple(place)));
                }
                let query = query
                    .order_by_asc(Column::UpdatedAt)
                    .order_by_asc(Column::Id)
                    .limit(PAGE as u64);
                Ok(Rows::by_key(habits(query.all(db).await?)))
            }

            async fn update(db: &impl ConnectionTrait, row: Habit) -> Outcome<Option<Habit>> {
                let changes = ActiveModel {
                    name: Set(row.name),
                    cadence: Set(row.cadence),
                    color: Set(row.color),
                    sort_order: Set(row.sort_order),
                    is_archived: Set(row.is_archived),
                    updated_at: Set(native(now())),
                    ..Default::default()
                };
                let update = Entity::update_many()
                    .set(changes)
                    .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                    .filter(Column::Id.eq(native(row.id)))
                    .filter(Column::UserId.eq(native(OWNER)))
                    .filter(Column::Version.eq(row.version))
                    .filter(Column::DeletedAt.is_null());
                Ok(update.exec_with_returning(db).await?.pop().map(habit))
            }

            /// Updates a row that exists if its version is unchanged.
            fn on_conflict() -> OnConflict {
                let stored = |column: Column| Expr::col((Entity, column));
                let excluded = |column: Column| Expr::col(("excluded", column));
                OnConflict::column(Column::Id)
                    .update_columns([
                        Column::Name,
                        Column::Cadence,
                        Column::Color,
                        Column::SortOrder,
                        Column::IsArchived,
                        Column::UpdatedAt,
                    ])
                    .value(Column::Version, excluded(Column::Version))
                    .action_and_where(stored(Column::UserId).eq(excluded(Column::UserId)))
                    .action_and_where(stored(Column::Version).eq(excluded(Column::Version).sub(1)))
                    .action_and_where(stored(Column::DeletedAt).is_null())
                    .to_owned()
            }

            impl SeaOrm {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is how SeaORM's documentation begins a transaction"
                )]
                async fn begin(&self) -> Outcome<DatabaseTransaction> {
                    Ok(self.db.begin().await?)
                }
            }

            #[async_trait]
            impl Contestant for SeaOrm {
                fn name(&self) -> &'static str {
                    self.name
                }

                fn can(&self, workload: Workload) -> bool {
                    let rls = self.db.get_database_backend() == DbBackend::Postgres;
                    !workload.is_on_one_thread() && (rls || workload != Workload::GetAsOwner)
                }

                async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
                    match self.tuned {
                        true => insert_tuned(&self.db, draft).await,
                        false => insert(&self.db, draft).await,
                    }
                }

                async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
                    get(&self.db, id).await
                }

                async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
                    let after = after.map(Place::key).transpose()?;
                    match self.tuned {
                        true => page_tuned(&self.db, after).await,
                        false => page(&self.db, after).await,
                    }
                }

                async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
                    update(&self.db, habit).await
                }

                async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
                    let rows: Vec<Habit> = drafts.into_iter().map(stamped).collect();
                    let transaction = self.begin().await?;
                    for chunk in rows.chunks(CHUNK) {
                        let insert = Entity::insert_many(chunk.iter().cloned().map(model));
                        if self.tuned {
                            insert.exec_without_returning(&transaction).await?;
                        } else {
                            insert.exec(&transaction).await?;
                        }
                    }
                    transaction.commit().await?;
                    Ok(rows)
                }

                async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
                    let rows = to_write(rows);
                    let transaction = self.begin().await?;
                    for chunk in rows.chunks(CHUNK) {
                        let insert = Entity::insert_many(chunk.iter().cloned().map(model))
                            .on_conflict(on_conflict());
                        let written = match self.tuned {
                            true => insert.exec_without_returning(&transaction).await?,
                            false => {
                                let models = insert.exec_with_returning(&transaction).await?;
                                models.len() as u64
                            }
                        };
                        all_written(chunk, written)?;
                    }
                    transaction.commit().await?;
                    Ok(rows)
                }

                async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>> {
                    let query = owned().order_by_asc(Column::Id).limit(limit as u64);
                    Ok(habits(query.all(&self.db).await?))
                }

                async fn stream_many(&self, limit: usize, visit: Visit<'_>) -> Outcome<()> {
                    let query = owned().order_by_asc(Column::Id).limit(limit as u64);
                    let mut rows = query.stream(&self.db).await?;
                    while let Some(model) = rows.try_next().await? {
                        visit(habit(model));
                    }
                    Ok(())
                }

                async fn count(&self, name: &str) -> Outcome<u64> {
                    let query = Entity::find()
                        .filter(Column::Name.eq(name))
                        .filter(Column::DeletedAt.is_null());
                    Ok(query.count(&self.db).await?)
                }

                async fn transaction(&self, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
                    let unit = Work {
                        transaction: self.begin().await?,
                        tuned: self.tuned,
                    };
                    ten_calls(Box::new(unit), row, drafts).await
                }

                async fn get_as_owner(&self, id: Uuid) -> Outcome<Option<Habit>> {
                    let transaction = self.begin().await?;
                    let set = Statement::from_sql_and_values(
                        DbBackend::Postgres,
                        sqlx_postgres::CLAIMS,
                        [sqlx_postgres::claims().into()],
                    );
                    transaction.execute_raw(set).await?;
                    let found = get(&transaction, id).await?;
                    transaction.commit().await?;
                    Ok(found)
                }
            }

            struct Work {
                transaction: DatabaseTransaction,
                tuned: bool,
            }

            #[async_trait]
            impl Unit for Work {
                async fn insert(&mut self, draft: HabitDraft) -> Outcome<Habit> {
                    match self.tuned {
                        true => insert_tuned(&self.transaction, draft).await,
                        false => insert(&self.transaction, draft).await,
                    }
                }

                async fn get(&mut self, id: Uuid) -> Outcome<Option<Habit>> {
                    get(&self.transaction, id).await
                }

                async fn update(&mut self, habit: Habit) -> Outcome<Option<Habit>> {
                    update(&self.transaction, habit).await
                }

                async fn commit(self: Box<Self>) -> Outcome<()> {
                    Ok(self.transaction.commit().await?)
                }
            }
        }
    };
}

contestant!(sqlite, catamaran::sqlite::Sqlite);
contestant!(postgres, catamaran::postgres::Postgres);
