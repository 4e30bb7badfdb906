//! Catamaran, through the trait that an application writes to.

use std::sync::Arc;

use async_trait::async_trait;
use catamaran::record::Stored;
use catamaran::{Filter, PageRequest, Query, Record, Repository, Scope, Store};
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::contestant::{Contestant, Outcome, PAGE, Place, Rows, Unit, Upsert, Visit, ten_calls};
use crate::dataset::OWNER;
use crate::workload::Workload;

/// Catamaran in one scope.
pub(crate) struct Catamaran<R: Row> {
    store: Store,
    scope: Scope,
    rows: Arc<dyn Repository<R>>,
    pages: Query<R>,
    many: Query<R>,
}

/// A record of the table of habits.
#[async_trait]
pub(crate) trait Row: Stored + Record<Id = Uuid> + From<Habit> + Into<Habit> {
    const NAME: &'static str;

    fn draft(draft: HabitDraft) -> Self::Draft;

    /// The rows of the owner, among those that the scope sees.
    fn of_owner() -> Query<Self>;

    fn by_update() -> catamaran::Order<Self>;

    fn named(name: &str) -> Filter<Self>;
}

/// A habit without an owner: the column is a column like any other. The system's scope inserts no owned record.
#[derive(Clone, Debug, PartialEq, Eq, catamaran::Record)]
#[record(table = HABITS, sqlite = entity::sqlite::habit, postgres = entity::postgres::habit)]
pub(crate) struct AnyHabit {
    #[record(id)]
    id: Uuid,
    user_id: Uuid,
    name: String,
    cadence: String,
    color: String,
    sort_order: i32,
    is_archived: bool,
    #[record(created)]
    created_at: DateTime<Utc>,
    #[record(updated)]
    updated_at: DateTime<Utc>,
    #[record(version)]
    version: i64,
    #[record(deleted)]
    deleted_at: Option<DateTime<Utc>>,
}

const HABITS: catamaran::domain::Table = catamaran::domain::Table {
    owner: None,
    ..entity::domain::HABITS
};

impl Row for Habit {
    const NAME: &'static str = "Catamaran owner";

    fn draft(draft: HabitDraft) -> HabitDraft {
        draft
    }

    fn of_owner() -> Query<Self> {
        Query::all()
    }

    fn by_update() -> catamaran::Order<Self> {
        Habit::UPDATED_AT.asc()
    }

    fn named(name: &str) -> Filter<Self> {
        Habit::NAME.eq(name)
    }
}

impl Row for AnyHabit {
    const NAME: &'static str = "Catamaran system";

    fn draft(draft: HabitDraft) -> AnyHabitDraft {
        AnyHabitDraft {
            id: draft.id,
            user_id: OWNER,
            name: draft.name,
            cadence: draft.cadence,
            color: draft.color,
            sort_order: draft.sort_order,
            is_archived: draft.is_archived,
        }
    }

    fn of_owner() -> Query<Self> {
        AnyHabit::USER_ID.eq(OWNER).into()
    }

    fn by_update() -> catamaran::Order<Self> {
        AnyHabit::UPDATED_AT.asc()
    }

    fn named(name: &str) -> Filter<Self> {
        AnyHabit::NAME.eq(name)
    }
}

macro_rules! convert {
    ($from:ident, $into:ident) => {
        impl From<$from> for $into {
            fn from(row: $from) -> Self {
                $into {
                    id: row.id,
                    user_id: row.user_id,
                    name: row.name,
                    cadence: row.cadence,
                    color: row.color,
                    sort_order: row.sort_order,
                    is_archived: row.is_archived,
                    created_at: row.created_at,
                    updated_at: row.updated_at,
                    version: row.version,
                    deleted_at: row.deleted_at,
                }
            }
        }
    };
}

convert!(Habit, AnyHabit);
convert!(AnyHabit, Habit);

impl Catamaran<Habit> {
    /// In the owner's scope: the owner's predicate, and on Postgres role and claims.
    pub(crate) fn owner(store: &Store) -> Self {
        Self::in_scope(store, Scope::owner(OWNER))
    }
}

impl Catamaran<AnyHabit> {
    /// In the system's scope, whose queries name the owner themselves.
    pub(crate) fn system(store: &Store) -> Self {
        Self::in_scope(store, Scope::system("what an owner's scope costs"))
    }
}

impl<R: Row> Catamaran<R> {
    fn in_scope(store: &Store, scope: Scope) -> Self {
        Catamaran {
            store: store.clone(),
            scope,
            rows: store.repository(&scope),
            pages: R::of_owner().order_by(R::by_update()),
            many: R::of_owner(),
        }
    }
}

#[async_trait]
impl<R: Row> Contestant for Catamaran<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn is_scoped(&self) -> bool {
        self.scope.owner_id().is_some()
    }

    fn can(&self, workload: Workload) -> bool {
        match workload {
            // An owner's scope counts the owner's rows only.
            Workload::Scan | Workload::ScanOnOneThread => !self.is_scoped(),
            Workload::GetAsOwner => self.is_scoped(),
            _ => true,
        }
    }

    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
        Ok(self.rows.insert(R::draft(draft)).await?.into())
    }

    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
        Ok(self.rows.find(id).await?.map(Into::into))
    }

    async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
        let request = match after {
            None => PageRequest::first(PAGE as u32),
            Some(Place::Cursor(cursor)) => PageRequest::after(PAGE as u32, cursor),
            Some(Place::Key(..)) => return Err("a key of another contestant".into()),
        };
        let page = self.rows.list(&self.pages, request).await?;
        Ok(Rows {
            items: habits(page.items),
            next: page.next.map(Place::Cursor),
        })
    }

    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
        updated(self.rows.update(habit.into()).await)
    }

    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
        let drafts = drafts.into_iter().map(R::draft).collect();
        Ok(habits(self.rows.insert_many(drafts).await?))
    }

    async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
        let rows = rows.into_iter().map(|row| match row {
            Upsert::New(draft) => catamaran::Upsert::new(R::draft(draft)),
            Upsert::Seen(row) => catamaran::Upsert::seen(row.into()),
        });
        let stored = self.rows.upsert_many(rows.collect()).await?;
        let stored = stored.into_iter().map(|row| row.into_record().into());
        Ok(stored.collect())
    }

    async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>> {
        let request = PageRequest::first(u32::try_from(limit)?);
        Ok(habits(self.rows.list(&self.many, request).await?.items))
    }

    async fn stream_many(&self, _limit: usize, visit: Visit<'_>) -> Outcome<()> {
        // The owner has no more rows than the limit.
        let mut rows = self.rows.stream(self.many.clone());
        while let Some(row) = rows.try_next().await? {
            visit(row.into());
        }
        Ok(())
    }

    async fn count(&self, name: &str) -> Outcome<u64> {
        Ok(self.rows.count(&R::named(name).into()).await?)
    }

    async fn transaction(&self, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
        let unit = self.store.begin_write(&self.scope).await?;
        let rows = unit.repository::<R>();
        ten_calls(Box::new(Work { unit, rows }), row, drafts).await
    }

    async fn get_as_owner(&self, id: Uuid) -> Outcome<Option<Habit>> {
        self.get(id).await
    }
}

fn habits<R: Row>(rows: Vec<R>) -> Vec<Habit> {
    rows.into_iter().map(Into::into).collect()
}

/// A unit of work and its repository.
struct Work<R: Row> {
    unit: catamaran::Unit,
    rows: Arc<dyn Repository<R>>,
}

#[async_trait]
impl<R: Row> Unit for Work<R> {
    async fn insert(&mut self, draft: HabitDraft) -> Outcome<Habit> {
        Ok(self.rows.insert(R::draft(draft)).await?.into())
    }

    async fn get(&mut self, id: Uuid) -> Outcome<Option<Habit>> {
        Ok(self.rows.find(id).await?.map(Into::into))
    }

    async fn update(&mut self, habit: Habit) -> Outcome<Option<Habit>> {
        updated(self.rows.update(habit.into()).await)
    }

    async fn commit(self: Box<Self>) -> Outcome<()> {
        Ok(self.unit.commit().await?)
    }
}

fn updated<R: Row>(result: catamaran::Result<R>) -> Outcome<Option<Habit>> {
    match result {
        Ok(row) => Ok(Some(row.into())),
        Err(error) if error.is_conflict() || error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
