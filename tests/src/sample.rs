//! Rows of any record of the domain.

use catamaran::Filter;
use catamaran::domain::Table;
use catamaran::record::Stored;
use chrono::{Days, NaiveDate};
use entity::domain::{DEVICES, HABIT_ENTRIES, HABITS, REMINDERS};
use entity::{
    Device, DeviceDraft, DevicePatch, Entry, EntryDraft, EntryPatch, Habit, HabitDraft, HabitPatch,
    Reminder, ReminderDraft, ReminderPatch,
};
use uuid::Uuid;

use crate::users::NOBODY;

/// The `nth` day of 2026, the first being 0.
pub fn day(nth: u32) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date");
    first + Days::new(nth.into())
}

/// A record, and how a suite makes and changes its rows without knowing which it is.
pub trait Sample: Stored {
    /// Whether its rows belong to a habit.
    const IS_CHILD: bool;

    /// The tables of its domain whose rows have owners.
    const TABLES: &'static [Table];

    /// Whether several owners may have rows with the same id.
    const OWNER_IN_KEY: bool = Self::MANAGED.key.len() > Self::MANAGED.id.len();

    /// The draft of a row of that habit, or of that owner if it belongs to none; rows with different numbers share no key.
    fn draft(parent: Uuid, nth: u32) -> Self::Draft;

    /// The draft with an id of the caller's own.
    fn with_id(draft: Self::Draft, id: Self::Id) -> Self::Draft;

    /// An id without a row.
    fn nobody() -> Self::Id;

    /// A patch that changes each row that [`draft`](Self::draft) makes.
    fn patch() -> Self::Patch;

    /// A patch that changes nothing.
    fn empty_patch() -> Self::Patch;

    /// The row with other contents.
    #[must_use]
    fn altered(self) -> Self;

    /// The row with another owner.
    #[must_use]
    fn given_to(self, owner: Uuid) -> Self;

    /// The filter by id.
    fn has_id(id: Self::Id) -> Filter<Self>;

    /// The filter by owner.
    fn is_of(owner: Uuid) -> Filter<Self>;
}

macro_rules! sample {
    ($record:ident, $draft:ident, $patch:ident, $is_child:literal, $field:ident = $value:expr, $make:expr) => {
        impl Sample for $record {
            const IS_CHILD: bool = $is_child;
            const TABLES: &'static [Table] = &[HABITS, HABIT_ENTRIES, REMINDERS, DEVICES];

            fn draft(habit: Uuid, nth: u32) -> $draft {
                let make: fn(Uuid, u32) -> $draft = $make;
                make(habit, nth)
            }

            fn with_id(draft: $draft, id: Uuid) -> $draft {
                draft.id(id)
            }

            fn nobody() -> Uuid {
                NOBODY
            }

            fn patch() -> $patch {
                $patch::new().$field($value)
            }

            fn empty_patch() -> $patch {
                $patch::new()
            }

            fn altered(mut self) -> Self {
                self.$field = $value.into();
                self
            }

            fn given_to(mut self, owner: Uuid) -> Self {
                self.user_id = owner;
                self
            }

            fn has_id(id: Uuid) -> Filter<Self> {
                $record::ID.eq(id)
            }

            fn is_of(owner: Uuid) -> Filter<Self> {
                $record::USER_ID.eq(owner)
            }
        }
    };
}

sample!(
    Habit,
    HabitDraft,
    HabitPatch,
    false,
    name = "stolen",
    |_, nth| HabitDraft::new(format!("habit {nth}"), "daily")
);
sample!(
    Entry,
    EntryDraft,
    EntryPatch,
    true,
    source = "stolen",
    |habit, nth| EntryDraft::new(habit, day(nth))
);
sample!(
    Reminder,
    ReminderDraft,
    ReminderPatch,
    true,
    timezone = "stolen",
    |habit, nth| ReminderDraft::new(habit, format!("07:{nth:02}"), 127, "Europe/Berlin")
);
sample!(
    Device,
    DeviceDraft,
    DevicePatch,
    false,
    platform = "stolen",
    |_, nth| DeviceDraft::new(format!("linux {nth}"))
);
