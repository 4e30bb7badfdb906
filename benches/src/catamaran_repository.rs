//! Catamaran, through the trait that an application writes to.

use std::sync::Arc;

use async_trait::async_trait;
use catamaran::{PageRequest, Query, Repository, Scope, Store};
use entity::{Habit, HabitDraft};
use uuid::Uuid;

use crate::contestant::{Contestant, MANY, Outcome, PAGE, Place, Rows, Unit};
use crate::dataset::OWNER;
use crate::operation::Operation;

/// Catamaran in one scope.
pub(crate) struct Catamaran {
    name: &'static str,
    store: Store,
    scope: Scope,
    habits: Arc<dyn Repository<Habit>>,
    pages: Query<Habit>,
    many: Query<Habit>,
}

impl Catamaran {
    /// In the owner's scope: the owner's predicate, and on Postgres role and claims.
    pub(crate) fn owner(store: &Store) -> Self {
        let scope = Scope::owner(OWNER);
        Self::in_scope("Catamaran", store, scope, Query::all())
    }

    /// In the system's scope, whose queries name the owner themselves.
    pub(crate) fn system(store: &Store) -> Self {
        let scope = Scope::system("what row level security costs");
        let owners = Habit::USER_ID.eq(OWNER).into();
        Self::in_scope("Catamaran system", store, scope, owners)
    }

    fn in_scope(name: &'static str, store: &Store, scope: Scope, query: Query<Habit>) -> Self {
        Catamaran {
            name,
            store: store.clone(),
            scope,
            habits: store.repository(&scope),
            pages: query.clone().order_by(Habit::UPDATED_AT.asc()),
            many: query,
        }
    }
}

#[async_trait]
impl Contestant for Catamaran {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_scoped(&self) -> bool {
        self.scope.owner_id().is_some()
    }

    fn can(&self, operation: Operation) -> bool {
        match operation {
            // A new row needs an owner, and the system's scope has none.
            Operation::Insert | Operation::InsertMany | Operation::Transaction => self.is_scoped(),
            Operation::Get | Operation::Page | Operation::Update | Operation::ReadMany => true,
        }
    }

    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
        Ok(self.habits.insert(draft).await?)
    }

    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
        Ok(self.habits.find(id).await?)
    }

    async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
        let request = match after {
            None => PageRequest::first(PAGE as u32),
            Some(Place::Cursor(cursor)) => PageRequest::after(PAGE as u32, cursor),
            Some(Place::Key(..)) => return Err("a key of another contestant".into()),
        };
        let page = self.habits.list(&self.pages, request).await?;
        Ok(Rows {
            items: page.items,
            next: page.next.map(Place::Cursor),
        })
    }

    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
        updated(self.habits.update(habit).await)
    }

    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
        Ok(self.habits.insert_many(drafts).await?)
    }

    async fn read_many(&self) -> Outcome<Vec<Habit>> {
        let request = PageRequest::first(MANY as u32);
        Ok(self.habits.list(&self.many, request).await?.items)
    }

    async fn begin(&self) -> Outcome<Box<dyn Unit>> {
        let unit = self.store.begin_write(&self.scope).await?;
        let habits = unit.repository();
        Ok(Box::new(Work { unit, habits }))
    }
}

/// A unit of work and its repository.
struct Work {
    unit: catamaran::Unit,
    habits: Arc<dyn Repository<Habit>>,
}

#[async_trait]
impl Unit for Work {
    async fn insert(&mut self, draft: HabitDraft) -> Outcome<Habit> {
        Ok(self.habits.insert(draft).await?)
    }

    async fn get(&mut self, id: Uuid) -> Outcome<Option<Habit>> {
        Ok(self.habits.find(id).await?)
    }

    async fn update(&mut self, habit: Habit) -> Outcome<Option<Habit>> {
        updated(self.habits.update(habit).await)
    }

    async fn commit(self: Box<Self>) -> Outcome<()> {
        Ok(self.unit.commit().await?)
    }
}

fn updated(result: catamaran::Result<Habit>) -> Outcome<Option<Habit>> {
    match result {
        Ok(habit) => Ok(Some(habit)),
        Err(error) if error.is_conflict() || error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
