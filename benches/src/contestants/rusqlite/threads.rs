//! rusqlite on a thread for each connection: a request goes there through a channel, and its result comes back.

use std::path::Path;
use std::sync::mpsc;
use std::thread;

use async_trait::async_trait;
use entity::{Habit, HabitDraft};
use rusqlite::Connection;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{READERS, calls, connect};
use crate::contestant::{Contestant, Outcome, Place, Rows, Upsert, Visit};
use crate::contestants::pool::Pool;
use crate::workload::Workload;

/// How many rows of a stream travel together.
const BATCH: usize = 256;

/// How many batches wait for a slow reader.
const BATCHES: usize = 4;

type Request = Box<dyn FnOnce(&mut Connection) + Send>;

/// A thread with a connection. It ends when this is dropped.
struct Worker(mpsc::Sender<Request>);

impl Worker {
    fn start(path: &Path, synchronous: &str, cache: &str) -> Outcome<Self> {
        let mut connection = connect(path, synchronous, cache)?;
        let (sender, requests) = mpsc::channel::<Request>();
        thread::spawn(move || {
            while let Ok(request) = requests.recv() {
                request(&mut connection);
            }
        });
        Ok(Worker(sender))
    }

    fn send(&self, request: impl FnOnce(&mut Connection) + Send + 'static) -> Outcome<()> {
        let sent = self.0.send(Box::new(request));
        sent.map_err(|_| "the thread has ended".into())
    }

    async fn call<T, F>(&self, call: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Outcome<T> + Send + 'static,
    {
        let (sender, result) = oneshot::channel();
        self.send(move |connection| {
            let _ = sender.send(call(connection));
        })?;
        result.await?
    }
}

pub(crate) struct Threads {
    writer: Worker,
    readers: Pool<Worker>,
}

impl Threads {
    pub(crate) fn open(path: &Path, synchronous: &str, cache: &str) -> Outcome<Self> {
        Ok(Threads {
            writer: Worker::start(path, synchronous, cache)?,
            readers: Pool::fill(READERS, || Worker::start(path, synchronous, cache))?,
        })
    }

    async fn read<T, F>(&self, call: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Outcome<T> + Send + 'static,
    {
        self.readers.lease().await?.call(call).await
    }
}

#[async_trait]
impl Contestant for Threads {
    fn name(&self) -> &'static str {
        "rusqlite"
    }

    fn can(&self, workload: Workload) -> bool {
        workload != Workload::GetAsOwner
    }

    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit> {
        self.writer.call(|db| calls::insert(db, draft)).await
    }

    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>> {
        self.read(move |db| calls::get(db, id)).await
    }

    async fn page(&self, after: Option<Place>) -> Outcome<Rows> {
        let after = after.map(Place::key).transpose()?;
        self.read(move |db| calls::page(db, after)).await
    }

    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>> {
        self.writer.call(|db| calls::update(db, habit)).await
    }

    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>> {
        self.writer.call(|db| calls::insert_many(db, drafts)).await
    }

    async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>> {
        self.writer.call(|db| calls::upsert_many(db, rows)).await
    }

    async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>> {
        self.read(move |db| calls::read_many(db, limit)).await
    }

    async fn stream_many(&self, limit: usize, visit: Visit<'_>) -> Outcome<()> {
        let reader = self.readers.lease().await?;
        let (sender, mut batches) = tokio::sync::mpsc::channel::<Outcome<Vec<Habit>>>(BATCHES);
        reader.send(move |db| {
            let mut batch = Vec::with_capacity(BATCH);
            let mut push = |row| {
                batch.push(row);
                if batch.len() == BATCH {
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                    let _ = sender.blocking_send(Ok(full));
                }
            };
            let streamed = calls::stream_many(db, limit, &mut push);
            let _ = sender.blocking_send(streamed.map(|()| batch));
        })?;
        while let Some(batch) = batches.recv().await {
            batch?.into_iter().for_each(&mut *visit);
        }
        Ok(())
    }

    async fn count(&self, name: &str) -> Outcome<u64> {
        let name = name.to_owned();
        self.read(move |db| calls::count(db, &name)).await
    }

    async fn transaction(&self, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit> {
        // All ten calls in one request, as a program on the bare driver would.
        let ten = |db: &mut Connection| calls::transaction(db, row, drafts);
        self.writer.call(ten).await
    }
}
