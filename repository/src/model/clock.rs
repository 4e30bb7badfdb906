//! The two sources of the outside world: the time and new ids. Both are injected.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present instant. The store truncates it to microseconds, the finest that both engines keep.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that wraps the global clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Makes ids for drafts that bring none.
pub trait IdSource: Send + Sync + 'static {
    /// An id that was never handed out before.
    fn next_id(&self) -> Uuid;
}

/// UUID version 7 (RFC 9562, section 5.7): ordered by the millisecond of their making.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidV7;

impl IdSource for UuidV7 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that wraps the global id source"
    )]
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The instant as both engines keep it: towards the past, to the microsecond, leap seconds folded.
pub(crate) fn to_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    use chrono::Timelike;
    let folded = if at.nanosecond() >= 1_000_000_000 {
        // A leap second is :59 with more than a second of nanoseconds; 999_999_999 is in range.
        at.with_nanosecond(999_999_999).unwrap_or(at)
    } else {
        at
    };
    folded.trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect("a literal instant")
    }

    #[test]
    fn nanoseconds_are_cut_towards_the_past_on_both_sides_of_the_epoch() {
        for (given, kept) in [
            (
                "2026-01-02T03:04:05.678901999Z",
                "2026-01-02T03:04:05.678901Z",
            ),
            (
                "1999-12-31T23:59:59.999999999Z",
                "1999-12-31T23:59:59.999999Z",
            ),
            (
                "1969-12-31T23:59:59.999999999Z",
                "1969-12-31T23:59:59.999999Z",
            ),
            ("2016-12-31T23:59:60.500Z", "2016-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(to_microseconds(instant(given)), instant(kept), "{given}");
        }
    }
}
