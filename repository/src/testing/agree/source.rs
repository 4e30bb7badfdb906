//! The clock and the ids of a compared store.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::operation::Turn;
use crate::model::clock::{Clock, IdSource};

/// A clock that stands still, and ids that count up. Both are set before each step, so that an engine that asks more
/// often than the other gives no later differences.
#[derive(Clone, Debug)]
pub(super) struct Source(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug)]
struct State {
    now: DateTime<Utc>,
    next: u128,
}

impl Source {
    pub(super) fn new() -> Self {
        Source(Arc::new(Mutex::new(State {
            now: DateTime::UNIX_EPOCH,
            next: 0,
        })))
    }

    pub(super) fn set(&self, turn: Turn) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State {
            now: turn.now,
            next: first_id(turn.number),
        };
    }
}

/// The first id of a turn.
pub(super) fn first_id(number: u32) -> u128 {
    // A version 7 UUID, so that its text is an ordinary one.
    0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(number) << 24
}

/// The time of a turn that is not about time: whole seconds of an ordinary day.
pub(super) fn ordinary_time(number: u32) -> DateTime<Utc> {
    let start = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
    start + TimeDelta::seconds(number.into())
}

impl Clock for Source {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now
    }
}

impl IdSource for Source {
    fn next_id(&self) -> Uuid {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.next += 1;
        Uuid::from_u128(state.next)
    }
}
