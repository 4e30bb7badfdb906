//! Concurrent writers on the store whose calls are dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use catamaran::{Error, Store};
use entity::{Device, DeviceDraft};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tokio::task::JoinHandle;

use crate::soak::tally::Tally;
use crate::users::{BOB, scope};

/// How many write at once.
const WRITERS: usize = 3;

type Written = (Vec<(Device, Instant, Instant)>, Option<Error>);

/// Writers that go on until they are stopped, and can be paused.
pub struct Load {
    /// Held for reading while one writes.
    gate: Arc<RwLock<()>>,
    over: Arc<AtomicBool>,
    writers: Vec<JoinHandle<Written>>,
}

impl Load {
    pub fn start(store: &Store) -> Self {
        let gate = Arc::new(RwLock::new(()));
        let over = Arc::new(AtomicBool::new(false));
        let writers = (0..WRITERS)
            .map(|_| tokio::spawn(write(store.clone(), gate.clone(), over.clone())))
            .collect();
        Load {
            gate,
            over,
            writers,
        }
    }

    /// Stops the writers until the returned lock is dropped.
    pub async fn pause(&self) -> OwnedRwLockWriteGuard<()> {
        self.gate.clone().write_owned().await
    }

    /// What was acknowledged.
    pub async fn stop(self, tally: &Tally) -> Vec<Device> {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for writer in self.writers {
            let (written, error) = writer.await.expect("no panic");
            for (device, begun, ended) in written {
                tally.acknowledged(ended - begun);
                all.push(device);
            }
            if let Some(error) = error {
                tally.failed(&error);
                tally.violated(format!("a write beside dropped calls: {error:?}"));
            }
        }
        all
    }
}

async fn write(store: Store, gate: Arc<RwLock<()>>, over: Arc<AtomicBool>) -> Written {
    let devices = store.repository::<Device>(&scope(BOB));
    let mut written = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let _working = gate.read().await;
        let begun = Instant::now();
        match devices.insert(DeviceDraft::new("beside")).await {
            Ok(device) => written.push((device, begun, Instant::now())),
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}
