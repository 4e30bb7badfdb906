//! When a connection is tested before it is used, or replaced by a new one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::driver::Access;
use crate::model::error::Error;

/// A connection that was idle for longer is tested before it is used.
const IDLE: Duration = Duration::from_secs(30);

/// The same for a write that commits itself. If it is sent to a lost connection, its outcome is unknown, so that it
/// cannot be sent again.
const IDLE_BEFORE_COMMIT: Duration = Duration::from_secs(2);

/// The longest time that a test waits for the answer.
const LONGEST_TEST: Duration = Duration::from_secs(1);

/// How long a test waits for the answer. The rest of `acquire_timeout` is for a new connection.
pub(super) fn test_limit(acquire_timeout: Duration) -> Duration {
    LONGEST_TEST.min(acquire_timeout / 4)
}

/// What must be done before a connection is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Usable,
    /// It must be tested.
    Unknown,
    /// It must be replaced.
    Retired,
}

/// The age of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Age {
    /// When connecting began.
    made: Instant,
    /// When the last message was sent that was answered.
    used: Instant,
    /// When its lifetime ends.
    expires: Option<Instant>,
    /// Whether it was made for the session that has it.
    is_new: bool,
}

impl Age {
    /// That of a connection which is made now. Its lifetime is up to a fifth shorter, at random, so that the connections
    /// of a store do not all end at once.
    pub(super) fn zero(max_lifetime: Option<Duration>) -> Self {
        let now = Instant::now();
        let lifetime = max_lifetime.map(|longest| longest.mul_f64(1.0 - fastrand::f64() / 5.0));
        Age {
            made: now,
            used: now,
            expires: lifetime.and_then(|lifetime| now.checked_add(lifetime)),
            is_new: true,
        }
    }

    /// A message is sent.
    pub(super) fn used(&mut self) {
        self.used = Instant::now();
    }

    /// A message that was sent then was answered.
    pub(super) fn answered(&mut self, sent: Instant) {
        self.used = self.used.max(sent);
    }

    /// Another session takes the connection.
    pub(super) fn taken_again(&mut self) {
        self.is_new = false;
    }

    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }
}

/// What a store has noticed of its server, and when. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Incidents(Arc<Mutex<Times>>);

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    /// A connection was lost. All that were last used before may be lost as well.
    lost: Option<Instant>,
    /// A test was not answered. All that were last used before are not worth a test.
    silent: Option<Instant>,
    /// A write was refused as read only. A connection that is made later may lead to another server, or have another
    /// setting.
    read_only: Option<Instant>,
    /// The last `read_only` after which a new connection could write. All that were made before are of the past: they
    /// may lead to a former primary, whose rows are no longer the latest.
    replaced: Option<Instant>,
}

impl Incidents {
    fn with<T>(&self, change: impl FnOnce(&mut Times) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A connection was given up.
    pub(super) fn lost(&self) {
        self.with(|times| times.lost = Some(Instant::now()));
    }

    /// A test that began then was not answered.
    pub(super) fn silent(&self, began: Instant) {
        self.with(|times| times.silent = times.silent.max(Some(began)));
        self.lost();
    }

    /// A statement of a session gave this error.
    pub(super) fn failed(&self, access: Access, error: &Error) {
        if error.breaks_connection() {
            self.lost();
        }
        if access == Access::Write && error.is_read_only_database() {
            self.with(|times| times.read_only = Some(Instant::now()));
        }
    }

    /// Whether it is of interest that a new connection can write.
    pub(super) fn awaits_writable(&self) -> bool {
        self.with(|times| times.read_only > times.replaced)
    }

    /// A connection of this age can write.
    pub(super) fn writable(&self, age: &Age) {
        self.with(|times| {
            let refused = times.read_only.filter(|refused| *refused < age.made);
            times.replaced = times.replaced.max(refused);
        });
    }

    /// What must be done before any use.
    pub(super) fn condition(&self, age: &Age) -> Condition {
        let times = self.with(|times| *times);
        let expired = age.expires.is_some_and(|expires| expires <= Instant::now());
        if expired || times.silent >= Some(age.used) || times.replaced >= Some(age.made) {
            return Condition::Retired;
        }
        match times.lost >= Some(age.used) || age.used.elapsed() > IDLE {
            true => Condition::Unknown,
            false => Condition::Usable,
        }
    }

    /// What must be done before a write, besides [`condition`](Self::condition).
    pub(super) fn condition_to_write(&self, age: &Age, commits_itself: bool) -> Condition {
        let read_only = self.with(|times| times.read_only);
        match () {
            // Otherwise a server that is read only would have connections made for ever.
            () if age.is_new => Condition::Usable,
            () if read_only >= Some(age.made) => Condition::Retired,
            () if commits_itself && age.used.elapsed() > IDLE_BEFORE_COMMIT => Condition::Unknown,
            () => Condition::Usable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::ErrorKind;

    fn made_before(incidents: &Incidents, then: impl FnOnce(&Incidents)) -> Age {
        let mut age = Age::zero(None);
        age.taken_again();
        then(incidents);
        age
    }

    fn refused_as_read_only() -> Error {
        let kind = ErrorKind::ReadOnly {
            reason: "a test".into(),
        };
        Error::with_cause(kind, Some("25006".to_owned()), String::new())
    }

    #[test]
    fn lifetimes_differ_and_are_at_most_a_fifth_shorter() {
        let longest = Duration::from_secs(100);
        let lifetimes: Vec<Duration> = (0..50)
            .map(|_| Age::zero(Some(longest)))
            .filter_map(|age| Some(age.expires? - age.made))
            .collect();
        let (least, most) = (lifetimes.iter().min(), lifetimes.iter().max());
        assert!(least >= Some(&(longest * 4 / 5)), "{least:?}");
        assert!(most <= Some(&longest), "{most:?}");
        assert!(least < most);
        assert_eq!(Age::zero(Some(Duration::MAX)).expires, None);
    }

    #[test]
    fn a_loss_makes_older_connections_be_tested_and_silence_retires_them() {
        let incidents = Incidents::default();
        let age = made_before(&incidents, |_| {});
        assert_eq!(incidents.condition(&age), Condition::Usable);
        let mut age = made_before(&incidents, Incidents::lost);
        assert_eq!(incidents.condition(&age), Condition::Unknown);
        age.used();
        assert_eq!(incidents.condition(&age), Condition::Usable);
        incidents.silent(Instant::now());
        assert_eq!(incidents.condition(&age), Condition::Retired);
    }

    #[test]
    fn a_refused_write_retires_older_connections_for_writes_and_a_writable_one_for_reads() {
        let incidents = Incidents::default();
        let refused = refused_as_read_only();
        let old = made_before(&incidents, |incidents| {
            incidents.failed(Access::Read, &refused);
        });
        assert!(!incidents.awaits_writable());
        incidents.failed(Access::Write, &refused);
        assert!(incidents.awaits_writable());
        assert_eq!(incidents.condition(&old), Condition::Usable);
        assert_eq!(incidents.condition_to_write(&old, true), Condition::Retired);
        let new = Age::zero(None);
        incidents.writable(&new);
        assert!(!incidents.awaits_writable());
        assert_eq!(incidents.condition(&old), Condition::Retired);
        assert_eq!(incidents.condition(&new), Condition::Usable);
        assert_eq!(incidents.condition_to_write(&new, true), Condition::Usable);
    }
}
