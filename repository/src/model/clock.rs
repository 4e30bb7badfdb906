//! The time and new ids. Both are injected, so that tests can replace them.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// The source of the current time.
///
/// Both engines store the years 1 to 9999. At any other time each call that would write the time fails with
/// [`InvalidValue`](crate::ErrorKind::InvalidValue) of the field `clock`, before it sends a statement:
///
/// - an insert or an upsert of at least one row, if its record has a `created` or an `updated` column, whatever is stored;
/// - an update, a restore, and a patch that sets a column, if its record has an `updated` column, whatever is stored;
/// - a soft delete, whatever is stored;
/// - a unit with an idempotency key, and the question whether it was done.
///
/// Every other call succeeds: reads, locks, purges, permanent deletes, writes of a record without these columns, and calls
/// with no row or an empty patch.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time. The store truncates it to microseconds, the precision of both engines.
    fn now(&self) -> DateTime<Utc>;
}

/// The system clock. The default of a store.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the only wrapper of the global clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// The source of ids for drafts without one.
pub trait IdSource: Send + Sync + 'static {
    /// Returns an id that was never returned before.
    fn next_id(&self) -> Uuid;
}

/// UUID version 7 (RFC 9562, section 5.7), ordered by the millisecond of creation. The default of a store.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidV7;

impl IdSource for UuidV7 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the only wrapper of the global id source"
    )]
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// Truncates to microseconds towards the past, and folds a leap second into the second before it.
pub(crate) fn to_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    use chrono::Timelike;
    let folded = if at.nanosecond() >= 1_000_000_000 {
        // chrono writes a leap second as :59 with a second or more of nanoseconds. 999_999_999 is always valid.
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
    fn times_are_truncated_to_microseconds_towards_the_past_before_and_after_the_epoch() {
        for (given, truncated) in [
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
            assert_eq!(
                to_microseconds(instant(given)),
                instant(truncated),
                "{given}"
            );
        }
    }
}
