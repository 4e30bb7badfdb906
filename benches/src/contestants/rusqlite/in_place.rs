//! rusqlite called in place: in the task itself, which blocks a thread of the runtime meanwhile.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use entity::{Habit, HabitDraft};
use rusqlite::Connection;
use uuid::Uuid;

use super::{READERS, calls, connect};
use crate::contestant::{Contestant, Outcome, Place, Rows, Upsert, Visit};
use crate::contestants::pool::Pool;

pub(crate) struct InPlace {
    writer: Mutex<Connection>,
    readers: Pool<Connection>,
}

impl InPlace {
    pub(crate) fn open(path: &Path, synchronous: &str, cache: &str) -> Outcome<Self> {
        Ok(InPlace {
            writer: Mutex::new(connect(path, synchronous, cache)?),
            readers: Pool::fill(READERS, || connect(path, synchronous, cache))?,
        })
    }

    fn write<T>(&self, call: impl FnOnce(&mut Connection) -> Outcome<T>) -> Outcome<T> {
        call(&mut self.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn read<T>(&self, call: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
        call(&*self.readers.lease().await?)
    }
}

#[async_trait]
impl Contestant for InPlace {
    fn name(&self) -> &'static str {
        "rusqlite in place"
    }

    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
        self.write(|db| calls::insert(db, draft))
    }

    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
        self.read(|db| calls::get(db, id)).await
    }

    async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
        let after = after.map(Place::key).transpose()?;
        self.read(|db| calls::page(db, after)).await
    }

    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
        self.write(|db| calls::update(db, habit))
    }

    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
        self.write(|db| calls::insert_many(db, drafts))
    }

    async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
        self.write(|db| calls::upsert_many(db, rows))
    }

    async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>> {
        self.read(|db| calls::read_many(db, limit)).await
    }

    async fn stream_many(&self, limit: usize, visit: Visit<'_>) -> Outcome<()> {
        self.read(|db| calls::stream_many(db, limit, visit)).await
    }

    async fn count(&self, name: &str) -> Outcome<u64> {
        self.read(|db| calls::count(db, name)).await
    }

    async fn transaction(&self, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
        self.write(|db| calls::transaction(db, row, drafts))
    }
}
